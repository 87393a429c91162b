"""A scene that was walked to through the front door once, and copies of it.

A copy has the model's rows under ids of its own, moved to its own instant, and tokens that say of
the copy what the model's say of the model. That is one transaction instead of twenty requests.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, insert, select, update

from idp.context import Origin, RequestContext
from idp.judgement.policies import Policies
from idp.kernel.secrets import MasterKey, digest, new_id, new_secret
from idp.protocol.clients import registry
from idp.protocol.clients.metadata import ClientMetadata
from idp.protocol.clients.service import Registered, create
from idp.protocol.consent import service as consent
from idp.protocol.keys import service as keys
from idp.protocol.tokens import code as codes
from idp.protocol.tokens import refresh as refresh_tokens
from idp.sessions import service as sessions
from idp.sessions.service import OpenSession
from idp.store import users
from idp.store.schema import clients, consents, grants, revoked_tokens
from idp.store.schema import sessions as session_rows
from idp.store.schema import users as user_rows
from idp.store.users import User
from idp.worker.jobs import CLOCKS_DIFFER
from tests.app import CALLBACK, Provider, RelyingParty, claims_of, header_of
from tests.machines.weaving.scene import BROWSER, HOME, Family, Row, Scene

SCOPE = ("openid", "profile")
OFFLINE = (*SCOPE, "offline_access")
_INSTANTS = ("iat", "exp", "auth_time")


def walk(provider: Provider) -> Scene:
    """Return a new user with a live session."""
    with provider.context() as ctx:
        user = User(id=new_id(), username=new_id(), created_at=ctx.now, updated_at=ctx.now)
        users.add(ctx.db, user)
        opened = _opened_at_home(ctx, user.id)
    return Scene(provider, user.id, opened.session.sid, opened.secret)


def _opened_at_home(ctx: RequestContext, user_id: str) -> OpenSession:
    """Open a session by the policy in force, where its browser is from then on."""
    home = replace(ctx, origin=Origin(address=HOME, user_agent=BROWSER))
    opened = sessions.open_session(home, user_id, ("pwd",), None)
    mine = update(session_rows).where(session_rows.c.sid == opened.session.sid)
    version = ctx.house.get(Policies).current(ctx.now).version
    ctx.db.write(mine.values(policy_version=version))
    return opened


def sign_in_again(scene: Scene) -> None:
    """Let the session have been over for long; the user has another one."""
    with scene.provider.context() as ctx:
        sessions.end(ctx, scene.sid, because="test")
        over = ctx.now - timedelta(seconds=1)
        mine = update(session_rows).where(session_rows.c.sid == scene.sid)
        ctx.db.write(mine.values(idle_until=over, absolute_until=over))
        scene.dead["sessions"] = scene.sid
        opened = _opened_at_home(ctx, scene.user_id)
    scene.sid, scene.secret = opened.session.sid, opened.secret


def given_back(scene: Scene, family: Family) -> None:
    """Let a family be over, and its access token have been revoked and expire."""
    jti = str(claims_of(family.access[-1])["jti"])
    for token in (family.access[-1], family.refresh[-1]):
        assert family.party.revoke(token).status_code == 200
    with scene.provider.context() as ctx:
        row = update(revoked_tokens).where(revoked_tokens.c.jti == jti)
        ctx.db.write(row.values(expires_at=ctx.now - CLOCKS_DIFFER))
    scene.dead |= {"grants": family.grant_id, "revoked_tokens": jti}


def listening(number: int) -> dict[str, Any]:
    """Return what a client says that wants to be told of the end of sessions."""
    return {"backchannel_logout_uri": f"https://app{number}.example.test/told"}


def register(scene: Scene, **metadata: Any) -> RelyingParty:
    """Return a client that the user agreed to, with the user's browser."""
    traits: dict[str, Any] = {
        "client_name": "Example App",
        "redirect_uris": (CALLBACK,),
        "grant_types": ("authorization_code", "refresh_token"),
        "id_token_signed_response_alg": "ES256",
    }
    with scene.provider.context() as ctx:
        registered = create(ctx, ClientMetadata(**(traits | metadata)))
        client_id = registered.client.client_id
        scope = metadata.get("scope", SCOPE)
        consent.allow(ctx, scene.user_id, client_id, scope=scope, claims=())
    browser = scene.provider.browser()
    browser.environ_base |= {"REMOTE_ADDR": HOME, "HTTP_USER_AGENT": BROWSER}
    name, secret = scene.cookie
    browser.set_cookie(name, secret, domain="id.example.test", secure=True)
    return RelyingParty(scene.provider, registered, browser)


def granted(scene: Scene, party: RelyingParty, name: str, scope: Sequence[str] = SCOPE) -> Family:
    """Let the scene have a grant whose code nobody has redeemed yet."""
    code = party.code(scope=" ".join(scope))
    grant_id = codes.grant_of(scene.provider.house.get(MasterKey), code)
    assert grant_id is not None
    scene.families[name] = Family(party, code, grant_id)
    return scene.families[name]


def redeemed(scene: Scene, party: RelyingParty, name: str, scope: Sequence[str] = SCOPE) -> Family:
    """Let the scene have a grant with its first tokens."""
    family = granted(scene, party, name, scope)
    answer = party.redeem(family.code)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    family.keep(answer.get_json())
    return family


