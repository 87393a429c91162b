"""Tokens that are bound to a key, at the token endpoint (RFC 9449 §5, §6, §10)."""

from datetime import timedelta

import pytest

from idp.protocol.clients import service as clients
from tests.app import ISSUER, Provider, RelyingParty, claims_of
from tests.protocol.parties import party, reasons, refused, token_error
from tests.support.dpop import TOKEN, USERINFO, Holder, new_key
from tests.support.spec import spec

BOTH = ("authorization_code", "refresh_token")
BAD_PROOF = (400, "invalid_dpop_proof")
BAD_GRANT = (400, "invalid_grant")
OTHER = Holder(new_key("other"))


@pytest.fixture
def holder() -> Holder:
    return Holder()


@pytest.fixture
def confidential(provider: Provider) -> RelyingParty:
    provider.add_user()
    return party(provider, grant_types=BOTH)


@pytest.fixture
def public(provider: Provider) -> RelyingParty:
    provider.add_user()
    return party(provider, grant_types=BOTH, token_endpoint_auth_method="none")


def refresh(rp: RelyingParty, token: str, *proofs: str, **changed: str | None):
    return rp.token(*proofs, **({"grant_type": "refresh_token", "refresh_token": token} | changed))


def bought(response) -> dict:
    assert response.status_code == 200, response.get_data(as_text=True)
    return dict(response.get_json())


def sound(provider: Provider, holder: Holder, **said) -> str:
    return holder.proof(now=provider.clock.now, **said)


@spec("RFC 9449 §5", "RFC 9449 §6.1", "RFC 7800 §3.1")
def test_a_code_redeemed_with_a_proof_buys_tokens_bound_to_its_key(provider, confidential, holder):
    tokens = bought(confidential.redeem(confidential.code(), sound(provider, holder)))

    assert tokens["token_type"] == "DPoP"
    assert claims_of(tokens["access_token"])["cnf"] == {"jkt": holder.jkt}
    assert "cnf" not in claims_of(tokens["id_token"])


@spec("RFC 9449 §5")
def test_without_a_proof_tokens_are_bearer_tokens(confidential):
    tokens = confidential.sign_in()

    assert tokens["token_type"] == "Bearer"
    assert "cnf" not in claims_of(tokens["access_token"])


@pytest.mark.parametrize("algorithm", ["PS256", "EdDSA", "Ed25519"])
def test_keys_of_each_kind_will_do(provider, confidential, algorithm):
    holder = Holder(new_key(algorithm, algorithm), algorithm)

    tokens = bought(confidential.redeem(confidential.code(), sound(provider, holder)))

    assert claims_of(tokens["access_token"])["cnf"] == {"jkt": holder.jkt}


@spec("RFC 9449 §5")
def test_the_token_of_a_client_itself_is_bound_too(provider, holder):
    rp = party(provider, grant_types=("client_credentials",), scope=("reports",), redirect_uris=())

    tokens = bought(rp.token(sound(provider, holder), grant_type="client_credentials"))

    assert tokens["token_type"] == "DPoP"
    assert claims_of(tokens["access_token"])["cnf"] == {"jkt": holder.jkt}


def test_an_opaque_token_is_bound_as_well(provider, holder):
    provider.add_user()
    rp = party(provider, access_token_format="opaque")
    token = bought(rp.redeem(rp.code(), sound(provider, holder)))["access_token"]
    proof = holder.proof("GET", USERINFO, access_token=token)

    assert rp.userinfo(token).status_code == 401
    assert rp.userinfo(token, proof, scheme="DPoP").status_code == 200


LIES = {
    "typ": {"header": {"typ": "JWT"}},
    "alg none": {"header": {"alg": "none"}},
    "alg RS256": {"header": {"alg": "RS256"}},
    "alg HS256": {"header": {"alg": "HS256"}},
    "private key": {"header": {"jwk": new_key("holder").as_dict(private=True)}},
    "no key": {"header": {"jwk": None}},
    "crit": {"header": {"crit": ["x"], "x": 1}},
    "another's signature": {"signer": new_key("other")},
    "no jti": {"jti": None},
    "no htm": {"htm": None},
    "no htu": {"htu": None},
    "no iat": {"iat": None},
    "another method": {"htm": "GET"},
    "another URL": {"htu": USERINFO},
    "another host": {"htu": "https://evil.example/token"},
    "an hour old": {"iat": 1893495600},
    "an hour ahead": {"iat": 1893502800},
}


@spec("RFC 9449 §4.3", "RFC 9449 §5")
@pytest.mark.parametrize("what", LIES)
def test_a_proof_that_proves_nothing_is_refused_and_burns_nothing(
    provider, confidential, holder, what
):
    code = confidential.code()

    lie = confidential.redeem(code, holder.proof(**LIES[what]))
    garbage = confidential.redeem(code, "garbage")

    assert token_error(lie) == token_error(garbage) == BAD_PROOF
    assert "DPoP-Nonce" not in lie.headers
    assert confidential.redeem(code, sound(provider, holder)).status_code == 200


