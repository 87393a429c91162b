"""Introspection and revocation take any bytes: one word for what is no token, and no effect."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

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

PATHS = ("/introspect", "/revoke")
PARAMETERS = ("token", "token_type_hint", "client_id", "client_secret")
NOTHING = {"/introspect": b'{"active":false}', "/revoke": b"{}"}
PREFIXES = (b"", b"idp_rt_", b"idp_ac_", b"idp_at_", b"idp_ss_", b"eyJ", b"Bearer ")
anything = forms(*PARAMETERS)
paths = st.sampled_from(PATHS)


@pytest.fixture(scope="module")
def tokens(target):
    return target.rp.sign_in()


def assert_refused(answer: Answer) -> None:
    assert_sound(answer)
    assert answer.status in (400, 401, 413), answer.body
    assert_json_error(answer)
    assert answer.json["error"] in ("invalid_request", "invalid_client")
    assert (answer.status == 401) == (answer.json["error"] == "invalid_client")


def ask(target, path: str, token: bytes, **headers: bytes | str) -> Answer:
    body = b"token=" + encoded(token).encode()
    return target.stranger().post(path, body, headers=target.rp.basic() | headers)


def assert_learns_nothing(answer: Answer, path: str) -> None:
    assert_sound(answer)
    if answer.status != 200:
        assert_refused(answer)
    else:
        assert answer.body == NOTHING[path]


@spec("RFC 7662 §2.2", "RFC 7009 §2.2")
@given(path=paths, prefix=st.sampled_from(PREFIXES), token=values)
@examples(150)
def test_any_value_for_a_token_is_answered_alike(target, path, prefix, token):
    assert_learns_nothing(ask(target, path, prefix + token), path)


@spec("RFC 7662 §4")
@given(
    path=paths, kind=st.sampled_from(("access_token", "refresh_token", "id_token")), data=st.data()
)
@examples(100)
def test_a_token_with_one_byte_changed_is_none(target, tokens, path, kind, data):
    raw = bytearray(tokens.get(kind, tokens["access_token"]).encode())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] = data.draw(st.integers(33, 126).filter(lambda byte: byte != raw[at]))
    assert_learns_nothing(ask(target, path, bytes(raw)), path)


@given(path=paths, body=anything, content_type=content_types, known=st.booleans())
@examples(80)
def test_any_body_of_any_type_is_answered_in_form(target, path, body, content_type, known):
    headers = target.rp.basic() if known else {}
    wire = target.stranger()
    for answer in (
        wire.post(path, body, headers=headers),
        wire.post(path, body, content_type=content_type, headers=headers),
    ):
        assert_learns_nothing(answer, path)


@spec("RFC 7617 §2")
@given(
    path=paths,
    header=st.one_of(
        header_bytes,
        header_bytes.map(lambda raw: b"Basic " + raw),
        st.one_of(values, st.binary(max_size=60)).map(lambda raw: b"Basic " + b64encode(raw)),
    ),
)
@examples(60)
def test_any_authorization_header_is_refused_in_form(target, path, header):
    answer = target.stranger().post(path, b"token=x", headers={"Authorization": header})
    assert_refused(answer)


@given(path=paths, hint=values)
@examples(40)
def test_any_hint_is_passed_over(target, path, hint):
    body = query_of({"token": b"x", "token_type_hint": hint})
    answer = target.stranger().post(path, body, headers=target.rp.basic())
    assert_learns_nothing(answer, path)


@spec("RFC 9110 §12.5.1")
@given(accept=header_bytes)
@examples(80)
def test_any_accept_header_gets_an_answer(target, accept):
    answer = ask(target, "/introspect", b"x", Accept=accept)
    assert_learns_nothing(answer, "/introspect")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_that_comes_twice_is_refused(target, path, name):
    body = query_of({"token": "x", name: "x"}) + f"&{name}=x".encode()
    answer = target.stranger().post(path, body, headers=target.rp.basic())
    assert_refused(answer)


@pytest.mark.parametrize("path", PATHS)
def test_an_announced_giant_is_refused_before_it_is_read(target, path):
    answer = target.stranger().post(path, b"token=b", CONTENT_LENGTH=str(10**12))
    assert answer.status == 413
    assert_json_error(answer)


def test_what_was_asked_left_the_good_tokens_alone(target, tokens):
    assert target.rp.userinfo(tokens["access_token"]).status_code == 200
