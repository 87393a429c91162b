"""What the database holds, and what is missing or risky in it."""

from collections.abc import Iterator
from datetime import timedelta

from idp.cli.check.facts import Check, Facts, Finding, Severity, fault, note, warning
from idp.kernel.jose import SIGNING_ALGORITHMS
from idp.settings import SecondFactor

KEY_AGE_AT_MOST = timedelta(days=90)
# The worker looks every minute, and the next key may have to wait.
LATE = timedelta(hours=1)


def reachable(facts: Facts) -> Iterator[Finding]:
    """Without its database the provider answers nothing."""
    if facts.database_fault is not None:
        yield fault(
            facts.database_fault,
            "Nobody can sign in.",
            "Start the database, or correct IDP_DATABASE_URL.",
        )


def schema(facts: Facts) -> Iterator[Finding]:
    """The tables fit the release."""
    if facts.database_fault is None and facts.revision != facts.newest_revision:
        found = f"at schema {facts.revision}" if facts.revision else "without tables"
        yield fault(
            f"The database is {found}; this release needs {facts.newest_revision}.",
            "The provider refuses to serve it.",
            "Run `idp migrate` with the newest release.",
        )


def seal(facts: Facts) -> Iterator[Finding]:
    """This master key is the one that sealed this database."""
    if facts.database is None or facts.database.sealed_by is None:
        return
    if facts.master_key is None and facts.master_key_fault is None:
        yield fault(
            "The master key is gone.",
            "Nothing that it sealed can be opened: signing keys, authenticator apps.",
            f"Put it back as {facts.settings.data_dir / 'master.key'}, from a backup.",
        )
    elif facts.master_key is not None and facts.database.sealed_by != facts.master_key:
        yield fault(
            "Another master key sealed this database.",
            "Nothing that it sealed can be opened: signing keys, authenticator apps.",
            "Give the right IDP_MASTER_KEY, or the right database.",
        )


def signing_keys(facts: Facts) -> Iterator[Finding]:
    """Every algorithm on offer has a key that signs and one that is ready to."""
    if facts.database is None:
        return
    states = {(key.algorithm, key.state) for key in facts.database.keys}
    for algorithm in SIGNING_ALGORITHMS:
        if (algorithm, "active") not in states:
            yield fault(
                f"There is no active {algorithm} key.",
                "Tokens of that algorithm cannot be signed.",
                "Run `idp migrate`, which makes missing keys.",
            )
        if (algorithm, "next") not in states:
            yield warning(
                f"There is no next {algorithm} key.",
                "A rotation would sign with a key that clients have not seen yet.",
                "Run `idp migrate`, which makes missing keys.",
            )


def old_keys(facts: Facts) -> Iterator[Finding]:
    """A key that has signed for a season should not sign for a year."""
    by_hand = not facts.settings.key_rotation
    longest = KEY_AGE_AT_MOST if by_hand else facts.settings.key_rotation + LATE
    for key in facts.database.keys if facts.database else ():
        since = key.activated_at or key.created_at
        if key.state == "active" and facts.now - since > longest:
            rotate = f"`idp key rotate --algorithm {key.algorithm}`"
            yield warning(
                f"The {key.algorithm} key {key.kid} has signed since {since:%Y-%m-%d}"
                + ("." if by_hand else "; its rotation is overdue."),
                "The longer a key signs, the more a leaked copy is worth."
                + ("" if by_hand else " The worker rotates keys, and none seems to be running."),
                f"Run {rotate}; old tokens stay valid."
                if by_hand
                else f"Run `idp worker` (SQLite: `idp serve`), or {rotate}.",
            )


def clients(facts: Facts) -> Iterator[Finding]:
    """Some clients are trusted with more than others, or have less to prove themselves with."""
    for client in facts.database.clients if facts.database else ():
        name = f"Client {client.client_id} ({client.metadata.client_name})"
        plain = [uri for uri in client.metadata.redirect_uris if uri.startswith("http://")]
        if client.public:
            yield note(
                f"{name} is public.",
                "Whoever knows its id can pretend to be it; PKCE and the redirect URI protect it.",
                "Nothing, if it runs on people's own devices.",
            )
        if plain:
            severity = Severity.NOTE if client.public else Severity.WARNING
            yield Finding(
                severity,
                f"{name} has redirect URIs without TLS: {', '.join(plain)}.",
                "Any program on the person's machine may listen there (RFC 8252 §8.3).",
                "Fine for a native application and while developing; otherwise use https.",
            )
        if client.metadata.first_party:
            yield note(
                f"{name} is first-party.",
                "People are not asked before it gets their data.",
                "Nothing, if it is your own.",
            )


def users(facts: Facts) -> Iterator[Finding]:
    """A password alone is what attackers collect."""
    if facts.database is None or facts.database.users_without_second_factor == 0:
        return
    count, total = facts.database.users_without_second_factor, facts.database.users
    off = facts.settings.second_factor is SecondFactor.OFF
    required = facts.settings.second_factor is SecondFactor.REQUIRED
    yield (warning if off else note)(
        f"Users without a second factor: {count} of {total}.",
        "They must set one up at the next sign-in." if required else "A leaked password is enough.",
        "Nothing." if required else "Set IDP_SECOND_FACTOR to `required` to ask for one.",
    )


CHECKS: tuple[Check, ...] = (
    reachable,
    schema,
    seal,
    signing_keys,
    old_keys,
    clients,
    users,
)
