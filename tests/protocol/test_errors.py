"""Errors: one form, no echo, no quote; and which origins may read what."""

import re
from pathlib import Path

import pytest

from idp.kernel.errors import IdpError
from idp.protocol import errors
from idp.protocol.errors import ProtocolError
from tests.app import ISSUER, text_of
from tests.protocol.parties import DESCRIPTION, token_error
from tests.support.spec import spec

CODE = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+\Z")


def every_subclass(kind):
    for each in kind.__subclasses__():
        yield each
        yield from every_subclass(each)


@spec("RFC 6749 §4.1.2.1", "RFC 6749 §5.2", "RFC 6750 §3")
def test_every_error_text_keeps_to_the_allowed_characters():
    classes = set(every_subclass(ProtocolError))

    assert len(classes) >= 18
    for kind in classes:
        assert DESCRIPTION.match(kind.public), kind
        assert CODE.match(kind.code), kind
        assert re.search(r"§\d", kind.__doc__ or "") or "unmet" in kind.code, kind


@spec("RFC 6749 §4.1.2.1")
def test_every_text_given_to_invalid_request_keeps_to_them_too():
    """The one class whose text varies: each text is a constant in the source."""
    texts = []
    for path in Path(errors.__file__).parent.rglob("*.py"):
        source = path.read_text()
        calls = re.findall(r"InvalidRequest\(\s*(.)(.*?)\1?\s*\)", source)
        texts += re.findall(r'InvalidRequest\("([^"]*)"', source)
        assert not any(quote == "f" for quote, _ in calls), path
    assert len(texts) > 15
    assert all(DESCRIPTION.match(text) for text in texts)


def test_the_private_detail_stays_private():
    error = errors.InvalidGrant("code_reused")

    assert "code_reused" not in error.public
    assert error.detail == "code_reused"
    assert issubclass(errors.UntrustedRequest, IdpError)
    assert not issubclass(errors.UntrustedRequest, ProtocolError)


@spec("RFC 6749 §5.2")
@pytest.mark.parametrize("path", ["/token", "/userinfo", "/introspect", "/revoke"])
def test_a_crash_is_json_and_tells_nothing(provider, monkeypatch, path):
    def crash(*_, **__):
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("idp.protocol.presented.shown", crash)
    monkeypatch.setattr("idp.protocol.clients.asking.authenticate_client", crash)

    response = provider.browser().post(path, data={"grant_type": "x"}, base_url=ISSUER)

    assert token_error(response) == (500, "server_error")
    assert "secret detail" not in response.get_data(as_text=True)


@spec("RFC 6749 §4.1.2.1")
def test_a_crash_of_the_authorization_endpoint_is_a_page_with_a_reference(rp, monkeypatch):
    def crash(*_, **__):
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("idp.protocol.authorization.service.judge", crash)
    response = rp.authorize()

    assert response.status_code == 500
    assert re.search(r'id="reference"[^>]*>[0-9A-Z]{8}<', response.get_data(as_text=True))
    assert "secret detail" not in text_of(response)
    assert "Location" not in response.headers


def test_what_a_browser_app_may_read_and_what_not(rp):
    origin = {"Origin": "https://spa.example.test"}
    readable = {
        path: rp.browser.open(path, method=method, base_url=ISSUER, headers=origin)
        for path, method in {
            "/.well-known/openid-configuration": "GET",
            "/.well-known/oauth-authorization-server": "GET",
            "/jwks": "GET",
            "/token": "POST",
            "/userinfo": "GET",
            "/revoke": "POST",
        }.items()
    }
    private = {
        path: rp.get(path, headers=origin)
        for path in (
            "/authorize",
            "/authorize/continue",
            "/consent",
            "/introspect",
            "/login",
            "/logout",
            "/",
        )
    }

    assert {r.headers.get("Access-Control-Allow-Origin") for r in readable.values()} == {"*"}
    assert {r.headers.get("Access-Control-Allow-Origin") for r in private.values()} == {None}
    for response in (*readable.values(), *private.values()):
        assert "Access-Control-Allow-Credentials" not in response.headers


@spec("RFC 9700 §2.6")
def test_a_preflight_of_the_token_endpoint_is_answered(provider):
    response = provider.browser().options("/token", base_url=ISSUER)

    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Methods"] == "POST"
    assert "Authorization" in response.headers["Access-Control-Allow-Headers"]


def test_no_answer_but_the_documents_is_kept_by_anyone(rp):
    rp.sign_in()
    for path in ("/authorize", "/userinfo", "/login", "/logout", "/account", "/nowhere"):
        assert rp.get(path).headers["Cache-Control"] == "no-store", path


def test_every_answer_carries_the_headers_of_the_house(rp):
    for path in ("/authorize", "/login", "/userinfo", "/nowhere"):
        headers = rp.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Strict-Transport-Security"].startswith("max-age=")
        assert "default-src 'none'" in headers["Content-Security-Policy"]
