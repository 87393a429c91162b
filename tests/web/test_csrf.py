"""Forms are answered for our own pages in the browser that got them."""

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.web import csrf
from idp.web.csrf import ForeignForm
from idp.web.parameters import Parameters
from tests.app import ISSUER
from tests.bad_input.strategies import examples

COOKIE = {"Cookie": "__Host-idp_browser=idp_br_mine"}


@pytest.fixture
def token(inside):
    with inside(headers=COOKIE):
        return csrf.token()


def refused(inside, sent: str | None, **headers: str) -> bool:
    form = Parameters({"csrf_token": sent} if sent else {})
    with inside(method="POST", headers={**headers}):
        try:
            csrf.check(form)
        except ForeignForm:
            return True
    return False


def test_our_own_form_passes(inside, token):
    assert not refused(inside, token, **COOKIE)
    assert not refused(inside, token, **COOKIE, Origin=ISSUER)
    for site in ("same-origin", "none"):
        assert not refused(inside, token, **COOKIE, **{"Sec-Fetch-Site": site})


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example",
        ISSUER + "/",
        ISSUER + ":443",
        ISSUER.upper(),
        ISSUER.replace("https", "http"),
        ISSUER + ".evil.example",
        "https://sub.id.example.test",
    ],
)
def test_another_origin_is_refused_whatever_the_token(inside, token, origin):
    assert refused(inside, token, **COOKIE, Origin=origin)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "SAME-ORIGIN", "x"])
def test_another_site_is_refused_whatever_the_token(inside, token, site):
    assert refused(inside, token, **COOKIE, **{"Sec-Fetch-Site": site})


def test_no_cookie_no_token_or_another_browsers_token_is_refused(inside, token):
    assert refused(inside, token)
    assert refused(inside, token, Cookie="__Host-idp_browser=")
    assert refused(inside, token, Cookie="idp_browser=idp_br_mine")
    assert refused(inside, token, Cookie="__Host-idp_browser=idp_br_another")
    assert refused(inside, None, **COOKIE)


@given(sent=st.text(st.characters(exclude_categories=("Cs",))))
@examples(60)
def test_no_other_text_is_the_token(inside, token, sent):
    assert refused(inside, sent, **COOKIE) == (sent != token)


def test_a_browser_without_a_cookie_gets_one_and_the_token_of_it(inside, house):
    with inside():
        first = csrf.token()
        assert csrf.token() == first
        response = flask.Response()
        csrf.keep_browser_cookie(response)
    cookie = response.headers["Set-Cookie"].partition(";")[0]
    assert cookie.startswith("__Host-idp_browser=idp_br_")
    assert first not in cookie
    with inside(headers={"Cookie": cookie}):
        assert csrf.token() == first
        response = flask.Response()
        csrf.keep_browser_cookie(response)
    assert "Set-Cookie" not in response.headers
