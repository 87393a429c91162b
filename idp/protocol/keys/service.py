"""Make, read, rotate and retire signing keys (OIDC Core §10.1.1)."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from idp.audit import record
from idp.audit.upkeep_events import KeyActivated, KeyMade, KeyRemoved, KeyRetired
from idp.context import RequestContext
from idp.kernel.encoding import json_bytes
from idp.kernel.errors import IdpError, Unavailable
from idp.kernel.jose import SIGNING_ALGORITHMS, SigningKey, generate, import_key
from idp.kernel.secrets import MasterKey, new_id
from idp.protocol.keys.keyring import Keyring, Keys
from idp.store import signing_keys
from idp.store.signing_keys import KeyRow

CLOCK_SKEW = timedelta(minutes=2)


class TooEarly(IdpError):
    """The next key is not yet known everywhere, so it must not sign."""

    public = "The next key was published a moment ago; not every node and client knows it yet."

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"wait {wait.total_seconds():.0f} s")
        self.wait = wait


class AnotherRotation(IdpError):
    """Two rotations met; this one does nothing."""

    public = "Another rotation was faster."
    status = 409


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did for one algorithm."""

    algorithm: str
    retired: str | None
    active: str
    next: str


def keyring(ctx: RequestContext) -> Keyring:
    """Return this process's keyring, read anew when the reading is old."""
    ring = ctx.house.get(Keyring)
    if ring.stale(ctx.now, ctx.settings.keys_cached_for):
        refresh(ctx, ring)
    return ring


def refresh(ctx: RequestContext, ring: Keyring) -> None:
    """Read the keys from the database; one thread reads while the others go on with the old."""
    first = ring.read_at is None
    if not ring.reading.acquire(blocking=first):
        return
    try:
        if first and ring.read_at is not None:
            return
        try:
            rows = signing_keys.list_published(ctx.db, ctx.now)
        except Unavailable:
            # What is published stays published while the database is away; the next reading is
            # due as soon as the copy would have been stale again.
            if first:
                raise
            ring.read_at = ctx.now
            return
        ring.imported = {row.kid: ring.imported.get(row.kid) or _open(ctx, row) for row in rows}
        active = {row.kid for row in rows if row.state == "active"}
        ring.keys = Keys.of(list(ring.imported.values()), active)
        ring.read_at = ctx.now
    finally:
        ring.reading.release()


def verifier(ctx: RequestContext, kid: object) -> SigningKey | None:
    """Return the key with this kid; one made after the last reading is found too."""
    ring = keyring(ctx)
    found = ring.verifier(kid)
    if found is None and ring.stale(ctx.now, timedelta(seconds=1)):
        refresh(ctx, ring)
        found = ring.verifier(kid)
    return found


def ensure(ctx: RequestContext) -> None:
    """Give every algorithm an active key and a next one."""
    rows = signing_keys.list_published(ctx.db, ctx.now)
    have = {(row.algorithm, row.state) for row in rows}
    for algorithm in SIGNING_ALGORITHMS:
        if (algorithm, "active") not in have:
            _activate(ctx, algorithm, _make(ctx, algorithm))
        if (algorithm, "next") not in have:
            _make(ctx, algorithm)


def rotate(ctx: RequestContext, algorithm: str) -> Rotation:
    """Let the next key sign, publish another next one, retire the active one.

    The retired key stays published until nothing that it may have signed is of use any more (I13).

    Raises:
        TooEarly: the next key is so new that some node or client may not know it yet.
        AnotherRotation: another one was faster.
    """
    rows = signing_keys.list_published(ctx.db, ctx.now)
    waiting = [row for row in rows if (row.algorithm, row.state) == (algorithm, "next")]
    successor = min(waiting, key=lambda row: row.created_at, default=None)
    if successor is not None:
        known_at = successor.created_at + publication_time(ctx)
        if ctx.now < known_at:
            raise TooEarly(known_at - ctx.now)
    kid = successor.kid if successor else _make(ctx, algorithm)
    retired = signing_keys.retire_active(ctx.db, algorithm, ctx.now, _published_until(ctx))
    if retired is not None:
        record(ctx, KeyRetired(kid=retired, algorithm=algorithm))
    _activate(ctx, algorithm, kid)
    return Rotation(algorithm, retired, kid, _make(ctx, algorithm))


def publication_time(ctx: RequestContext) -> timedelta:
    """How long a new key stands in the JWK Set before it may sign: every copy without it is gone.

    A node may serve a copy that is `keys_cached_for` old, and a cache in front may keep that.
    """
    return 2 * ctx.settings.keys_cached_for + ctx.settings.jwks_max_age


def remove_expired(ctx: RequestContext) -> int:
    """Remove retired keys whose last token has expired."""
    removed = signing_keys.remove_unpublished(ctx.db, ctx.now)
    for kid, algorithm in removed:
        record(ctx, KeyRemoved(kid=kid, algorithm=algorithm))
    return len(removed)


def _published_until(ctx: RequestContext) -> datetime:
    settings = ctx.settings
    # As a hint, an ID token serves for as long as its session (OIDC Core §3.1.2.1).
    longest = max(
        settings.access_token_lifetime, settings.id_token_lifetime, settings.session_absolute
    )
    return ctx.now + longest + publication_time(ctx) + CLOCK_SKEW


def _make(ctx: RequestContext, algorithm: str) -> str:
    kid = new_id()
    sealed = ctx.house.get(MasterKey).seal(json_bytes(generate(algorithm)), _sealed_as(kid))
    row = KeyRow(
        kid=kid, algorithm=algorithm, state="next", private_sealed=sealed, created_at=ctx.now
    )
    signing_keys.add(ctx.db, row)
    record(ctx, KeyMade(kid=kid, algorithm=algorithm))
    return kid


def _activate(ctx: RequestContext, algorithm: str, kid: str) -> None:
    try:
        won = signing_keys.activate(ctx.db, kid, ctx.now)
    except IntegrityError as error:  # one key per algorithm signs, and another one does by now
        raise AnotherRotation from error
    if not won:
        raise AnotherRotation
    record(ctx, KeyActivated(kid=kid, algorithm=algorithm))


def _open(ctx: RequestContext, row: KeyRow) -> SigningKey:
    clear = ctx.house.get(MasterKey).open(row.private_sealed, _sealed_as(row.kid))
    return SigningKey(row.kid, row.algorithm, import_key(row.algorithm, json.loads(clear)))


def _sealed_as(kid: str) -> str:
    return f"signing_key:{kid}"
