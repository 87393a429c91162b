"""Two people at two applications in two browsers each, and a client of the operators."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from idp.admin.caller import SCOPE
from tests.app import ISSUER, Provider, RelyingParty, claims_of
from tests.protocol.parties import party

BOTH = ("authorization_code", "refresh_token", "client_credentials")
SCOPES = ("openid", "email", "offline_access", "api", SCOPE)
MACHINE: dict[str, Any] = {
    "grant_types": ("client_credentials",),
    "redirect_uris": (),
    "scope": (SCOPE, "api"),
}
PEOPLE, APPS = ("ada", "grace"), ("shop", "wiki")
REVOCATIONS, GLOBAL = "/admin/revocations", "/global-token-revocation"
REASON = "a laptop was stolen"


@dataclass
class Admin:
    """A client that may take tokens back."""

    provider: Provider
    rp: RelyingParty
    token: str

    def post(self, body: Any, path: str = REVOCATIONS, **headers: str) -> TestResponse:
        client = self.provider.app.test_client()
        sent = {"Authorization": f"Bearer {self.token}"} | headers
        return client.post(path, json=body, headers=sent, base_url=ISSUER)

    def revoke(self, **selector: Any) -> dict[str, Any]:
        response = self.post({"reason": REASON} | selector)
        assert response.status_code == 200, response.get_data(as_text=True)
        return dict(response.get_json())


def own_token(rp: RelyingParty, scope: str = SCOPE) -> str:
    response = rp.token(grant_type="client_credentials", scope=scope)
    assert response.status_code == 200, response.get_data(as_text=True)
    return str(response.get_json()["access_token"])


def an_admin(provider: Provider, **metadata: Any) -> Admin:
    rp = party(provider, **(MACHINE | metadata))
    return Admin(provider, rp, own_token(rp))


def sign_in(rp: RelyingParty, username: str, **changed: str | None) -> dict[str, Any]:
    """Walk to tokens as this user."""
    response = rp.authorize(**changed)
    if b'id="page-login"' in response.data:
        response = rp.log_in(response, username)
    if b'id="page-consent"' in response.data:
        response = rp.allow(response)
    answer = rp.redeem(rp.answer(response)["code"])
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


class World:
    """What is alive is named `ada/shop/1` (a grant), `ada/1` (a session), `shop/1` (own tokens).

    In the first browser the shop's grants are tied to the session and the wiki's stand without it,
    in the second it is the other way round. All that ends in 2 came after `between`.
    """

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.users = {name: provider.add_user(name) for name in PEOPLE}
        self.apps = {name: party(provider, grant_types=BOTH, scope=SCOPES) for name in APPS}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.own: dict[str, str] = {}
        self.browsers: dict[str, FlaskClient] = {}
        self._settle("1")
        provider.clock.forward(minutes=1)
        self.between: datetime = provider.clock.now
        provider.clock.forward(minutes=1)
        self._settle("2")
        self.admin = an_admin(provider)

    def _settle(self, number: str) -> None:
        for person in PEOPLE:
            browser = self.browsers[f"{person}/{number}"] = self.provider.browser()
            for app in APPS:
                rp = RelyingParty(self.provider, self.apps[app].registered, browser)
                offline = (app == "wiki") is (number == "1")
                asked = {"scope": "openid offline_access", "prompt": "consent"} if offline else {}
                self.tokens[f"{person}/{app}/{number}"] = sign_in(rp, person, **asked)
        for app in APPS:
            self.own[f"{app}/{number}"] = own_token(self.apps[app])

    def sid(self, session: str) -> str:
        person, number = session.split("/")
        return str(claims_of(self.tokens[f"{person}/shop/{number}"]["id_token"])["sid"])

    def grant_id(self, grant: str) -> str:
        jti = claims_of(self.tokens[grant]["access_token"])["jti"]
        return str(jti).partition(".")[0]

    def client_id(self, app: str) -> str:
        return self.apps[app].client_id

    def dead(self) -> set[str]:
        """What no endpoint of ours accepts any more."""
        return {*self._dead_grants(), *self._dead_sessions(), *self._dead_own_tokens()}

    def _dead_grants(self) -> set[str]:
        found = set()
        for name, tokens in self.tokens.items():
            rp = self.apps[name.split("/")[1]]
            shown = rp.userinfo(tokens["access_token"]).status_code
            asked = rp.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
            assert (shown, asked.status_code) in ((200, 200), (401, 400)), name
            if shown != 200:
                found.add(name)
        return found

    def _dead_sessions(self) -> set[str]:
        pages = {
            name: browser.get("/account", base_url=ISSUER)
            for name, browser in self.browsers.items()
        }
        return {name for name, page in pages.items() if page.status_code != 200}

    def _dead_own_tokens(self) -> set[str]:
        """An own token that lives may take back what there is not."""
        statuses = {
            name: Admin(self.provider, self.apps["shop"], token).post(
                {"sid": "nobody", "reason": "to see whether it lives"}
            )
            for name, token in self.own.items()
        }
        return {name for name, answer in statuses.items() if answer.status_code == 401}
