"""POST /introspect: who may ask, how, and that nobody else learns anything."""

import pytest

from idp.protocol.clients import service as clients
from tests.app import ISSUER, RelyingParty
from tests.protocol.asking import API, DEAD, api, app, told
from tests.protocol.parties import party, token_error
from tests.protocol.refreshing import BOTH
from tests.support.spec import spec

__all__ = ["api", "app"]


@spec("RFC 7662 §2.1")
def test_a_client_without_secret_learns_nothing(provider):
    provider.add_user()
    rp = party(provider, grant_types=BOTH, token_endpoint_auth_method="none")
    token = rp.sign_in()["access_token"]

    answer = rp.introspect(token)

    assert token_error(answer) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith('Basic realm="introspection"')


@spec("RFC 7662 §2.1", "RFC 7662 §2.3")
def test_nobody_learns_anything_without_the_secret(app):
    token, browser = app.sign_in()["access_token"], app.provider.browser()
    wrong = {"client_id": app.client_id, "client_secret": "wrong"}

    for form in ({}, {"client_id": app.client_id}, wrong):
        answer = browser.post("/introspect", data={"token": token} | form, base_url=ISSUER)
        assert token_error(answer) == (401, "invalid_client")
    # The token that is asked about opens nothing itself.
    bearer = {"Authorization": f"Bearer {token}"}
    answer = browser.post("/introspect", data={"token": token}, headers=bearer, base_url=ISSUER)
    assert token_error(answer) == (401, "invalid_client")


def test_a_secret_that_was_replaced_tells_nothing_not_even_out_of_a_copy(
    provider, sibling, app, api
):
    """The other process knows the old secret for two seconds more."""
    token = app.sign_in(resource=API)["access_token"]
    theirs = RelyingParty(sibling, api.registered, sibling.browser())
    assert told(theirs, token)["active"] is True

    with provider.context() as ctx:
        clients.rotate_secret(ctx, api.client_id)

    assert token_error(theirs.introspect(token)) == (401, "invalid_client")


def test_an_audience_that_was_taken_away_is_so_in_every_process(provider, sibling, app, api):
    token = app.sign_in(resource=API)["access_token"]
    theirs = RelyingParty(sibling, api.registered, sibling.browser())
    assert told(theirs, token)["active"] is True

    with provider.context() as ctx:
        clients.change(ctx, api.client_id, {"audiences": ()})

    assert told(theirs, token) == DEAD


@spec("RFC 7662 §2.1")
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "unheard_of", "", None])
def test_a_hint_changes_nothing(app, hint):
    bought = app.sign_in()

    assert told(app, bought["access_token"], token_type_hint=hint)["active"] is True
    assert told(app, bought["refresh_token"], token_type_hint=hint)["active"] is True


def test_a_request_without_a_readable_token_is_refused(app):
    browser, basic = app.provider.browser(), app.basic()

    for body in ({"data": {}}, {"json": {"token": "x"}}, {"data": {"token": ["x", "x"]}}):
        answer = browser.post("/introspect", headers=basic, base_url=ISSUER, **body)
        assert token_error(answer) == (400, "invalid_request")
    assert browser.get("/introspect?token=x", base_url=ISSUER).status_code == 405


def test_no_page_of_a_browser_reads_an_answer(app):
    token = app.sign_in()["access_token"]

    answer = app.ask("/introspect", {"token": token}, [("Origin", "https://spa.example.test")])

    assert answer.get_json()["active"] is True
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_what_is_no_access_or_refresh_token_is_not_active(app):
    code, id_token = app.code(), app.sign_in()["id_token"]

    for token in (code, id_token, "garbage", "idp_at_AAAA"):
        assert told(app, token) == DEAD
