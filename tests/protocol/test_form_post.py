"""response_mode=form_post: a page that posts itself to the client, errors as well."""

import re
from html import unescape

import pytest

from tests.app import CALLBACK, ISSUER, fields_of
from tests.protocol.parties import page_of
from tests.support.spec import spec

STATE = "a \"quoted\" <state> & 'more'"


def form(response):
    html = response.get_data(as_text=True)
    tag = re.search(r"<form\b[^>]*>", html)[0]
    return {k: unescape(v) for k, v in re.findall(r'([a-z]+)="([^"]*)"', tag)}


@spec("Form Post Response Mode §2")
def test_the_answer_is_posted_and_stands_in_no_url(rp):
    response = rp.allow(rp.log_in(rp.authorize(response_mode="form_post", state=STATE)))

    assert (response.status_code, page_of(response)) == (200, "form-post")
    assert "Location" not in response.headers
    assert form(response)["method"] == "post"
    assert form(response)["action"] == CALLBACK
    assert "enctype" not in form(response)
    fields = fields_of(response)
    assert set(fields) == {"code", "state", "iss"}
    assert (fields["state"], fields["iss"]) == (STATE, ISSUER)
    assert rp.redeem(fields["code"]).status_code == 200


@spec("Form Post Response Mode §2", "RFC 6749 §4.1.2.1")
@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"prompt": "none"}, "login_required"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"scope": "nothing"}, "invalid_scope"),
    ],
)
def test_errors_are_posted_too(rp, changed, error):
    response = rp.authorize(response_mode="form_post", state=STATE, **changed)

    assert page_of(response) == "form-post"
    fields = fields_of(response)
    assert set(fields) == {"error", "error_description", "state", "iss"}
    assert (fields["error"], fields["state"]) == (error, STATE)


@spec("Form Post Response Mode §2")
def test_cancelling_is_posted_too(rp):
    response = rp.submit(rp.authorize(response_mode="form_post"), action="cancel")

    assert fields_of(response)["error"] == "access_denied"


@spec("Form Post Response Mode §4", "RFC 9700 §4.16")
def test_the_page_is_kept_by_nobody_and_may_run_its_one_script(rp):
    rp.sign_in()
    response = rp.authorize(response_mode="form_post", prompt="none")
    html = response.get_data(as_text=True)
    policy = response.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)[1]

    assert response.headers["Cache-Control"] == "no-store"
    assert "unsafe-inline" not in policy
    assert re.findall(r'<script nonce="([^"]*)"', html) == [nonce]
    assert html.count("<script") == 1
    assert "form-action 'self' https:" in policy


@spec("Form Post Response Mode §2")
def test_without_scripts_a_button_does_it(rp):
    rp.sign_in()
    html = rp.authorize(response_mode="form_post", prompt="none").get_data(as_text=True)

    assert re.search(r'<button type="submit"[^>]*id="continue"', html)
    assert 'name="csrf_token"' not in html
    assert 'name="ticket"' not in html


@spec("Multiple Response Types §2.1")
def test_query_may_be_asked_for_by_name(rp):
    rp.sign_in()

    assert "code" in rp.answer(rp.authorize(response_mode="query", prompt="none"))
