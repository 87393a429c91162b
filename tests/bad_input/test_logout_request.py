"""The logout request takes any bytes: nobody is sent away by it, and nobody to anywhere."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.kernel.encoding import b64url, json_bytes
from tests.app import CALLBACK, claims_of, header_of
from tests.bad_input.strategies import examples, forms, query_of, values
from tests.bad_input.wire import assert_sound, fields_on

PARAMETERS = (
    "id_token_hint",
    "logout_hint",
    "client_id",
    "post_logout_redirect_uri",
    "state",
    "ui_locales",
)


@pytest.fixture(scope="module")
def person(target):
    return target.signed_in()


@pytest.fixture(scope="module")
def id_token(target):
    return target.rp.sign_in()["id_token"]


def assert_still_in(person) -> None:
    assert 'id="page-account"' in person.get("/account").text


@given(name=st.sampled_from(PARAMETERS), value=values, by_form=st.booleans(), hinted=st.booleans())
@examples(80)
def test_any_value_of_one_parameter_ends_nothing_and_leads_nowhere(
    target, person, id_token, name, value, *, by_form, hinted
):
    good = {
        "client_id": target.client_id,
        "post_logout_redirect_uri": CALLBACK,
        "state": "xyz",
    } | ({"id_token_hint": id_token} if hinted else {})
    query = query_of(good | {name: value})
    for wire in (target.stranger(), person):
        answer = wire.post("/logout", query) if by_form else wire.get("/logout", query=query)
        assert_sound(answer)
        assert_sound(wire.follow(answer))
    assert_still_in(person)


@given(query=forms(*PARAMETERS))
@examples(50)
def test_any_bytes_end_nothing_and_lead_nowhere(target, person, query):
    for wire in (target.stranger(), person):
        for answer in (
            wire.get("/logout", query=query),
            wire.post("/logout", query),
            wire.get("/logout/continue", query=query),
            wire.post("/logout/confirm", query),
        ):
            assert_sound(answer)
            assert not answer.location.startswith("http")
    assert_still_in(person)


ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    CALLBACK + "/",
    CALLBACK + "?x=1",
    CALLBACK + "#",
    CALLBACK + " ",
    CALLBACK.upper(),
    CALLBACK.replace("app.", "app.evil."),
    CALLBACK.replace("https://", "https://evil.example\\@"),
    CALLBACK.replace("https", "http"),
    "javascript:alert(1)",
    "\u200b" + CALLBACK,
)


@pytest.mark.parametrize("uri", ELSEWHERE)
def test_no_unregistered_address_is_ever_redirected_to(target, person, id_token, uri):
    query = query_of({"id_token_hint": id_token, "post_logout_redirect_uri": uri, "state": "x"})
    for wire in (target.stranger(), person):
        for first in (wire.get("/logout", query=query), wire.post("/logout", query)):
            page = wire.follow(first)
            assert page.status == 200
            assert "evil" not in page.text
            assert page.header("Location") is None
    page = person.get("/logout", query=query)
    assert 'id="page-logout"' in page.text
    # The person's own yes ends the session, and still leads nowhere else.
    wire = target.signed_in()
    asked = wire.get("/logout", query=query)
    done = wire.post("/logout/confirm", query_of(fields_on(asked) | {"action": "logout"}))
    assert done.header("Location").startswith("/logged-out?ticket=")
    assert 'id="page-logged-out"' in wire.follow(done).text


def test_no_forged_hint_ends_a_session(target, person):
    """Nor does one of another session, or an access token of this very one."""
    rp = target.rp
    tokens = rp.sign_in()
    session = next(value for name, value in person.jar.items() if name.endswith("idp_session"))
    assert session
    header, claims = header_of(tokens["id_token"]), claims_of(tokens["id_token"])
    body = b64url(json_bytes(claims))
    hints = (
        f"{b64url(json_bytes(header | {'alg': 'none'}))}.{body}.",
        tokens["access_token"],
        tokens["id_token"],
        tokens["id_token"][:-6] + "AAAAAA",
    )
    for hint in hints:
        page = person.get("/logout", query=query_of({"id_token_hint": hint}))
        assert 'id="page-logout"' in page.text
        assert_still_in(person)


def test_a_logout_form_without_our_token_ends_nothing(target):
    wire = target.signed_in()
    page = wire.get("/logout")
    sent = fields_on(page) | {"action": "logout"}
    for change in ({"csrf_token": ""}, {"csrf_token": "A" * 43}):
        assert wire.post("/logout/confirm", query_of(sent | change)).status == 403
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert wire.post("/logout/confirm", query_of(sent), headers=headers).status == 403
    assert_still_in(wire)


def test_the_way_back_keeps_the_registered_address_whole(target):
    query = query_of({"client_id": target.client_id, "post_logout_redirect_uri": CALLBACK})
    answer = target.stranger().get("/logout", query=query + b"&state=%22%3E%0a")
    assert answer.location == ""
    answer = target.stranger().get("/logout", query=query + b"&state=a%26code%3Db%23")
    assert urlsplit(answer.location).query == "state=a%26code%3Db%23"
