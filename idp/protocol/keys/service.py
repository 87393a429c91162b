"""Make, read, rotate and retire signing keys (OIDC Core §10.1.1)."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from idp.audit import record
from idp.audit.upkeep_events import KeyActivated, KeyMade, KeyRemoved, KeyRetired
from idp.context import RequestContext
from idp.judgement.policies import Policies
from idp.kernel.encoding import json_bytes
from idp.kernel.errors import IdpError, Unavailable
from idp.kernel.jose import SIGNING_ALGORITHMS, SigningKey, generate, import_key
from idp.kernel.secrets import MasterKey, new_id
from idp.policy.extent import longest
from idp.protocol.keys.keyring import Keyring, Keys
from idp.store import signing_keys
from idp.store.signing_keys import KeyRow

CLOCK_SKEW = timedelta(minutes=2)
PAUSE = timedelta(seconds=1)


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
    """Return this process's keyring, its reading younger than `keys_cached_for`.

    From half that age on one thread reads while the others go on. Past it all wait for the new
    reading: a key that was revoked must not serve in the old one.

    Raises:
        Unavailable: the reading is too old and the database does not answer.
    """
    ring = ctx.house.get(Keyring)
    longest = ctx.settings.keys_cached_for
    if ring.stale(ctx.now, longest):
        refresh(ctx, ring, wait=True)
    elif ring.stale(ctx.now, longest / 2) and not _failed_just_now(ctx, ring):
        try:
            refresh(ctx, ring, wait=False)
        except Unavailable:  # what was read is good for a while yet
            return ring
    return ring


def publishing(ctx: RequestContext) -> Keyring:
    """Return the keyring for the JWK Set: while the database is away, what was read stays there.

    Raises:
        Unavailable: the keys were never read.
    """
    ring = ctx.house.get(Keyring)
    if ring.read_at is None:
        return keyring(ctx)
    if not _failed_just_now(ctx, ring):
        try:
            if ring.failed_at is None:
                return keyring(ctx)
            refresh(ctx, ring, wait=False)
        except Unavailable:
            return ring
    return ring


def refresh(ctx: RequestContext, ring: Keyring, *, wait: bool) -> None:
    """Read the keys from the database; who waits for another thread's reading takes that one.

    Raises:
        Unavailable: the database does not answer.
    """
    seen = ring.attempts
    if not ring.reading.acquire(blocking=wait):
        return
    try:
        if ring.attempts != seen:
            if ring.failed_at is not None:
                raise Unavailable("the keys could not be read a moment ago")
            if not ring.stale(ctx.now, ctx.settings.keys_cached_for):
                return
        try:
            rows = signing_keys.list_published(ctx.db, ctx.now)
        except Unavailable:
            ring.failed_at = ctx.now
            raise
        finally:
            ring.attempts += 1
        # A newer release may sign by algorithms that this one has never heard of.
        known = [row for row in rows if row.algorithm in SIGNING_ALGORITHMS]
        ring.imported = {row.kid: ring.imported.get(row.kid) or _open(ctx, row) for row in known}
        active = {row.kid for row in known if row.state == "active"}
        ring.keys = Keys.of(list(ring.imported.values()), active)
        ring.read_at, ring.failed_at = ctx.now, None
    finally:
        ring.reading.release()


def verifier(ctx: RequestContext, kid: object) -> SigningKey | None:
    """Return the key with this kid; one made after the last reading is found too.

    Raises:
        Unavailable: it is not known here, and the database does not answer.
    """
    ring = keyring(ctx)
    found = ring.verifier(kid)
    if found is None and ring.stale(ctx.now, PAUSE):
        refresh(ctx, ring, wait=True)
        found = ring.verifier(kid)
    return found


def ensure(ctx: RequestContext) -> None:
    """Give every algorithm an active key and a next one."""
    if not _missing(ctx):
        return
    signing_keys.lock(ctx.db)
    for algorithm, state in _missing(ctx):
        if state == "active":
            activate(ctx, algorithm, succeed(ctx, algorithm))
    for algorithm, _ in _missing(ctx):
        add(ctx, make(ctx, algorithm))


def _missing(ctx: RequestContext) -> list[tuple[str, str]]:
    rows = signing_keys.list_published(ctx.db, ctx.now)
    have = {(row.algorithm, row.state) for row in rows}
    wanted = [(name, state) for name in SIGNING_ALGORITHMS for state in ("active", "next")]
    return [each for each in wanted if each not in have]


def succeed(ctx: RequestContext, algorithm: str) -> str:
    """Return the kid of the next key; it is made where there is none."""
    waiting = next_of(signing_keys.list_published(ctx.db, ctx.now), algorithm)
    return waiting.kid if waiting is not None else add(ctx, make(ctx, algorithm))


def rotate(ctx: RequestContext, algorithm: str, *, instead_of: str | None = None) -> Rotation:
    """Let the next key sign, publish another next one, retire the active one.

    The retired key stays published until nothing that it may have signed is of use any more (I13).
    With `instead_of`, that key must be the active one still.

    Raises:
        TooEarly: the next key is so new that some node or client may not know it yet.
        AnotherRotation: another one was faster.
    """
    fresh = make(ctx, algorithm)
    signing_keys.lock(ctx.db)
    rows = signing_keys.list_published(ctx.db, ctx.now)
    active = {row.kid for row in rows if (row.algorithm, row.state) == (algorithm, "active")}
    successor = next_of(rows, algorithm)
    if successor is None or (instead_of is not None and instead_of not in active):
        raise AnotherRotation
    known_at = successor.created_at + publication_time(ctx)
    if ctx.now < known_at:
        raise TooEarly(known_at - ctx.now)
    retired = signing_keys.retire_active(ctx.db, algorithm, ctx.now, _published_until(ctx))
    if retired is not None:
        record(ctx, KeyRetired(kid=retired, algorithm=algorithm))
    activate(ctx, algorithm, successor.kid)
    return Rotation(algorithm, retired, successor.kid, add(ctx, fresh))


def next_of(rows: list[KeyRow], algorithm: str) -> KeyRow | None:
    """Return the key of an algorithm that signs after the active one: the oldest that waits."""
    waiting = [row for row in rows if (row.algorithm, row.state) == (algorithm, "next")]
    return min(waiting, key=lambda row: row.created_at, default=None)


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


def make(ctx: RequestContext, algorithm: str) -> KeyRow:
    """Return a new key, not yet kept: that takes long, so it is done before a lock is held."""
    kid = new_id()
    sealed = ctx.house.get(MasterKey).seal(json_bytes(generate(algorithm)), _sealed_as(kid))
    return KeyRow(
        kid=kid, algorithm=algorithm, state="next", private_sealed=sealed, created_at=ctx.now
    )


def add(ctx: RequestContext, row: KeyRow) -> str:
    """Publish a key that will sign later; return its kid."""
    signing_keys.add(ctx.db, row)
    record(ctx, KeyMade(kid=row.kid, algorithm=row.algorithm))
    return row.kid


def activate(ctx: RequestContext, algorithm: str, kid: str) -> None:
    """Let a next key sign.

    Raises:
        AnotherRotation: another key of this algorithm does so by now.
    """
    try:
        won = signing_keys.activate(ctx.db, kid, ctx.now)
    except IntegrityError as error:  # one key per algorithm signs
        raise AnotherRotation from error
    if not won:
        raise AnotherRotation
    record(ctx, KeyActivated(kid=kid, algorithm=algorithm))


def _failed_just_now(ctx: RequestContext, ring: Keyring) -> bool:
    return ring.failed_at is not None and timedelta(0) <= ctx.now - ring.failed_at < PAUSE


def _published_until(ctx: RequestContext) -> datetime:
    settings = ctx.settings
    # As a hint, an ID token serves for as long as its session (OIDC Core §3.1.2.1).
    session = longest(ctx.house.get(Policies).current(ctx.now), "absolute")
    of_use = max(settings.access_token_longest, settings.id_token_lifetime, session)
    return ctx.now + of_use + publication_time(ctx) + CLOCK_SKEW


def _open(ctx: RequestContext, row: KeyRow) -> SigningKey:
    clear = ctx.house.get(MasterKey).open(row.private_sealed, _sealed_as(row.kid))
    return SigningKey(row.kid, row.algorithm, import_key(row.algorithm, json.loads(clear)))


def _sealed_as(kid: str) -> str:
    return f"signing_key:{kid}"
