"""Cookies: `__Host-` over TLS; on plain loopback what every browser accepts there."""

import flask
import pytest

from idp.settings import Settings
from idp.web import cookies
from tests.support.spec import spec

TLS = Settings(issuer="https://id.example.test")
PLAIN = ("http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000")
NAMES = (cookies.SESSION, cookies.BROWSER, cookies.DEVICE, cookies.TURN)


def parsed(response: flask.Response) -> tuple[str, str, set[str]]:
    pair, *attributes = [part.strip() for part in response.headers["Set-Cookie"].split(";")]
    name, _, value = pair.partition("=")
    return name, value, {attribute.lower() for attribute in attributes}


@spec("ASVS 5.0 V3.3.1", "ASVS 5.0 V3.3.3")
@pytest.mark.parametrize("name", NAMES)
def test_over_tls_a_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts(name):
    response = flask.Response()
    cookies.write(response, TLS, name, "idp_ss_x")
    written, value, attributes = parsed(response)
    assert (written, value) == (f"__Host-{name}", "idp_ss_x")
    assert attributes == {"secure", "httponly", "path=/", "samesite=lax"}


@pytest.mark.parametrize("issuer", PLAIN)
@pytest.mark.parametrize("name", NAMES)
def test_on_plain_loopback_it_has_neither_prefix_nor_secure(issuer, name):
    response = flask.Response()
    cookies.write(response, Settings(issuer=issuer), name, "x", max_age=60)
    written, _, attributes = parsed(response)
    assert written == name
    assert attributes >= {"httponly", "path=/", "samesite=lax", "max-age=60"}
    assert "secure" not in attributes


@pytest.mark.parametrize("settings", [TLS, Settings(issuer=PLAIN[0])])
def test_a_cookie_is_cleared_under_the_name_and_the_attributes_it_was_set_with(settings):
    setting, clearing = flask.Response(), flask.Response()
    cookies.write(setting, settings, cookies.SESSION, "x")
    cookies.clear(clearing, settings, cookies.SESSION)
    name, value, attributes = parsed(clearing)
    assert name == parsed(setting)[0]
    assert value == ""
    assert parsed(setting)[2] <= attributes
    assert "max-age=0" in attributes


def test_the_name_without_the_prefix_is_not_read_over_tls(inside):
    """A subdomain, or plain http, could have set it."""
    with inside(headers={"Cookie": "idp_session=planted"}):
        assert cookies.read(TLS, cookies.SESSION) is None
    with inside(headers={"Cookie": "__Host-idp_session=mine"}):
        assert cookies.read(TLS, cookies.SESSION) == "mine"
