"""Access tokens for one API and no other (RFC 8707, RFC 9068 §4)."""

import pytest

from tests.app import claims_of
from tests.protocol.parties import party, refused
from tests.protocol.refreshing import BOTH, refreshed
from tests.support.spec import spec

CALENDAR, MAIL = "https://calendar.example.test/", "https://mail.example.test/v1"
BOTH_APIS = f"{CALENDAR} {MAIL}"


@pytest.fixture
def rp(provider):
    provider.add_user()
    return party(provider, grant_types=BOTH, resources=(CALENDAR, MAIL))


def audience(tokens):
    return claims_of(tokens["access_token"])["aud"]


@spec("RFC 8707 §2", "RFC 9068 §3")
def test_without_a_resource_a_token_is_for_the_provider_itself(provider, rp):
    tokens = rp.sign_in()

    assert audience(tokens) == "https://id.example.test"
    assert rp.userinfo(tokens["access_token"]).status_code == 200


@spec("RFC 8707 §2.2", "RFC 9068 §4")
def test_a_token_for_an_api_is_for_that_api_alone(provider, rp):
    tokens = rp.sign_in(resource=CALENDAR)

    assert audience(tokens) == CALENDAR
    refusal = rp.userinfo(tokens["access_token"])
    assert (refusal.status_code, refusal.get_json()["error"]) == (401, "invalid_token")


@spec("RFC 8707 §2.1")
def test_several_resources_are_several_parameters(provider, rp):
    query = "&".join(f"resource={uri}" for uri in (CALENDAR, MAIL))
    code = rp.code()
    asked = rp.get(f"/authorize?client_id={rp.client_id}&{query}&" + _rest(rp))
    code = rp.answer(rp.follow(asked))["code"]

    tokens = rp.redeem(code).get_json()

    assert audience(tokens) == [CALENDAR, MAIL]
    assert audience(refreshed(rp, tokens["refresh_token"], resource=MAIL)) == MAIL


def _rest(rp):
    said = rp.parameters()
    del said["client_id"]
    return "&".join(f"{name}={value}" for name, value in said.items())


@spec("RFC 8707 §2.2")
def test_a_code_or_refresh_token_buys_a_token_for_a_part(provider, rp):
    code = rp.code(resource=BOTH_APIS)
    assert rp.redeem(code, resource="https://other.example.test").get_json()["error"] == (
        "invalid_target"
    )

    tokens = rp.redeem(code, resource=CALENDAR).get_json()

    assert audience(tokens) == CALENDAR
    assert audience(refreshed(rp, tokens["refresh_token"])) == [CALENDAR, MAIL]


@spec("RFC 8707 §2")
@pytest.mark.parametrize(
    "resource", ["https://other.example.test/", "calendar", f"{CALENDAR}#here", f"{CALENDAR} x"]
)
def test_what_is_not_registered_for_the_client_is_refused(provider, rp, resource):
    rp.code()

    assert refused(rp, rp.authorize(resource=resource)) == "invalid_target"


def test_a_client_asks_for_itself_within_what_is_registered(provider):
    rp = party(provider, grant_types=("client_credentials",), redirect_uris=(), resources=(MAIL,))

    assert audience(rp.token(grant_type="client_credentials", resource=MAIL).get_json()) == MAIL
    other = rp.token(grant_type="client_credentials", resource=CALENDAR)
    assert (other.status_code, other.get_json()["error"]) == (400, "invalid_target")


def test_only_resource_may_come_more_than_once(provider, rp):
    rp.code()
    doubled = rp.get(f"/authorize?{'&'.join([_rest(rp), _rest(rp)])}&client_id={rp.client_id}")

    assert doubled.status_code == 400


@spec("RFC 8707 §2.2")
def test_a_client_of_an_api_gets_a_token_for_userinfo_by_asking_for_the_provider(provider, rp):
    tokens = rp.sign_in(resource=MAIL)

    ours = refreshed(rp, tokens["refresh_token"], resource="https://id.example.test")

    assert audience(ours) == "https://id.example.test"
    assert rp.userinfo(ours["access_token"]).status_code == 200
