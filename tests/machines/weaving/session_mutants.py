"""What guards a session, one guard missing at a time."""

import pytest

from idp.delivery import service as delivery
from idp.store import session_changes, users
from tests.machines.weaving.mutant import Apply, Mutant, pair, rewritten, single
from tests.machines.weaving.stage import Stage

_POSTGRESQL = ("postgresql",)
_STOPPED = r"sessions\.challenged_at IS NULL"
_ENDED = r"sessions\.ended_at IS NULL"
_JUDGE = r"UPDATE sessions SET device_id=\S+ idle_seconds"
_PROVE = r"UPDATE sessions SET secret_hash"
_USE = r"UPDATE sessions SET last_seen_at"
_TIMEOUT = r'WITH "?some"? AS.*SET ended_at=sessions'
_OPEN = r"(WITH .*)?INSERT INTO grants"


def _anything(which: str, condition: str) -> Apply:
    """Let a condition hold whatever is shown."""
    return rewritten(which, condition, "1 = 1")


def _over_what_was_read(stage: Stage, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(session_changes, "_READ", ())
    rewritten(_JUDGE, r"sessions\.secret_hash = (\S+)", r"\1 IS NOT NULL")(stage, patch)


def _same_secret(_: Stage, patch: pytest.MonkeyPatch) -> None:
    usual = session_changes.prove

    def prove(db, session, old, new, *, anew=False):  # type: ignore[no-untyped-def]
        del new
        return usual(db, session, old, old, anew=anew)

    patch.setattr(session_changes, "prove", prove)


def _tell_nobody(_: Stage, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(delivery, "to_clients", lambda *_: None)


SESSION_MUTANTS = (
    Mutant(
        "a code is redeemed in a challenged session",
        _anything(r"(WITH .*)?UPDATE grants SET .*code_redeemed_at=", _STOPPED),
        pair("first exchange", "challenge"),
    ),
    Mutant(
        "a challenged session is refreshed out of",
        _anything(r"(WITH .*)?UPDATE grants SET .*retries=", _STOPPED),
        pair("refresh", "challenge"),
    ),
    Mutant(
        "an access token does not ask whether its session is challenged",
        _anything(r"SELECT grants.*users", _STOPPED),
        single("challenge"),
    ),
    Mutant(
        "a grant is opened in a challenged session",
        _anything(_OPEN, _STOPPED),
        pair("authorize", "challenge"),
    ),
    Mutant(
        "a grant is opened by an old secret",
        rewritten(_OPEN, r"sessions\.secret_hash = (\S+)", r"\1 IS NOT NULL"),
        pair("authorize", "new proof"),
    ),
    Mutant(
        "a grant is opened beside the end of its session",
        rewritten(_OPEN, r"FOR SHARE"),
        pair("authorize again", "kill"),
        _POSTGRESQL,
    ),
    Mutant(
        "a challenge is written over a newer proof",
        _over_what_was_read,
        pair("challenge", "new proof"),
    ),
    Mutant(
        "a challenged session is challenged again",
        _anything(_JUDGE, _STOPPED),
        pair("challenge", "challenge"),
    ),
    Mutant(
        "an ended session is challenged",
        _anything(_JUDGE, _ENDED),
        pair("challenge", "kill"),
    ),
    Mutant(
        "a step answers a challenge",
        _anything(_PROVE, _STOPPED),
        pair("challenge", "step up"),
    ),
    Mutant(
        "two proofs replace one secret",
        rewritten(_PROVE, r"sessions\.secret_hash = (\S+)", r"\1 IS NOT NULL"),
        pair("new proof", "new proof"),
    ),
    Mutant("a proof leaves the secret as it was", _same_secret, single("new proof")),
    Mutant(
        "an ended session is proved",
        _anything(_PROVE, _ENDED),
        pair("new proof", "kill"),
    ),
    Mutant(
        "what ended is used",
        _anything(_USE, _ENDED),
        pair("authorize", "idle timeout"),
    ),
    Mutant(
        "a job ends what ended",
        _anything(_TIMEOUT, _ENDED),
        pair("idle timeout", "kill"),
    ),
    Mutant(
        "a job ends what is in use",
        rewritten(_TIMEOUT, r"sessions\.idle_until <= (\S+)", r"\1 IS NOT NULL"),
        pair("refresh", "idle timeout"),
    ),
    Mutant(
        "a job ends what was used while it looked",
        rewritten(_TIMEOUT, r"FOR NO KEY UPDATE SKIP LOCKED"),
        pair("refresh", "idle timeout"),
        _POSTGRESQL,
    ),
    Mutant(
        "two make room for themselves at once",
        lambda _, patch: patch.setattr(users, "hold", lambda *_: None),
        pair("sign in elsewhere", "sign in elsewhere"),
    ),
    Mutant("nobody is told of an end", _tell_nobody, single("kill")),
)