def refreshed(family: Family) -> None:
    """Let a family be one generation older."""
    form = {"grant_type": "refresh_token", "refresh_token": family.refresh[-1]}
    answer = family.party.token(**form)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    family.keep(answer.get_json())


class Model:
    """The rows of a scene, to be copied."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        mine: tuple[tuple[Table, ColumnElement[bool]], ...] = (
            (user_rows, user_rows.c.id == scene.user_id),
            (session_rows, session_rows.c.user_id == scene.user_id),
            (clients, clients.c.client_id.in_(scene.client_ids)),
            (consents, consents.c.user_id == scene.user_id),
            (grants, grants.c.user_id == scene.user_id),
            (revoked_tokens, revoked_tokens.c.jti == scene.dead.get("revoked_tokens")),
        )
        # A copy was walked to a while before it is used.
        scene.provider.clock.forward(seconds=20)
        with scene.provider.context() as ctx:
            self.at = ctx.now
            self.rows = [
                (table, [dict(row) for row in ctx.db.read(select(table).where(which)).mappings()])
                for table, which in mine
            ]

    def copy(self) -> Scene:
        """Return a scene like it, as if it had just been walked to."""
        with self.scene.provider.context() as ctx:
            return _Copy(self, ctx).made()


@dataclass
class _Copy:
    """One copy on its way."""

    model: Model
    ctx: RequestContext

    def __post_init__(self) -> None:
        scene = self.model.scene
        grant_ids = [family.grant_id for family in scene.families.values()]
        self.later: timedelta = self.ctx.now - self.model.at
        self.ids = {old: new_id() for old in (scene.user_id, *scene.client_ids, *grant_ids)}
        self.ids |= {sid: new_id() for sid in (scene.sid, scene.dead["sessions"])}
        self.secret = new_secret(sessions.SECRET_PREFIX)

    def made(self) -> Scene:
        model = self.model.scene
        for table, rows in self.model.rows:
            if rows:
                self.ctx.db.write(insert(table), [self._row(row) for row in rows])  # type: ignore[arg-type]
        scene = Scene(model.provider, self.ids[model.user_id], self.ids[model.sid], self.secret)
        scene.dead = {table: self._id(key) for table, key in model.dead.items()}
        parties: dict[str, RelyingParty] = {}
        for name, family in model.families.items():
            client_id = family.party.client_id
            party = parties.setdefault(client_id, self._party(family.party))
            scene.families[name] = self._family(family, party)
        if model.newcomer is not None:
            scene.newcomer = self._party(model.newcomer)
        return scene

    def _row(self, row: Row) -> Row:
        """Return a row that says the same of the copy."""
        copied = {}
        for name, value in row.items():
            if isinstance(value, datetime):
                copied[name] = value + self.later
            elif isinstance(value, str):
                copied[name] = self._id(value)
            else:
                copied[name] = value
        if "username" in copied:
            copied["username"] = copied["id"]
            copied["username_key"] = users.username_key(copied["id"])
        if "secret_hash" in copied and "sid" in copied:
            copied["secret_hash"] = digest(new_secret(sessions.SECRET_PREFIX))
        if row.get("secret_hash") and row.get("sid") == self.model.scene.sid:
            copied["secret_hash"] = digest(self.secret)
            # Last seen so long ago that whoever uses the session writes that down.
            copied["last_seen_at"] -= timedelta(seconds=copied["idle_seconds"] / 8)
            copied["opened_at"] = copied["last_seen_at"]
        return copied

    def _id(self, value: str) -> str:
        """Return what it is called in the copy; an access token is named after its grant."""
        first, dot, rest = value.partition(".")
        return self.ids[first] + dot + rest if first in self.ids else value

    def _party(self, old: RelyingParty) -> RelyingParty:
        # Every process has a copy of the client: that is when it matters whether it is the newest.
        client = registry.find_newest(self.ctx, self.ids[old.client_id])
        assert client is not None
        registered = Registered(client, old.registered.secret)
        return replace(old, registered=registered)

    def _family(self, old: Family, party: RelyingParty) -> Family:
        master, grant_id = self.ctx.house.get(MasterKey), self.ids[old.grant_id]
        return Family(
            party,
            codes.code_of(master, grant_id),
            grant_id,
            [self._signed(token) for token in old.access],
            [self._refreshing(token) for token in old.refresh],
            self._signed(old.id_token) if old.id_token else "",
        )

    def _refreshing(self, token: str) -> str:
        master = self.ctx.house.get(MasterKey)
        said = refresh_tokens.read(master, token)
        assert said is not None
        return refresh_tokens.refresh_token_of(master, self.ids[said.grant_id], said.generation)

    def _signed(self, token: str) -> str:
        """Return a token that says the same of the copy, signed by the key that signs now."""
        claims = claims_of(token)
        for name, value in claims.items():
            if name in _INSTANTS:
                claims[name] = value + int(self.later.total_seconds())
            elif name == "jti":
                claims[name] = f"{self.ids[value.partition('.')[0]]}.{new_id()}"
            elif isinstance(value, str):
                claims[name] = self.ids.get(value, value)
        ring = keys.keyring(self.ctx)
        header = header_of(token)
        return ring.signer(header["alg"]).sign(claims, header["typ"])


Walk = Callable[[Provider], Scene]
