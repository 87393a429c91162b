"""What a client's access tokens look like and how long they live."""

import pytest

from idp.kernel.jose import SIGNING_ALGORITHMS
from tests.app import claims_of, header_of
from tests.protocol.parties import party, refused
from tests.protocol.refreshing import BOTH, refresh, refreshed
from tests.support.spec import spec


def rp_with(provider, **metadata):
    provider.add_user()
    return party(provider, **({"grant_types": BOTH} | metadata))


def test_an_opaque_access_token_says_nothing_and_works(provider):
    rp = rp_with(provider, access_token_format="opaque")
    tokens = rp.sign_in(scope="openid email")

    token = tokens["access_token"]

    assert token.startswith("idp_at_")
    assert "." not in token
    assert rp.userinfo(token).get_json()["email"] == "ada@example.test"
    provider.clock.forward(minutes=5)
    assert rp.userinfo(token).status_code == 401


@pytest.mark.parametrize("place", [8, 40, -1])
def test_a_changed_opaque_token_is_no_token(provider, place):
    rp = rp_with(provider, access_token_format="opaque")
    letters = list(rp.sign_in()["access_token"])
    letters[place] = "A" if letters[place] != "A" else "B"

    assert rp.userinfo("".join(letters)).status_code == 401


@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
def test_access_tokens_are_signed_as_the_client_registered(provider, algorithm):
    rp = rp_with(provider, access_token_signed_response_alg=algorithm)

    token = rp.sign_in()["access_token"]

    assert header_of(token)["alg"] == algorithm
    assert rp.userinfo(token).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "lifetime"), [(None, 300), (60, 60), (1800, 1800), (3600, 3600), (86400, 3600)]
)
def test_the_lifetime_is_the_clients_within_the_operators(provider, wanted, lifetime):
    rp = rp_with(provider, access_token_lifetime=wanted)

    tokens = rp.sign_in()

    claims = claims_of(tokens["access_token"])
    assert tokens["expires_in"] == claims["exp"] - claims["iat"] == lifetime


def test_a_client_may_want_its_families_to_live_shorter_but_never_longer(provider):
    rp = rp_with(provider, refresh_idle_lifetime=600, refresh_lifetime=10**9)
    token = rp.sign_in()["refresh_token"]
    provider.clock.forward(seconds=599)
    token = refreshed(rp, token)["refresh_token"]
    provider.clock.forward(seconds=600)

    assert refresh(rp, token).status_code == 400


@spec("RFC 6749 §3.3")
def test_what_manages_the_provider_is_never_granted_out_of_a_user(provider):
    rp = rp_with(provider, scope=("openid", "idp:tokens.revoke"))

    tokens = rp.sign_in(scope="openid idp:tokens.revoke")

    assert tokens["scope"] == "openid"
    assert refused(rp, rp.authorize(scope="idp:tokens.revoke")) == "invalid_scope"
