"""The language of a page: a wish that we can fulfil, or English; never an error."""

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.web.locale import LOCALES, select_locale
from tests.bad_input.strategies import examples, header_bytes
from tests.support.spec import spec


@spec("OIDC Core §3.1.2.1")
@pytest.mark.parametrize(
    "wish", ["en", "en-GB", "xx en", "de-DE en-US fr", "EN", "", "de", "..", "-", "x" * 3000]
)
def test_every_wish_ends_in_a_language_that_we_have(inside, wish):
    with inside():
        flask.g.ui_locale = wish
        assert select_locale() in LOCALES


@given(wish=st.one_of(st.none(), st.text(max_size=60)))
@examples(150)
def test_no_wish_breaks_a_page(inside, wish):
    with inside():
        flask.g.ui_locale = wish
        assert select_locale() in LOCALES


@given(header=header_bytes)
@examples(100)
def test_no_browser_breaks_a_page(inside, header):
    with inside(headers={"Accept-Language": header.decode("latin-1")}):
        assert select_locale() in LOCALES
