"""Whatever a browser posts in place of an answer is refused without a traceback."""

import json
from dataclasses import fields

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.credentials.answers import LONGEST
from idp.credentials.passkeys import Refused
from tests.credentials.passkey_steps import Person, device, names_of_events
from tests.support.authenticator import Lies, b64url, unb64url
from tests.support.cbor import cbor

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT
JSON = st.recursive(
    SCALARS, lambda each: st.lists(each, max_size=4) | st.dictionaries(ANY_TEXT, each, max_size=4)
)
BYTES = st.binary(max_size=120)
PARTS = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle")
many = settings(max_examples=50, suppress_health_check=list(HealthCheck))


@pytest.fixture
def alice(provider):
    return Person(provider)


@pytest.fixture
def key(alice):
    made = device()
    alice.owns(made)
    return made


def answers(alice, key):
    """Each ceremony with its true answer, and what finishes it."""
    sign_in, factor, making = (
        alice.begin_sign_in(),
        alice.begin_factor(),
        alice.begin_registration(),
    )
    yield sign_in, key.get(sign_in.options), alice.finish_sign_in
    yield factor, key.get(factor.options), alice.finish_factor
    yield making, device().create(making.options), alice.finish_registration


def assert_all_refused(alice, key, garbled):
    for ceremony, answer, finish in answers(alice, key):
        assert isinstance(finish(ceremony, garbled(answer)), Refused)
    assert set(names_of_events(alice.provider)) == {"passkey.added"}
    assert len(alice.passkeys()) == 1


@given(text=ANY_TEXT | JSON.map(json.dumps))
@many
def test_no_text_is_an_answer(alice, key, text):
    assert_all_refused(alice, key, lambda _: text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "NaN",
        "[" * LONGEST,
        '{"a":' * (LONGEST // 5),
        "9" * LONGEST,
        '{"id": ' + "9" * 5000 + "}",
        "\ud800",
        '"\\ud800"',
        "\ufeff{}",
        "{}" + " " * LONGEST,
    ],
    ids=range(11),
)
def test_extreme_texts_are_refused(alice, key, text):
    assert_all_refused(alice, key, lambda _: text)


def test_an_answer_has_a_largest_size(alice, key):
    assert_all_refused(alice, key, lambda answer: answer + " " * LONGEST)


@given(part=st.sampled_from((*PARTS, "id", "rawId", "type", "response")), value=JSON)
@many
def test_no_wrong_type_in_an_answer_is_a_traceback(alice, key, part, value):
    def garbled(answer):
        content = json.loads(answer)
        (content if part in content else content["response"])[part] = value
        return json.dumps(content)

    for ceremony, answer, finish in answers(alice, key):
        finish(ceremony, garbled(answer))


@given(part=st.sampled_from(PARTS), value=BYTES | JSON.map(lambda v: json.dumps(v).encode()))
@many
def test_no_bytes_in_an_answer_are_a_traceback(alice, key, part, value):
    def garbled(answer):
        content = json.loads(answer)
        content["response"][part] = b64url(value)
        return json.dumps(content)

    for ceremony, answer, finish in answers(alice, key):
        finish(ceremony, garbled(answer))


@given(data=st.data())
@many
def test_an_attestation_object_of_any_shape_is_no_traceback(alice, data):
    atoms = st.integers(-(2**63), 2**63) | BYTES | st.text(max_size=20)
    anything = st.recursive(
        atoms, lambda each: st.lists(each, max_size=3) | st.dictionaries(atoms, each, max_size=3)
    )
    ceremony = alice.begin_registration()
    content = json.loads(device().create(ceremony.options))
    formats = st.sampled_from(
        ("none", "packed", "tpm", "apple", "android-key", "android-safetynet", "fido-u2f")
    )
    members = ("alg", "sig", "x5c", "ver", "response", "certInfo", "pubArea")
    statement = st.dictionaries(st.sampled_from(members), anything) | anything
    true_data = unb64url(content["response"]["authenticatorData"])
    shape = {
        "fmt": data.draw(formats | anything),
        "attStmt": data.draw(statement),
        "authData": data.draw(st.just(true_data) | anything),
    }
    content["response"]["attestationObject"] = b64url(cbor(shape))

    alice.finish_registration(ceremony, json.dumps(content))


@given(data=st.data())
@many
def test_one_byte_changed_in_what_is_signed_is_refused(alice, key, data):
    ceremony = alice.begin_sign_in()
    content = json.loads(key.get(ceremony.options))
    part = data.draw(st.sampled_from(("clientDataJSON", "authenticatorData", "signature")))
    raw = bytearray(unb64url(content["response"][part]))
    # A signature is not always of one length, and what is drawn must be.
    at = data.draw(st.integers(0, 9999)) % len(raw)
    raw[at] ^= data.draw(st.integers(1, 255))
    content["response"][part] = b64url(bytes(raw))

    assert isinstance(alice.finish_sign_in(ceremony, json.dumps(content)), Refused)
    assert "passkey.suspected" not in names_of_events(alice.provider)


def test_every_lie_of_the_authenticator_is_described():
    assert all(f"`{each.name}`" in (Lies.__doc__ or "") for each in fields(Lies))
