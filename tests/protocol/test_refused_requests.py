"""What is wrong with an authorization request is said to the client, or to the person."""

from urllib.parse import urlencode

import pytest

from idp.protocol.clients.service import delete
from tests.app import ISSUER, text_of
from tests.protocol.parties import page_of, party, refused
from tests.support.spec import spec

LONG_STATE = "".join(chr(33 + n % 94) for n in range(128))


@spec("RFC 6749 §4.1.2.1")
def test_without_any_scope_of_the_clients_there_is_no_answer(rp):
    for scope in (None, "", "unheard-of", "offline_access"):
        assert refused(rp, rp.authorize(scope=scope)) == "invalid_scope"


@spec("OIDC Core §3.1.2.1")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_both_methods_refuse_alike(rp, method):
    def ask(**changed):
        parameters = rp.parameters(**changed)
        if method == "GET":
            return rp.follow(rp.get(f"/authorize?{urlencode(parameters)}"))
        return rp.follow(rp.browser.post("/authorize", data=parameters, base_url=ISSUER))

    assert refused(rp, ask(response_type="token")) == "unsupported_response_type"
    assert refused(rp, ask(prompt="none")) == "login_required"
    assert page_of(ask(redirect_uri="https://evil.example")) == "error"
    assert page_of(ask(client_id="unknown")) == "error"


def test_a_post_with_another_body_than_a_form_is_no_request(rp):
    parameters = rp.parameters()
    answers = [
        rp.browser.post("/authorize", json=parameters, base_url=ISSUER),
        rp.browser.post(
            "/authorize", data=parameters, content_type="multipart/form-data", base_url=ISSUER
        ),
    ]

    assert [(a.status_code, page_of(a)) for a in answers] == [(400, "error")] * 2


@spec("RFC 6749 §4.1.2.1", "OIDC Core §3.1.2.6")
def test_what_is_wrong_is_said_to_the_client_in_the_query(rp):
    for changed, error in (
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "none"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "bogus"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"display": "hologram"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1.5"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "\u0661"}, "invalid_request"),
        ({"max_age": "9" * 4000}, "invalid_request"),
        ({"nonce": "n" * 1025}, "invalid_request"),
    ):
        response = rp.authorize(**changed, state=LONG_STATE)
        assert refused(rp, response) == error, changed
        assert rp.answer(response)["state"] == LONG_STATE
        assert "#" not in response.headers["Location"]


@spec("RFC 6749 §4.1.2.1")
def test_an_overlong_state_is_refused_and_never_cut(rp):
    assert rp.answer(rp.authorize(state="s" * 4096, prompt="none"))["state"] == "s" * 4096

    response = rp.authorize(state="s" * 4097)

    assert refused(rp, response) == "invalid_request"
    assert "state" not in rp.answer(response)


@spec("OIDC Core §3.1.2.6", "OIDC Core §6.1", "OIDC Core §6.2", "OIDC Core §7.2.1", "ASVS 6.8.2")
def test_request_objects_are_refused_aloud(rp):
    for name, value in (
        ("request", "eyJhbGciOiJub25lIn0.e30."),
        ("request_uri", "https://app.example.test/request.jwt"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x"),
        ("registration", "{}"),
    ):
        response = rp.authorize(**{name: value}, state=LONG_STATE)
        assert refused(rp, response) == f"{name}_not_supported"
        assert rp.answer(response)["state"] == LONG_STATE


@spec("OIDC Core §6.1")
def test_a_redirect_uri_inside_a_request_object_counts_for_nothing(rp):
    response = rp.authorize(redirect_uri=None, request="eyJhbGciOiJub25lIn0.e30.")

    assert (response.status_code, page_of(response)) == (400, "error")


@spec("RFC 6749 §3.1")
def test_a_parameter_that_comes_twice_is_refused(rp):
    parameters = {"unknown": "1", "prompt": "login"} | rp.parameters()
    for name in ("scope", "state", "response_type", "nonce", "prompt", "unknown"):
        query = urlencode([*parameters.items(), (name, parameters[name])])
        response = rp.get(f"/authorize?{query}")
        assert refused(rp, response) == "invalid_request", name
        assert ("state" in rp.answer(response)) == (name != "state")


@spec("RFC 6749 §3.1")
def test_where_to_answer_must_not_come_twice(rp):
    parameters = rp.parameters()
    for name in ("client_id", "redirect_uri"):
        query = urlencode([*parameters.items(), (name, parameters[name])])
        response = rp.get(f"/authorize?{query}")
        assert (response.status_code, page_of(response)) == (400, "error")
        assert "Location" not in response.headers


@spec("RFC 6749 §4.1.2.1")
def test_a_client_without_the_grant_is_told_so(provider):
    rp = party(provider, grant_types=("client_credentials",))

    assert refused(rp, rp.authorize()) == "unauthorized_client"


@spec("RFC 6749 §4.1.2.1")
def test_an_unknown_client_gets_a_page_without_an_echo(rp):
    response = rp.authorize(client_id="<b>mallory</b>")

    assert (response.status_code, page_of(response)) == (400, "error")
    assert "Location" not in response.headers
    assert "mallory" not in text_of(response)


@spec("RFC 6749 §4.1.2.1")
def test_whoever_cancels_the_sign_in_denies_access(rp):
    response = rp.submit(rp.authorize(), action="cancel")

    assert refused(rp, response) == "access_denied"
    assert rp.answer(response)["state"] == rp.parameters()["state"]


def test_a_client_that_another_process_deleted_is_unknown_at_once(provider, sibling):
    provider.add_user()
    rp, asked = party(provider, first_party=True), party(provider)
    rp.sign_in()
    question = asked.log_in(asked.authorize())

    with sibling.context() as elsewhere:
        delete(elsewhere, rp.client_id)
        delete(elsewhere, asked.client_id)

    assert rp.authorize().status_code == 400
    assert asked.allow(question).status_code == 400
