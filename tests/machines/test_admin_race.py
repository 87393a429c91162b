"""What an operator takes back while everybody uses it is gone once the answer is there (I3, I7)."""

from collections import Counter
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.admin.world import BOTH, MACHINE, REASON, REVOCATIONS, own_token
from tests.app import VERIFIER, Provider, RelyingParty
from tests.machines.burst import burst, cookies_of, get, post, post_json, send
from tests.machines.installation import relying_party
from tests.support.server import ProviderProcess

pytestmark = pytest.mark.xdist_group("code race")
OFFLINE = "openid offline_access"


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    return relying_party(provider, grant_types=BOTH, scope=("openid", "offline_access"))


def redemption(rp: RelyingParty, code: str) -> bytes:
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
    return post("/token", form | {"redirect_uri": rp.redirect_uri}, **rp.basic())


def refresh(rp: RelyingParty, token: str) -> bytes:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return post("/token", form, **rp.basic())


def userinfo(token: str) -> bytes:
    return get("/userinfo", Authorization=f"Bearer {token}")


@pytest.mark.parametrize("named", ["user", "client_id", "user and client_id"])
def test_what_is_used_while_it_is_taken_back_is_gone_afterwards(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events, named: str
):
    rp.sign_in(scope=OFFLINE, prompt="consent")
    held = [rp.redeem(rp.code(scope=OFFLINE)).get_json() for _ in range(6)]
    codes = [rp.code(scope=OFFLINE) for _ in range(12)]
    authorize = get(
        f"/authorize?{urlencode(rp.parameters(scope=OFFLINE))}", cookies=cookies_of(rp.browser)
    )
    admin = own_token(relying_party(provider, **MACHINE))
    known = {"user": "ada", "client_id": rp.client_id}
    order = {name: known[name] for name in named.split(" and ")} | {"reason": REASON}
    revoke = post_json(REVOCATIONS, order, Authorization=f"Bearer {admin}")
    using = [refresh(rp, each["refresh_token"]) for each in held]
    redeeming = [redemption(rp, code) for code in codes[:8]]

    answers = burst(
        server.port, [*using, *redeeming[:4], authorize, revoke, authorize, *redeeming[4:], revoke]
    )

    assert all(200 <= a.status < 500 for a in answers)
    told = [a.json() for a in answers if b'"found"' in a.body]
    assert len(told) == 2
    bought = [a.json() for a in answers if b"access_token" in a.body] + held
    assert {
        a.status for a in burst(server.port, [userinfo(b["access_token"]) for b in bought])
    } == {401}
    again = [refresh(rp, each["refresh_token"]) for each in bought]
    later = [redemption(rp, code) for code in codes[8:]]
    assert {a.status for a in burst(server.port, [*again, *later])} == {400}
    if named == "user":
        # Whoever was let in meanwhile was let in by a session that is over.
        fresh = [
            parse_qs(urlsplit(a.header("Location")).query)["code"][0]
            for a in answers
            if "code=" in a.header("Location")
        ]
        assert {send(server.port, redemption(rp, code)).status for code in fresh} <= {400}
    grants = [e.data["grant_id"] for e in provider.audit() if e.name == "grant.ended"]
    assert max(Counter(grants).values()) == 1
    assert events()["grant.ended"] == sum(each["grants"] for each in told)
