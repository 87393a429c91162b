"""What every answer carries, and where the forms of a page may lead."""

import flask
import pytest

from idp.settings import Settings
from idp.web.headers import content_security_policy, csp_nonce, put_headers
from tests.support.spec import spec


def directives(policy: str) -> dict[str, list[str]]:
    found = [part.split() for part in policy.split("; ")]
    assert len({name for name, *_ in found}) == len(found)
    return {name: sources for name, *sources in found}


@spec("ASVS 5.0 V3.4.3")
@pytest.mark.parametrize(
    ("target", "actions"),
    [
        (None, []),
        ("https://app.example.test/callback", ["https:"]),
        ("https://app.example.test", ["https:"]),
        ("http://localhost:8001/cb", ["https:", "http://localhost:*", "http://127.0.0.1:*"]),
        ("http://127.0.0.1/cb", ["https:", "http://localhost:*", "http://127.0.0.1:*"]),
        ("com.example.app:/cb", ["https:", "com.example.app:"]),
    ],
)
def test_forms_may_lead_home_and_to_the_kind_of_place_that_asked(inside, target, actions):
    with inside():
        policy = directives(content_security_policy(target))
    assert policy["form-action"] == ["'self'", *actions]
    assert policy["default-src"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["base-uri"] == ["'none'"]
    assert not any("unsafe" in source for sources in policy.values() for source in sources)
    assert not any(source in ("*", "http:") for sources in policy.values() for source in sources)


def test_a_nonce_is_new_with_each_request_and_one_within_it(inside):
    with inside():
        first = csp_nonce()
        assert csp_nonce() == first
        assert f"'nonce-{first}'" in content_security_policy(None)
    with inside():
        assert csp_nonce() != first
    assert len(first) >= 22


@spec("ASVS 5.0 V3.4.1", "ASVS 5.0 V3.4.4", "ASVS 5.0 V3.4.5")
def test_every_answer_is_dressed_and_keeps_what_it_has_set_itself():
    response = flask.Response(headers={"Cache-Control": "public", "Content-Security-Policy": "x"})
    put_headers(response, Settings(issuer="https://id.example.test"))
    assert response.headers["Cache-Control"] == "public"
    assert response.headers["Content-Security-Policy"] == "x"
    bare = flask.Response()
    put_headers(bare, Settings(issuer="https://id.example.test"))
    assert bare.headers["Cache-Control"] == "no-store"
    assert bare.headers["X-Content-Type-Options"] == "nosniff"
    assert bare.headers["X-Frame-Options"] == "DENY"
    assert bare.headers["Referrer-Policy"] == "same-origin"
    assert bare.headers["Strict-Transport-Security"].startswith("max-age=63072000")


def test_plain_loopback_is_not_pinned_to_tls():
    response = flask.Response()
    put_headers(response, Settings(issuer="http://localhost:8000"))
    assert "Strict-Transport-Security" not in response.headers


def test_pages_ask_for_one_hint_and_nobody_waits_for_it():
    page, document = flask.Response("<p>"), flask.Response("{}", mimetype="application/json")
    for response in (page, document):
        put_headers(response, Settings(issuer="https://id.example.test"))
    assert page.headers["Accept-CH"] == "Sec-CH-UA-Form-Factors"
    assert "Critical-CH" not in page.headers
    assert "Accept-CH" not in document.headers
