"""The requests that are cut off at every boundary, and what an honest client may expect then.

A case prepares one request, is told whether its changes lasted, and goes on as the client would.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import select, update

from idp.sessions import service as session_service
from idp.store.schema import grants, revoked_tokens, sessions
from tests.app import PASSWORD, Provider, RelyingParty, claims_of, fields_of
from tests.machines.burst import cookies_of, get, post
from tests.machines.havoc.requests import (
    COOKIE,
    DEVICE_COOKIE,
    KeyHolder,
    authorization,
    code_in,
    redemption,
    refreshing,
    revocation,
    userinfo,
)
from tests.machines.havoc.warmed import Served
from tests.machines.installation import provider_over, relying_party

_KINDS = ("authorization_code", "refresh_token")


@dataclass
class Bench:
    """What all cases stand on: a user, a client of the house, and the provider beside."""

    provider: Provider
    rp: RelyingParty
    bound: KeyHolder
    user_id: str

    def session(self) -> tuple[str, str]:
        """Open a session; return its sid and its cookie."""
        with self.provider.context() as ctx:
            opened = session_service.open_session(ctx, self.user_id, ("pwd",), None)
        return opened.session.sid, f"{COOKIE}={opened.secret}"

    def row(self, table, key, value):
        """Return one row as it stands."""
        with self.provider.context() as ctx:
            return ctx.db.read(select(table).where(key == value)).one()


@contextmanager
def bench_over(database_url: str, folder: Path) -> Iterator[Bench]:
    """Give a bench over a migrated database."""
    with provider_over(database_url, folder) as provider:
        user = provider.add_user()
        known = {"first_party": True, "grant_types": _KINDS}
        bound = provider.add_client(**known, token_endpoint_auth_method="none")
        holder = KeyHolder(provider, bound, provider.browser())
        yield Bench(provider, relying_party(provider, **known), holder, user.id)


class Case(ABC):
    """One request under test; a fresh one for each death."""

    def __init__(self, bench: Bench, server: Served) -> None:
        self.bench, self.server = bench, server
        self.sid, self.cookie = bench.session()

    @property
    def rp(self) -> RelyingParty:
        """The client that asks."""
        return self.bench.rp

    def code(self, server: Served) -> str:
        """Get a code out of the session, as a browser that is signed in does."""
        code = code_in(server.send(authorization(self.rp, self.cookie)))
        assert code, "the session gives no code any more"
        return code

    @property
    @abstractmethod
    def request(self) -> bytes:
        """The request that is cut off."""

    @abstractmethod
    def lasted(self) -> bool:
        """Tell whether the change is there."""

    @abstractmethod
    def go_on(self, server: Served, *, lasted: bool) -> None:
        """Do what the client does next, and see that nothing stands in its way."""


class Exchange(Case):
    """POST /token with a code."""

    def __init__(self, bench: Bench, server: Served) -> None:
        super().__init__(bench, server)
        self._code = self.code(server)

    @property
    def request(self) -> bytes:
        return redemption(self.rp, self._code)

    def lasted(self) -> bool:
        row = self.bench.row(grants, grants.c.sid, self.sid)
        assert row.ended_at is None
        return row.code_redeemed_at is not None

    def go_on(self, server: Served, *, lasted: bool) -> None:
        again = server.send(self.request)
        if lasted:
            # A code is good for one answer, and that one is lost: its grant is void (I1), and the
            # session gives the next code without a question.
            assert (again.status, again.json()["error"]) == (400, "invalid_grant")
            again = server.send(redemption(self.rp, self.code(server)))
        assert again.status == 200
        assert server.send(userinfo(self.rp, again.json()["access_token"])).status == 200


class Refresh(Case):
    """POST /token with a refresh token, which counts as activity of its session."""

    def __init__(self, bench: Bench, server: Served) -> None:
        super().__init__(bench, server)
        tokens = server.send(redemption(self.rp, self.code(server))).json()
        self._token, self._access = tokens["refresh_token"], tokens["access_token"]
        with bench.provider.context() as ctx:
            mine = update(sessions).where(sessions.c.sid == self.sid)
            ctx.db.write(mine.values(last_seen_at=ctx.now - timedelta(minutes=30)))

    @property
    def request(self) -> bytes:
        return refreshing(self.rp, self._token)

    def lasted(self) -> bool:
        row = self.bench.row(grants, grants.c.sid, self.sid)
        assert (row.ended_at, row.retries) == (None, 0)
        return row.generation == 2

    def go_on(self, server: Served, *, lasted: bool) -> None:
        answers = [server.send(self.request) for _ in range(2)]
        assert [answer.status for answer in answers] == [200, 200]
        (successor,) = {answer.json()["refresh_token"] for answer in answers}
        assert self.bench.row(grants, grants.c.sid, self.sid).retries == 1 + lasted
        onward = server.send(refreshing(self.rp, successor))
        assert onward.status == 200
        assert server.send(userinfo(self.rp, onward.json()["access_token"])).status == 200
        assert server.send(userinfo(self.rp, self._access)).status == 200


class BoundExchange(Exchange):
    """The same by a client that proves a key, anew for each request."""

    @property
    def rp(self) -> RelyingParty:
        return self.bench.bound


class BoundRefresh(Refresh):
    """The same by a client that proves a key: its retries are welcome as well (RFC 9449 §5)."""

    @property
    def rp(self) -> RelyingParty:
        return self.bench.bound


class Revocation(Case):
    """POST /revoke with a refresh token."""

    def __init__(self, bench: Bench, server: Served) -> None:
        super().__init__(bench, server)
        tokens = server.send(redemption(self.rp, self.code(server))).json()
        self._token, self._access = tokens["refresh_token"], tokens["access_token"]

    @property
    def request(self) -> bytes:
        return revocation(self.rp, self._token)

    def lasted(self) -> bool:
        return self.bench.row(grants, grants.c.sid, self.sid).ended_at is not None

    def go_on(self, server: Served, *, lasted: bool) -> None:
        assert server.send(userinfo(self.rp, self._access)).status == (401 if lasted else 200)
        assert server.send(self.request).status == 200
        assert server.send(userinfo(self.rp, self._access)).status == 401
        assert server.send(refreshing(self.rp, self._token)).status == 400
        assert self.code(server)


class AccessTokenRevocation(Revocation):
    """POST /revoke with an access token, which goes alone."""

    @property
    def request(self) -> bytes:
        return revocation(self.rp, self._access)

    def lasted(self) -> bool:
        assert self.bench.row(grants, grants.c.sid, self.sid).ended_at is None
        with self.bench.provider.context() as ctx:
            jti = claims_of(self._access)["jti"]
            mine = select(revoked_tokens.c.jti).where(revoked_tokens.c.jti == jti)
            return ctx.db.read(mine).first() is not None

    def go_on(self, server: Served, *, lasted: bool) -> None:
        assert server.send(userinfo(self.rp, self._access)).status == (401 if lasted else 200)
        assert server.send(self.request).status == 200
        assert server.send(userinfo(self.rp, self._access)).status == 401
        assert server.send(refreshing(self.rp, self._token)).status == 200


class SignIn(Case):
    """POST /login with the right password."""

    def __init__(self, bench: Bench, server: Served) -> None:
        super().__init__(bench, server)
        browser = bench.provider.browser()
        page = RelyingParty(bench.provider, bench.rp.registered, browser).authorize()
        self._form = {
            **fields_of(page),
            "identifier": "ada",
            "password": PASSWORD,
            "action": "sign_in",
        }
        self._cookies = cookies_of(browser)
        self._before = self._count()

    @property
    def request(self) -> bytes:
        return post("/login", self._form, cookies=self._cookies)

    def lasted(self) -> bool:
        return self._count() > self._before

    def go_on(self, server: Served, *, lasted: bool) -> None:
        again = server.send(self.request)
        assert again.status == 303
        cookie = "; ".join(f"{name}={again.cookie(name)}" for name in (COOKIE, DEVICE_COOKIE))
        assert code_in(server.send(authorization(self.rp, cookie)))
        assert self._count() == self._before + 1 + lasted

    def _count(self) -> int:
        with self.bench.provider.context() as ctx:
            mine = select(sessions.c.sid).where(sessions.c.user_id == self.bench.user_id)
            return len(ctx.db.read(mine).all())


class Logout(Case):
    """GET /logout with the ID token of the session."""

    def __init__(self, bench: Bench, server: Served) -> None:
        super().__init__(bench, server)
        self._tokens = server.send(redemption(self.rp, self.code(server))).json()
        self._onward = refreshing(self.rp, self._tokens["refresh_token"])
        self._spare = self.code(server)
        assert claims_of(self._tokens["id_token"])["sid"] == self.sid

    @property
    def request(self) -> bytes:
        query = urlencode({"id_token_hint": self._tokens["id_token"]})
        return get(f"/logout?{query}", cookies=self.cookie)

    def lasted(self) -> bool:
        return self.bench.row(sessions, sessions.c.sid, self.sid).ended_at is not None

    def go_on(self, server: Served, *, lasted: bool) -> None:
        bearer = userinfo(self.rp, self._tokens["access_token"])
        assert server.send(bearer).status == (401 if lasted else 200)
        assert server.send(self.request).status in (200, 303)
        assert server.send(bearer).status == 401
        assert server.send(self._onward).status == 400
        assert server.send(redemption(self.rp, self._spare)).status == 400
        assert not code_in(server.send(authorization(self.rp, self.cookie)))


CASES: tuple[type[Case], ...] = (
    Exchange,
    BoundExchange,
    Refresh,
    BoundRefresh,
    Revocation,
    AccessTokenRevocation,
    Logout,
    SignIn,
)
