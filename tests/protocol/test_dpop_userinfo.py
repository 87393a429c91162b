"""A bound token at our own endpoint (RFC 9449 §7)."""

from datetime import timedelta

import pytest

from idp.protocol.clients import service as clients
from tests.app import ISSUER, Provider, RelyingParty
from tests.protocol.parties import party, token_error
from tests.support.dpop import USERINFO, Holder, new_key
from tests.support.spec import spec

HOLDER = Holder()
THIEF = Holder(new_key("thief"))
BAD_TOKEN = (401, "invalid_token")
BAD_PROOF = (401, "invalid_dpop_proof")
ALGS = 'algs="ES256 PS256 EdDSA Ed25519"'


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    provider.add_user()
    return party(provider)


@pytest.fixture
def token(rp: RelyingParty) -> str:
    proof = HOLDER.proof(now=rp.provider.clock.now)
    return rp.redeem(rp.code(), proof).get_json()["access_token"]


def proof_for(token, holder=HOLDER, method="GET", **said) -> str:
    return holder.proof(method, USERINFO, access_token=token, **said)


def ask(rp, token, *proofs, scheme="DPoP"):
    return rp.userinfo(token, *proofs, scheme=scheme)


def challenges(response) -> list[str]:
    return response.headers.getlist("WWW-Authenticate")


@spec("RFC 9449 §7.1")
@pytest.mark.parametrize("scheme", ["DPoP", "dpop", "DPOP"])
def test_the_holder_of_the_key_is_let_in(rp, token, scheme):
    response = ask(rp, token, proof_for(token), scheme=scheme)

    assert response.status_code == 200
    assert response.get_json()["sub"]
    assert "DPoP-Nonce" not in response.headers


@spec("RFC 9449 §7.1", "OIDC Core §5.3.1")
def test_by_post_the_proof_is_of_a_post(provider, token):
    client = provider.browser()
    headers = {"Authorization": f"DPoP {token}"}

    wrong = headers | {"DPoP": proof_for(token)}
    assert client.post("/userinfo", headers=wrong, base_url=ISSUER).status_code == 401
    right = headers | {"DPoP": proof_for(token, method="POST")}
    assert client.post("/userinfo", headers=right, base_url=ISSUER).status_code == 200


@spec("RFC 9449 §7.2", "RFC 6750 §2.2")
def test_a_bound_token_is_no_bearer_token_in_header_or_body(provider, rp, token):
    client = provider.browser()
    plain = ask(rp, token, scheme="Bearer")
    proved = ask(rp, token, proof_for(token), scheme="Bearer")
    body = client.post("/userinfo", data={"access_token": token}, base_url=ISSUER)
    headers = {"DPoP": proof_for(token, method="POST")}
    both = client.post("/userinfo", data={"access_token": token}, headers=headers, base_url=ISSUER)

    for response in (plain, proved, body, both):
        assert token_error(response) == BAD_TOKEN
        bearer, dpop = challenges(response)
        assert bearer.startswith('Bearer error="invalid_token"')
        assert dpop == f"DPoP {ALGS}"


@spec("RFC 9449 §7.1")
def test_a_bearer_token_is_none_under_the_other_scheme(rp):
    token = rp.sign_in()["access_token"]

    response = ask(rp, token, proof_for(token))

    assert token_error(response) == BAD_TOKEN
    dpop, bearer = challenges(response)
    assert dpop.startswith('DPoP error="invalid_token", error_description="')
    assert dpop.endswith(ALGS)
    assert bearer == "Bearer"
    assert ask(rp, token, scheme="Bearer").status_code == 200


@spec("RFC 9449 §4.3", "RFC 9449 §7.1")
def test_a_proof_of_something_else_lets_nobody_in(provider, rp, token):
    other = rp.redeem(rp.code(), HOLDER.proof()).get_json()["access_token"]
    hour = timedelta(hours=1)
    proofs = {
        "none": [],
        "two": [proof_for(token), proof_for(token)],
        "no ath": [HOLDER.proof("GET", USERINFO)],
        "another token's": [proof_for(other)],
        "another method's": [proof_for(token, method="POST")],
        "another URL's": [HOLDER.proof("GET", f"{ISSUER}/token", access_token=token)],
        "an old one": [proof_for(token, now=provider.clock.now - hour)],
        "one of later": [proof_for(token, now=provider.clock.now + hour)],
        "with a private key": [proof_for(token, header={"jwk": HOLDER.key.as_dict(private=True)})],
        "signed by another": [proof_for(token, signer=THIEF.key)],
        "garbage": ["garbage"],
    }
    for what, shown in proofs.items():
        response = ask(rp, token, *shown)
        assert token_error(response) == BAD_PROOF, what
        dpop, bearer = challenges(response)
        assert dpop.startswith('DPoP error="invalid_dpop_proof"'), what
        assert bearer == "Bearer"


@spec("RFC 9449 §7.1")
def test_the_proof_of_another_key_lets_nobody_in_and_is_not_used_up(rp, token):
    proof = proof_for(token, THIEF)

    assert token_error(ask(rp, token, proof)) == BAD_TOKEN
    assert token_error(ask(rp, token, proof)) == BAD_TOKEN


@spec("RFC 9449 §11.1")
def test_a_proof_is_good_once(rp, token):
    proof = proof_for(token)
    assert ask(rp, token, proof).status_code == 200

    assert token_error(ask(rp, token, proof)) == BAD_PROOF
    assert ask(rp, token, proof_for(token)).status_code == 200


@spec("RFC 9449 §7.2", "RFC 9110 §11.6.1")
def test_who_shows_nothing_reads_which_schemes_there_are(provider):
    client = provider.browser()
    for header in (None, "Basic YTpi", "Bearer ", "Digest x"):
        headers = {"Authorization": header} if header else {}
        response = client.get("/userinfo", headers=headers, base_url=ISSUER)
        assert token_error(response) == BAD_TOKEN
        assert challenges(response) == ["Bearer", f"DPoP {ALGS}"]
    response = client.get("/userinfo", headers={"Authorization": "DPoP "}, base_url=ISSUER)
    assert challenges(response) == [f"DPoP {ALGS}", "Bearer"]


def test_what_is_over_is_over_for_the_holder_of_the_key_too(provider, rp, token):
    provider.clock.forward(minutes=6)

    response = ask(rp, token, proof_for(token, now=provider.clock.now))

    assert token_error(response) == BAD_TOKEN


@spec("RFC 9470 §3", "RFC 9449 §7.1")
def test_a_better_sign_in_is_asked_for_under_the_scheme_that_was_used(provider, rp, token):
    with provider.context() as ctx:
        clients.change(ctx, rp.client_id, {"require_acr": "mfa"})

    response = ask(rp, token, proof_for(token))

    assert token_error(response) == (401, "insufficient_user_authentication")
    assert challenges(response)[0].startswith('DPoP error="insufficient_user_authentication"')
    assert 'acr_values="mfa"' in challenges(response)[0]
