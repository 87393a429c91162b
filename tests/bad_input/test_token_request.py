"""The token request takes any bytes: an error of RFC 6749 §5.2, and never a token."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app import CALLBACK, VERIFIER
from tests.bad_input.strategies import (
    content_types,
    encoded,
    examples,
    forms,
    header_bytes,
    query_of,
    values,
)
from tests.bad_input.wire import Answer, assert_json_error, assert_sound
from tests.support.spec import spec

PARAMETERS = (
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "client_id",
    "client_secret",
    "scope",
    "client_assertion",
    "client_assertion_type",
    "resource",
)
REFUSALS = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_target",
}
anything = forms(*PARAMETERS)


def assert_refused(answer: Answer) -> None:
    assert_sound(answer)
    assert answer.status in (400, 401, 413), answer.body
    assert_json_error(answer)
    assert answer.json["error"] in REFUSALS
    assert (answer.status == 401) == (answer.json["error"] == "invalid_client")
    if answer.status == 401:
        assert (answer.header("WWW-Authenticate") or "").startswith("Basic ")


@pytest.fixture(scope="module")
def good(target):
    """What a redemption looks like, but for a code that lives."""
    return {
        "grant_type": "authorization_code",
        "code": target.rp.code() and "idp_ac_" + "A" * 65,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }


@given(name=st.sampled_from(PARAMETERS), value=values, public=st.booleans())
@examples(100)
def test_any_value_of_one_parameter_is_refused_in_form(target, good, name, value, public):
    party = target.public if public else target.rp
    body = good | ({"client_id": party.client_id} if public else {}) | {name: value}
    headers = {} if public else party.basic()
    assert_refused(target.stranger().post("/token", query_of(body), headers=headers))


@given(name=st.sampled_from(PARAMETERS), value=values)
@examples(50)
def test_any_value_beside_a_client_credentials_grant_gives_no_server_error(target, name, value):
    body = {"grant_type": "client_credentials", "scope": "reports"} | {name: value}
    answer = target.stranger().post("/token", query_of(body), headers=target.rp.basic())
    assert_sound(answer)
    if answer.status != 200:
        assert_refused(answer)


@given(body=anything, content_type=content_types, known=st.booleans())
@examples(60)
def test_any_body_of_any_type_is_refused_in_form(target, body, content_type, known):
    headers = target.rp.basic() if known else {}
    wire = target.stranger()
    assert_refused(wire.post("/token", body, headers=headers))
    assert_refused(wire.post("/token", body, content_type=content_type, headers=headers))


def basic(raw: bytes) -> bytes:
    return b"Basic " + b64encode(raw)


@spec("RFC 6749 §2.3.1", "RFC 7617 §2")
@given(
    header=st.one_of(
        header_bytes,
        header_bytes.map(lambda raw: b"Basic " + raw),
        st.one_of(values, st.binary(max_size=60)).map(basic),
        values.map(lambda raw: basic(encoded(raw).encode() + b":x")),
        values.map(lambda raw: basic(raw + b":" + raw)),
        st.sampled_from(
            (b"", b"Basic", b"basic  ", b"Basic Og==", b"Bearer x", b"Basic \xff", b"Basic ====")
        ),
    )
)
@examples(100)
def test_any_authorization_header_is_refused_in_form(target, good, header):
    answer = target.stranger().post("/token", query_of(good), headers={"Authorization": header})
    assert_refused(answer)
    assert answer.json["error"] in ("invalid_client", "invalid_request")


@given(secret=values)
@examples(40)
def test_any_secret_in_the_body_is_a_wrong_one(target, good, secret):
    body = good | {"client_id": target.client_id, "client_secret": secret}
    assert_refused(target.stranger().post("/token", query_of(body)))


@pytest.mark.parametrize("name", [name for name in PARAMETERS if name != "resource"])
@spec("RFC 6749 §3.2", "RFC 8707 §2")
def test_a_parameter_that_comes_twice_is_refused(target, good, name):
    body = query_of(good | {name: good.get(name, "x")})
    body += f"&{name}={good.get(name, 'x')}".encode()
    answer = target.stranger().post("/token", body, headers=target.rp.basic())
    assert_refused(answer)
    assert answer.json["error"] == "invalid_request"


def test_an_announced_giant_is_refused_before_it_is_read(target):
    answer = target.stranger().post("/token", b"a=b", CONTENT_LENGTH=str(10**12))
    assert answer.status == 413
    assert_json_error(answer)


@pytest.mark.parametrize("length", ["", "abc", "-1", "1e3", "\xb2", "0x10", " 3 ", "9" * 400])
def test_a_broken_length_is_no_crash(target, length):
    wire = target.stranger()
    for path in ("/token", "/userinfo", "/login", "/logout", "/authorize"):
        answer = wire.post(path, b"a=b", CONTENT_LENGTH=length)
        assert_sound(answer)


def test_a_body_that_ends_early_is_no_crash(target):
    wire = target.stranger()
    for path in ("/token", "/userinfo", "/login", "/logout", "/authorize"):
        answer = wire.post(path, b"grant_type=", CONTENT_LENGTH="4000")
        assert_sound(answer)
