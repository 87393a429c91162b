"""What an ID token says (OIDC Core §2), and that it verifies as a client verifies it."""

from hashlib import sha256, sha512

import pytest
from joserfc.errors import JoseError

from idp.kernel.encoding import b64url
from idp.kernel.jose import SIGNING_ALGORITHMS
from tests.app import ISSUER, claims_of, header_of
from tests.protocol.parties import jwks, party, session_of, verified
from tests.support.spec import spec


@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
@spec("OIDC Core §3.1.3.7", "OIDC Registration §2", "RFC 7515 §4.1.4", "RFC 8725 §3.1")
def test_it_verifies_by_the_served_keys_and_the_registered_algorithm(provider, algorithm):
    provider.add_user()
    rp = party(provider, id_token_signed_response_alg=algorithm)
    token = rp.sign_in()["id_token"]

    assert verified(provider, token, algorithm).claims["aud"] == rp.client_id

    header = header_of(token)
    assert (header["alg"], header["typ"]) == (algorithm, "JWT")
    key = next(key for key in jwks(provider)["keys"] if key["kid"] == header["kid"])
    assert (key["alg"], key["use"]) == (algorithm, "sig")
    assert key["kty"] == {"ES256": "EC", "EdDSA": "OKP"}.get(algorithm, "RSA")
    for other in set(SIGNING_ALGORITHMS) - {algorithm}:
        with pytest.raises((JoseError, ValueError)):
            verified(provider, token, other)


@spec("OIDC Core §3.1.3.7", "OIDC Registration §2")
def test_rs256_is_what_a_client_gets_that_chose_nothing(rp):
    assert header_of(rp.sign_in()["id_token"])["alg"] == "RS256"


@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
@spec("OIDC Core §3.1.3.6", "RFC 8032 §5.1")
def test_at_hash_is_half_the_hash_that_the_signature_uses(provider, algorithm):
    provider.add_user()
    tokens = party(provider, id_token_signed_response_alg=algorithm).sign_in()

    used, half = (sha512, 32) if algorithm == "EdDSA" else (sha256, 16)
    expected = b64url(used(tokens["access_token"].encode()).digest()[:half])
    assert claims_of(tokens["id_token"])["at_hash"] == expected


@spec("OIDC Core §2", "OIDC Core §3.1.3.6")
def test_every_claim_is_what_it_must_be(provider, rp):
    nonce = "n\u00f6nce \U0001f511 " + "x" * 200
    tokens = rp.sign_in(nonce=nonce)
    claims = claims_of(tokens["id_token"])
    now = int(provider.clock.now.timestamp())

    left_half = sha256(tokens["access_token"].encode()).digest()[:16]
    assert claims == {
        "iss": ISSUER,
        "sub": claims["sub"],
        "aud": rp.client_id,
        "iat": now,
        "exp": now + 600,
        "auth_time": now,
        "nonce": nonce,
        "acr": "sfa",
        "amr": ["pwd"],
        "sid": session_of(provider),
        "at_hash": b64url(left_half),
    }
    assert all(type(claims[name]) is int for name in ("iat", "exp", "auth_time"))


@spec("OIDC Core §2", "OIDC Core §8.1")
def test_the_subject_is_short_ascii_and_always_the_same(provider, rp):
    other = party(provider)

    subs = [claims_of(each.sign_in()["id_token"])["sub"] for each in (rp, rp, other)]

    assert len(set(subs)) == 1
    assert subs[0].isascii()
    assert 0 < len(subs[0]) <= 255


@spec("OIDC Core §2", "OIDC Core §8")
def test_two_users_have_two_subjects(provider, rp):
    provider.add_user("grace")
    first = rp.sign_in()
    page = rp.submit(rp.authorize(prompt="select_account"), account="other")

    second = rp.redeem(rp.answer(rp.allow(rp.log_in(page, "grace")))["code"]).get_json()

    assert claims_of(first["id_token"])["sub"] != claims_of(second["id_token"])["sub"]


@spec("OIDC Core §5.4")
def test_profile_claims_stay_out_because_there_is_an_access_token(rp):
    claims = claims_of(rp.sign_in(scope="openid profile email address phone")["id_token"])

    assert not {"name", "email", "address", "phone_number", "birthdate"} & set(claims)


@spec("OIDC Core §2")
def test_an_id_token_is_no_access_token(rp):
    tokens = rp.sign_in()

    assert rp.userinfo(tokens["id_token"]).status_code == 401


@spec("OIDC Core §3.1.3.7")
def test_auth_time_is_when_the_person_signed_in_and_not_when_the_token_was_made(provider, rp):
    first = claims_of(rp.sign_in()["id_token"])
    provider.clock.forward(minutes=10)

    second = claims_of(rp.redeem(rp.answer(rp.authorize())["code"]).get_json()["id_token"])

    assert second["auth_time"] == first["auth_time"] == second["iat"] - 600