@spec("RFC 9449 §4.3")
def test_more_than_one_proof_is_none(provider, confidential, holder):
    code = confidential.code()

    twice = confidential.redeem(code, sound(provider, holder), sound(provider, holder))

    assert token_error(twice) == BAD_PROOF
    assert token_error(confidential.redeem(code, "")) == BAD_PROOF


@spec("RFC 9449 §4.3", "RFC 9449 §11.1")
@pytest.mark.parametrize("seconds", [10, -10])
def test_a_clock_that_is_a_little_off_does_no_harm(provider, confidential, holder, seconds):
    proof = holder.proof(now=provider.clock.now + timedelta(seconds=seconds))

    assert confidential.redeem(confidential.code(), proof).status_code == 200


@spec("RFC 9449 §4.3")
def test_the_url_is_that_of_the_issuer_whatever_host_the_request_names(confidential, holder):
    proof = holder.proof(htu="https://other.example/token")
    form = {"grant_type": "authorization_code", "code": confidential.code()}
    client = confidential.provider.app.test_client()
    headers = confidential.basic() | {"DPoP": proof}

    answer = client.post("/token", data=form, headers=headers, base_url="https://other.example")

    assert token_error(answer) == BAD_PROOF
    assert confidential.redeem(confidential.code(), holder.proof(htu=f"{TOKEN}?x=1#y")).is_json


@spec("RFC 9449 §11.1")
def test_a_proof_is_good_once_at_any_of_our_processes(provider, sibling, confidential, holder):
    proof = sound(provider, holder)
    first, second = confidential.code(), confidential.code()
    elsewhere = RelyingParty(sibling, confidential.registered, sibling.browser())
    assert confidential.redeem(first, proof).status_code == 200

    for rp, seconds in ((confidential, 0), (elsewhere, 30), (confidential, 29)):
        provider.clock.forward(seconds=seconds)
        assert token_error(rp.redeem(second, proof)) == BAD_PROOF
    assert elsewhere.redeem(second, sound(provider, holder)).status_code == 200


def test_a_proof_that_came_with_a_mistake_is_used_up_and_the_code_is_not(
    provider, confidential, holder
):
    code, proof = confidential.code(), sound(provider, holder)

    mistaken = confidential.redeem(code, proof, code_verifier="w" * 43)

    assert token_error(mistaken) == BAD_GRANT
    assert token_error(confidential.redeem(code, proof)) == BAD_PROOF
    assert confidential.redeem(code, sound(provider, holder)).status_code == 200


def test_a_crash_spends_the_proof_and_nothing_else(provider, confidential, holder, monkeypatch):
    def crash(*_, **__):
        raise RuntimeError

    code, proof = confidential.code(), sound(provider, holder)
    with monkeypatch.context() as broken:
        broken.setattr("idp.protocol.token_endpoint.authorization_code.tokens_of", crash)
        assert token_error(confidential.redeem(code, proof)) == (500, "server_error")

    assert token_error(confidential.redeem(code, proof)) == BAD_PROOF
    assert confidential.redeem(code, sound(provider, holder)).status_code == 200


@spec("RFC 9449 §5.2")
def test_a_client_that_is_registered_to_prove_its_key_must(provider, holder):
    provider.add_user()
    rp = party(provider, grant_types=(*BOTH, "client_credentials"), dpop_bound_access_tokens=True)
    code = rp.code()

    assert token_error(rp.redeem(code)) == BAD_PROOF
    assert token_error(rp.token(grant_type="client_credentials")) == BAD_PROOF
    tokens = bought(rp.redeem(code, sound(provider, holder)))
    assert token_error(refresh(rp, tokens["refresh_token"])) == BAD_PROOF


def test_another_process_hears_at_once_that_a_client_must_prove_its_key(
    provider, sibling, confidential, holder
):
    """The proof is checked once, though the client is read twice."""
    there = RelyingParty(sibling, confidential.registered, sibling.browser())
    there.sign_in()
    codes = [confidential.code(), confidential.code()]
    with provider.context() as ctx:
        clients.change(ctx, confidential.client_id, {"dpop_bound_access_tokens": True})

    assert token_error(there.redeem(codes[0])) == BAD_PROOF
    assert there.redeem(codes[1], sound(provider, holder)).status_code == 200


def test_a_client_that_changed_meanwhile_needs_no_second_proof(
    provider, sibling, confidential, holder
):
    there = RelyingParty(sibling, confidential.registered, sibling.browser())
    there.sign_in()
    code = confidential.code()
    with provider.context() as ctx:
        clients.change(ctx, confidential.client_id, {"client_name": "Renamed"})

    assert there.redeem(code, sound(provider, holder)).status_code == 200


