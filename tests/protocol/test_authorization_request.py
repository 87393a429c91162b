"""The authorization request: what may stand in it, what must, and how it is refused."""

from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import select

from idp.store.schema import authorization_requests
from tests.app import CALLBACK, ISSUER, claims_of
from tests.protocol.parties import page_of, party
from tests.support.spec import spec

LONG_STATE = "".join(chr(33 + n % 94) for n in range(128))


@spec("OIDC Core §3.1.2.5", "RFC 6749 §4.1.2", "RFC 9207 §2")
def test_the_answer_is_a_code_the_state_and_the_issuer_and_nothing_else(rp):
    answer = rp.answer(rp.allow(rp.log_in(rp.authorize(state=LONG_STATE))))

    assert set(answer) == {"code", "state", "iss"}
    assert answer["state"] == LONG_STATE
    assert answer["iss"] == ISSUER


@spec("RFC 6749 §4.1.2")
def test_without_state_none_comes_back(rp):
    assert set(rp.answer(rp.allow(rp.log_in(rp.authorize(state=None))))) == {"code", "iss"}


@spec("RFC 9700 §4.12")
def test_the_way_back_is_a_303_so_that_no_password_is_posted_on(rp):
    response = rp.allow(rp.log_in(rp.authorize()))

    assert response.status_code == 303
    assert response.headers["Cache-Control"] == "no-store"


@spec("OIDC Core §3.1.2.1", "RFC 6749 §3.1")
def test_neither_order_nor_unknown_parameters_matter(rp):
    parameters = rp.parameters(scope="email openid", foo="bar", resource_hint="x")
    backwards = dict(reversed(parameters.items()))
    page = rp.follow(rp.get(f"/authorize?{urlencode(backwards)}"))

    code = rp.answer(rp.allow(rp.log_in(page)))["code"]

    assert set(rp.redeem(code).get_json()["scope"].split()) == {"openid", "email"}


@spec("OIDC Core §3.1.2.1")
def test_unknown_scopes_are_ignored(rp):
    tokens = rp.sign_in(scope="openid unheard-of email")

    assert tokens["scope"] == "openid email"


@spec("OIDC Core §3.1.2.1", "RFC 6749 §3.3")
def test_scopes_that_the_client_may_not_have_are_left_out(provider):
    provider.add_user()
    rp = party(provider, scope=("openid", "email"))

    assert rp.sign_in(scope="openid profile email")["scope"] == "openid email"


@spec("OIDC Core §3.1.2.1")
def test_without_openid_it_is_plain_oauth_without_an_id_token(rp):
    tokens = rp.sign_in(scope="email")

    assert "id_token" not in tokens
    assert tokens["access_token"]


@spec("OIDC Core §3.1.2.1")
def test_what_is_optional_never_stands_in_the_way(rp):
    for optional in (
        {"ui_locales": "x" * 6000},
        {"display": "page"},
        {"display": "popup"},
        {"display": "touch"},
        {"display": "wap"},
        {"ui_locales": "se"},
        {"ui_locales": "de-CH-1996 !! x"},
        {"claims_locales": "se"},
        {"acr_values": "urn:nothing:we:know"},
        {"login_hint": "somebody@else.example"},
        {"id_token_hint": "not a token"},
    ):
        response = rp.log_in(rp.authorize(**optional, prompt="login consent"))
        assert rp.answer(rp.allow(response))["code"], optional


@spec("OIDC Core §3.1.2.1")
def test_login_hint_is_filled_in(rp):
    page = rp.authorize(login_hint='ada"><b>@example.test')

    assert page_of(page) == "login"
    assert 'value="ada&#34;&gt;&lt;b&gt;@example.test"' in page.get_data(as_text=True)


@spec("OIDC Core §3.1.2.1", "OIDC Core §3.1.2.6")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_post_works_as_get_does(rp, method):
    parameters = rp.parameters(state=LONG_STATE, prompt="consent", max_age="5000")
    if method == "GET":
        page = rp.get(f"/authorize?{urlencode(parameters)}")
    else:
        page = rp.browser.post("/authorize", data=parameters, base_url=ISSUER)

    answer = rp.answer(rp.allow(rp.log_in(rp.follow(page))))

    assert answer["state"] == LONG_STATE
    assert rp.redeem(answer["code"]).status_code == 200


@spec("RFC 6749 §3.1")
def test_an_empty_parameter_is_one_that_was_not_sent(rp):
    response = rp.authorize(prompt="", max_age="", claims="", request="", login_hint="")

    assert page_of(response) == "login"


@spec("OIDC Core §3.1.2.1")
def test_nonce_may_be_left_out_of_the_code_flow(rp):
    assert "nonce" not in claims_of(rp.sign_in(nonce=None)["id_token"])


def test_an_answered_request_is_not_answered_again(rp):
    page = rp.authorize()
    consent = rp.log_in(page)
    assert "code" in rp.answer(rp.allow(consent))

    again = rp.allow(consent)

    assert (again.status_code, page_of(again)) == (400, "error")


def test_a_request_waits_an_hour_and_no_longer(provider, rp):
    page = rp.authorize()
    provider.clock.forward(minutes=59)
    assert page_of(rp.log_in(page)) == "consent"

    other = rp.authorize(prompt="login")
    provider.clock.forward(minutes=61)
    late = rp.log_in(other)

    assert page_of(late) != "consent"
    assert not late.headers.get("Location", "").startswith(CALLBACK)


def test_a_forged_ticket_leads_nowhere(rp):
    for ticket in ("", "x", "x.y", "e30.AAAA"):
        response = rp.get(f"/authorize/continue?{urlencode({'ticket': ticket})}")
        assert (response.status_code, page_of(response)) == (400, "error")


@spec("RFC 9700 §4.16")
def test_pages_cannot_be_framed(rp):
    page = rp.authorize()

    assert page.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_no_page_of_the_walk_may_be_read_from_another_origin(rp):
    query = urlencode(rp.parameters())
    for path in (f"/authorize?{query}", "/login", "/logout", "/account"):
        answer = rp.get(path, headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in answer.headers, urlsplit(path).path


def test_what_may_be_registered_can_be_carried_through_the_walk(provider):
    provider.add_user()
    link = "https://app.example.test/" + "x" * 1500
    rp = party(provider, client_uri=link, logo_uri=link, policy_uri=link, tos_uri=link)

    assert page_of(rp.log_in(rp.authorize())) == "consent"


def test_many_scopes_can_be_carried_through_the_walk(provider):
    provider.add_user()
    scope = ("openid", *(f"https://api.example.test/scope/{n:03}" for n in range(120)))
    rp = party(provider, scope=scope)

    assert page_of(rp.log_in(rp.authorize(scope=" ".join(scope)))) == "consent"


def test_of_a_waiting_request_only_what_we_understand_is_kept(provider, rp):
    """Else anybody could fill the database with whatever they like."""
    rp.authorize(junk="x" * 6000)

    with provider.context() as ctx:
        kept = ctx.db.read(select(authorization_requests.c.parameters)).scalars().all()
    assert kept
    assert not any("junk" in parameters for parameters in kept)
    assert rp.answer(rp.authorize(login_hint="x" * 17000))["error"] == "invalid_request"
