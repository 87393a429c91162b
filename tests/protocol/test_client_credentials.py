"""A token for the client itself (RFC 6749 §4.4)."""

import pytest

from idp.protocol.clients.service import MetadataRefused, delete
from tests.app import ISSUER, claims_of, header_of
from tests.protocol.parties import party, token_error, verified
from tests.support.spec import spec


@pytest.fixture
def service(provider):
    return party(
        provider,
        grant_types=("client_credentials",),
        redirect_uris=(),
        scope=("reports:read", "reports:write", "profile"),
    )


def ask(rp, **form):
    return rp.token(grant_type="client_credentials", **form)


@spec("RFC 6749 §4.4.3", "RFC 9068 §2.2")
def test_the_client_is_the_subject_and_nobody_else_is_there(provider, service):
    response = ask(service)
    answer = response.get_json()
    claims = verified(provider, answer["access_token"], "ES256").claims

    assert set(answer) == {"access_token", "token_type", "expires_in", "scope"}
    assert response.headers["Cache-Control"] == "no-store"
    assert claims["sub"] == claims["client_id"] == service.client_id
    assert claims["iss"] == claims["aud"] == ISSUER
    assert "sid" not in claims
    assert header_of(answer["access_token"])["typ"] == "at+jwt"


@spec("RFC 6749 §3.3", "RFC 6749 §4.4.2")
def test_it_gets_what_it_asks_for_or_all_that_is_its_own(service):
    assert ask(service).get_json()["scope"] == "reports:read reports:write"
    answer = ask(service, scope="reports:read").get_json()

    assert answer["scope"] == "reports:read"
    assert claims_of(answer["access_token"])["scope"] == "reports:read"


@spec("RFC 6749 §5.2", "RFC 6749 §3.3")
def test_what_only_a_user_can_give_is_refused(service):
    for scope in ("profile", "openid", "unheard-of", "reports:read profile"):
        assert token_error(ask(service, scope=scope)) == (400, "invalid_scope")


@spec("RFC 6749 §5.2", "RFC 6749 §4.4")
def test_only_a_client_that_registered_the_grant_may_use_it(rp, service):
    assert token_error(ask(rp)) == (400, "unauthorized_client")
    assert token_error(service.redeem("idp_ac_x")) == (400, "unauthorized_client")


@spec("RFC 6749 §4.4")
def test_a_public_client_cannot_register_the_grant(provider):
    with pytest.raises(MetadataRefused):
        provider.add_client(grant_types=("client_credentials",), token_endpoint_auth_method="none")


@spec("RFC 6750 §3.1", "OIDC Core §5.3.1")
def test_the_token_opens_no_users_door(service):
    token = ask(service).get_json()["access_token"]

    assert token_error(service.userinfo(token)) == (403, "insufficient_scope")


def test_a_client_that_is_gone_gets_nothing_from_any_process(provider, sibling, service):
    assert ask(service).status_code == 200
    with sibling.context() as elsewhere:
        delete(elsewhere, service.client_id)

    assert token_error(ask(service)) == (401, "invalid_client")


def test_each_token_is_in_the_audit_log_by_its_jti(provider, service):
    token = ask(service).get_json()["access_token"]

    issued = [e for e in provider.audit() if e.name == "client_token.issued"]
    assert [(e.client_id, e.data["jti"]) for e in issued] == [
        (service.client_id, claims_of(token)["jti"])
    ]