@spec("RFC 9449 §5", "RFC 9449 §6.2")
def test_the_refresh_token_of_a_public_client_is_bound_to_its_key(provider, public, holder):
    tokens = bought(public.redeem(public.code(), sound(provider, holder)))
    token = tokens["refresh_token"]

    assert token_error(refresh(public, token)) == BAD_GRANT
    assert token_error(refresh(public, token, sound(provider, OTHER))) == BAD_GRANT
    again = bought(refresh(public, token, sound(provider, holder)))

    assert reasons(provider) == ["other_key", "other_key"]
    assert again["token_type"] == "DPoP"
    assert claims_of(again["access_token"])["cnf"] == {"jkt": holder.jkt}
    assert token_error(refresh(public, again["refresh_token"], sound(provider, OTHER))) == BAD_GRANT


@spec("RFC 9449 §5")
def test_a_bound_public_client_gets_a_lost_answer_again_without_haste(provider, public, holder):
    """Its key says that it is the same one: no leeway is needed as for bearer tokens."""
    first = bought(public.redeem(public.code(), sound(provider, holder)))["refresh_token"]
    second = bought(refresh(public, first, sound(provider, holder)))["refresh_token"]
    provider.clock.forward(minutes=10)

    again = bought(refresh(public, first, sound(provider, holder)))

    assert again["refresh_token"] == second
    assert token_error(refresh(public, second)) == BAD_GRANT


@spec("RFC 9449 §5")
def test_a_public_client_that_began_without_a_key_goes_on_without(provider, public, holder):
    """Bound at a rotation, a family could become that of a thief's key, and its owner's no more."""
    first = public.sign_in()["refresh_token"]

    assert token_error(refresh(public, first, sound(provider, holder))) == BAD_GRANT

    assert reasons(provider) == ["key_where_none_was"]
    assert bought(refresh(public, first))["token_type"] == "Bearer"


@spec("RFC 9449 §5")
def test_a_confidential_client_may_begin_to_show_a_key(provider, confidential, holder):
    first = confidential.sign_in()["refresh_token"]

    assert bought(refresh(confidential, first, sound(provider, holder)))["token_type"] == "DPoP"


@spec("RFC 9449 §5")
def test_a_confidential_client_may_change_its_key(provider, confidential, holder):
    tokens = bought(confidential.redeem(confidential.code(), sound(provider, holder)))

    other = bought(refresh(confidential, tokens["refresh_token"], sound(provider, OTHER)))
    none = bought(refresh(confidential, other["refresh_token"]))

    assert claims_of(other["access_token"])["cnf"] == {"jkt": OTHER.jkt}
    assert none["token_type"] == "Bearer"


@spec("RFC 9449 §10")
@pytest.mark.parametrize("kind", ["confidential", "public"])
def test_a_code_asked_for_with_a_key_is_redeemed_with_that_key(provider, request, kind, holder):
    rp = request.getfixturevalue(kind)
    code = rp.code(dpop_jkt=holder.jkt)

    assert token_error(rp.redeem(code)) == BAD_GRANT
    assert token_error(rp.redeem(code, sound(provider, OTHER))) == BAD_GRANT
    assert reasons(provider) == ["other_key", "other_key"]
    tokens = bought(rp.redeem(code, sound(provider, holder)))
    assert claims_of(tokens["access_token"])["cnf"] == {"jkt": holder.jkt}


@spec("RFC 9449 §10")
def test_a_code_that_names_no_key_is_redeemed_with_any(provider, public, holder):
    assert public.redeem(public.code(), sound(provider, holder)).status_code == 200
    assert public.redeem(public.code(dpop_jkt=""), sound(provider, OTHER)).status_code == 200


@spec("RFC 9449 §10")
@pytest.mark.parametrize("jkt", ["x", "x" * 44, "x" * 42 + "=", "x" * 42 + "+", "ü" * 43])
def test_a_thumbprint_of_another_form_is_refused(confidential, jkt):
    assert refused(confidential, confidential.authorize(dpop_jkt=jkt)) == "invalid_request"


def test_a_browser_app_may_send_a_proof_and_read_what_it_takes(provider, confidential):
    client = provider.browser()
    asked = client.options("/token", headers={"Origin": "https://spa.test"}, base_url=ISSUER)
    wrong = confidential.redeem("no code", "garbage")

    allowed = asked.headers["Access-Control-Allow-Headers"]
    assert {each.strip() for each in allowed.split(",")} >= {"DPoP", "Authorization"}
    assert "DPoP-Nonce" in wrong.headers["Access-Control-Expose-Headers"]
