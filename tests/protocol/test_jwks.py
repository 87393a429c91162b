"""The JWK Set: public keys for whatever we sign, old and new."""

import pytest

from idp.kernel.jose import SIGNING_ALGORITHMS
from idp.protocol.keys import service as keys
from tests.app import ISSUER, header_of
from tests.protocol.parties import jwks, party, verified
from tests.support.spec import spec

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
PUBLIC = {
    "RSA": {"kty", "n", "e", "kid", "alg", "use"},
    "EC": {"kty", "crv", "x", "y", "kid", "alg", "use"},
    "OKP": {"kty", "crv", "x", "kid", "alg", "use"},
}


def rotate(provider, algorithm):
    provider.clock.forward(minutes=1)
    with provider.context() as ctx:
        rotation = keys.rotate(ctx, algorithm)
    provider.clock.forward(minutes=1)
    return rotation


@spec("OIDC Core §10.1", "RFC 7517 §5")
def test_the_set_holds_public_keys_and_nothing_else(provider):
    for key in jwks(provider)["keys"]:
        assert not PRIVATE & set(key)
        assert set(key) == PUBLIC[key["kty"]]
        assert key["use"] == "sig"


@spec("OIDC Core §10.1", "RFC 7517 §4.5")
def test_every_key_has_a_kid_of_its_own(provider):
    kids = [key["kid"] for key in jwks(provider)["keys"]]

    assert len(set(kids)) == len(kids) == 2 * len(SIGNING_ALGORITHMS)


@spec("OIDC Discovery §3")
def test_there_is_a_key_for_every_algorithm_that_is_announced(provider):
    metadata = provider.browser().get("/.well-known/openid-configuration", base_url=ISSUER)
    announced = metadata.get_json()["id_token_signing_alg_values_supported"]

    assert {key["alg"] for key in jwks(provider)["keys"]} == set(announced)


@spec("RFC 7518 §3.3", "RFC 7518 §3.4", "RFC 8037 §2")
def test_rsa_keys_have_2048_bits_and_the_others_are_on_one_curve_each(provider):
    for key in jwks(provider)["keys"]:
        if key["kty"] == "RSA":
            assert len(key["n"]) * 6 // 8 >= 256
        else:
            assert key["crv"] == {"EC": "P-256", "OKP": "Ed25519"}[key["kty"]]


@spec("RFC 7517 §8.5.2")
def test_the_set_has_its_own_media_type(provider):
    answer = provider.browser().get("/jwks", base_url=ISSUER)

    assert answer.content_type == "application/jwk-set+json"


@spec("OIDC Core §10.1.1")
@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
def test_after_a_rotation_new_tokens_verify_and_so_do_the_old_ones(provider, algorithm):
    provider.add_user()
    rp = party(provider, id_token_signed_response_alg=algorithm)
    old = rp.sign_in()["id_token"]
    etag = provider.browser().get("/jwks", base_url=ISSUER).headers["ETag"]

    rotation = rotate(provider, algorithm)
    new = rp.sign_in()["id_token"]

    assert header_of(old)["kid"] == rotation.retired
    assert header_of(new)["kid"] == rotation.active
    for token in (old, new):
        assert verified(provider, token, algorithm).claims["iss"] == ISSUER
    assert provider.browser().get("/jwks", base_url=ISSUER).headers["ETag"] != etag


@spec("OIDC Core §10.1.1")
def test_a_key_stands_in_the_set_before_it_signs(provider):
    published = {key["kid"] for key in jwks(provider)["keys"]}

    assert rotate(provider, "ES256").active in published


@spec("OIDC Core §10.1.1")
def test_a_retired_key_goes_when_nothing_that_it_signed_is_of_use(provider, rp):
    """An ID token is of use as a hint for as long as its session, at most a day."""
    rp.sign_in()
    retired = rotate(provider, "RS256").retired

    provider.clock.forward(days=1)
    assert retired in {key["kid"] for key in jwks(provider)["keys"]}
    provider.clock.forward(minutes=3)
    assert retired not in {key["kid"] for key in jwks(provider)["keys"]}
