"""The authorization request takes any bytes: a page, or an error at the registered address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app import CALLBACK, PASSWORD
from tests.bad_input.strategies import content_types, examples, forms, query_of, values
from tests.bad_input.wire import MARK, assert_sound, fields_on

PARAMETERS = (
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "acr_values",
    "login_hint",
    "id_token_hint",
    "ui_locales",
    "claims_locales",
    "display",
    "claims",
    "request",
    "request_uri",
    "registration",
    "code_challenge",
    "code_challenge_method",
    "resource",
)
anything = forms(*PARAMETERS)


@pytest.fixture(scope="module")
def person(target):
    return target.signed_in()


@given(name=st.sampled_from(PARAMETERS), value=values, silent=st.booleans(), by_form=st.booleans())
@examples(100)
def test_any_value_of_one_parameter_is_answered_in_form(
    target, person, name, value, *, silent, by_form
):
    parameters = target.rp.parameters() | ({"prompt": "none"} if silent else {}) | {name: value}
    for wire in (target.stranger(), person):
        query = query_of(parameters)
        by = {"POST": {"body": query}, "GET": {"query": query}}
        method = "POST" if by_form else "GET"
        answer = wire.send(method, "/authorize", **by[method])
        assert_sound(answer)
        if answer.location.startswith("/"):
            assert_sound(wire.follow(answer))


@given(query=anything, content_type=content_types)
@examples(60)
def test_any_bytes_as_query_or_body_are_answered_with_a_page(target, query, content_type):
    wire = target.stranger()
    for answer in (
        wire.get("/authorize", query=query),
        wire.post("/authorize", query),
        wire.post("/authorize", query, content_type=content_type),
        wire.get("/authorize/continue", query=query),
    ):
        assert_sound(answer)
        assert answer.status in (400, 413)
        assert "page-error" in answer.text


@given(extra=anything)
@examples(50)
def test_noise_beside_a_good_request_never_leads_elsewhere(target, person, extra):
    query = query_of(target.rp.parameters(prompt="none")) + b"&" + extra
    for answer in (person.get("/authorize", query=query), person.post("/authorize", query)):
        assert_sound(answer)


@given(value=values)
@examples(40)
def test_a_form_post_answer_escapes_the_state_and_goes_to_the_registered_address(target, value):
    parameters = target.rp.parameters(prompt="none", response_mode="form_post") | {"state": value}
    answer = target.stranger().get("/authorize", query=query_of(parameters))
    assert_sound(answer)
    assert answer.status == 200
    assert f'action="{CALLBACK}"' in answer.text
    sent = fields_on(answer)
    assert sent["error"] in ("login_required", "invalid_request")
    if "state" in sent:
        assert sent["state"].encode() == value


@given(hint=values)
@examples(30)
def test_a_login_hint_is_shown_as_text_in_the_field_and_nowhere_else(target, hint):
    wire = target.stranger()
    query = query_of(target.rp.parameters() | {"login_hint": hint})
    page = wire.follow(wire.get("/authorize", query=query))
    assert_sound(page)
    if page.status == 200 and MARK in page.text:
        assert page.text.count(MARK) == 1


@pytest.mark.parametrize("length", [200, 201, 5000, 15_000])
def test_long_ui_locales_do_not_cost_the_way_back(target, length):
    """The ticket that carries them is of limited size; it must carry the request all the same."""
    wire = target.stranger()
    query = query_of(target.rp.parameters() | {"ui_locales": b"x-" * (length // 2)})
    page = wire.follow(wire.post("/authorize", query))
    assert 'id="page-login"' in page.text
    sent = fields_on(page) | {"identifier": "ada", "password": PASSWORD}
    answer = wire.follow(wire.post("/login", query_of(sent)))
    assert answer.location.startswith(CALLBACK + "?code=")
