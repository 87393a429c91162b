"""One proof sent many times at once, to a real server (RFC 9449 §11.1, I8)."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.app import Provider, RelyingParty, claims_of
from tests.machines.burst import Answer, burst, get, post, send
from tests.machines.installation import relying_party
from tests.support.dpop import USERINFO, Holder
from tests.support.server import ProviderProcess
from tests.support.spec import spec

pytestmark = pytest.mark.xdist_group("dpop race")

Events = Callable[[], Counter[str]]
HOLDER = Holder()
BOTH = ("authorization_code", "refresh_token")


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    return relying_party(
        provider, grant_types=(*BOTH, "client_credentials"), scope=("openid", "api")
    )


@pytest.fixture
def public(provider: Provider) -> RelyingParty:
    return relying_party(provider, grant_types=BOTH, token_endpoint_auth_method="none")


def proof(rp: RelyingParty, *request: str, **said) -> str:
    return HOLDER.proof(*request, now=rp.provider.clock.now, **said)


def outcomes(answers: list[Answer]) -> Counter:
    return Counter((a.status, a.json().get("error")) for a in answers)


@spec("RFC 9449 §11.1")
def test_of_60_token_requests_with_one_proof_one_gets_a_token(
    rp: RelyingParty, server: ProviderProcess, events: Events
):
    request = post("/token", {"grant_type": "client_credentials"}, DPoP=proof(rp), **rp.basic())

    answers = burst(server.port, [request] * 60)

    assert outcomes(answers) == {(200, None): 1, (400, "invalid_dpop_proof"): 59}
    assert events()["client_token.issued"] == 1


@spec("RFC 9449 §11.1")
def test_of_60_uses_of_a_token_with_one_proof_one_is_answered(
    rp: RelyingParty, server: ProviderProcess
):
    token = rp.redeem(rp.code(), proof(rp)).get_json()["access_token"]
    shown = proof(rp, "GET", USERINFO, access_token=token)
    request = get("/userinfo", Authorization=f"DPoP {token}", DPoP=shown)

    answers = burst(server.port, [request] * 60)

    assert outcomes(answers) == {(200, None): 1, (401, "invalid_dpop_proof"): 59}


@spec("RFC 9449 §4.3")
def test_two_headers_are_seen_behind_the_server_too(rp: RelyingParty, server: ProviderProcess):
    """A server that keeps the last of several would let a second one in unseen."""
    form = {"grant_type": "client_credentials"}
    for first, second in ((proof(rp), proof(rp)), ("garbage", proof(rp)), (proof(rp), "garbage")):
        request = post("/token", form, DPoP=first, **rp.basic())
        twice = request.replace(b"DPoP: ", f"DPoP: {second}\r\nDPoP: ".encode(), 1)
        assert outcomes([send(server.port, twice)]) == {(400, "invalid_dpop_proof"): 1}


@spec("RFC 9449 §5", "RFC 9700 §4.14.2")
def test_tabs_that_refresh_at_once_with_proofs_of_their_own_get_one_successor(
    public: RelyingParty, server: ProviderProcess, events: Events
):
    tokens = public.redeem(public.code(), proof(public)).get_json()
    form = {
        "grant_type": "refresh_token",
        "refresh_token": tokens["refresh_token"],
        "client_id": public.client_id,
    }

    answers = burst(server.port, [post("/token", form, DPoP=proof(public)) for _ in range(12)])

    assert outcomes(answers) == {(200, None): 12}
    assert len({a.json()["refresh_token"] for a in answers}) == 1
    assert {claims_of(a.json()["access_token"])["cnf"]["jkt"] for a in answers} == {HOLDER.jkt}
    counted = events()
    assert (counted["refresh_token.rotated"], counted["refresh_token.retried"]) == (1, 11)
    assert counted["grant.ended"] == 0
