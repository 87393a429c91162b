"""The forms of our own pages, filled in by somebody who means no good."""

import json
import re
from html import unescape

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.credentials import recovery
from tests.account.people import ORDINARY, SENSITIVE
from tests.app import PASSWORD
from tests.bad_input.strategies import content_types, examples, forms, query_of, values
from tests.bad_input.wire import MARK, Wire, assert_sound, fields_on
from tests.login.keys import bind
from tests.support.authenticator import Authenticator

FIELDS = (
    "csrf_token",
    "ticket",
    "action",
    "identifier",
    "password",
    "new_password",
    "email",
    "name",
    "code",
    "recovery_code",
    "ceremony",
    "credential",
    "credential_id",
    "name",
    "trust",
    "account",
    "authenticator_id",
    "client_id",
    "current_password",
    "device_id",
    "given_name",
    "locale",
    "passkey_id",
    "phone_number",
    "sid",
    "username",
    "zoneinfo",
)
PATHS = (
    "/login",
    "/login/passkey",
    "/login/key",
    "/login/code",
    "/login/text",
    "/login/mail",
    "/login/recovery",
    "/login/enrol",
    "/login/enrol/passkey",
    "/login/account",
    "/recovery",
    "/recovery/password",
    "/register",
    "/register/account",
    "/invitation",
    "/ticket/email",
    "/consent",
    "/logout/confirm",
    *ORDINARY,
    *SENSITIVE,
)


@pytest.fixture(scope="module")
def login_page(target):
    """A stranger's browser in front of the sign-in page, sent there by the client."""
    wire = target.stranger()
    page = wire.follow(wire.get("/authorize", query=query_of(target.rp.parameters())))
    return wire, fields_on(page)


@given(field=st.sampled_from(("identifier", "password", "action")), value=values)
@examples(50)
def test_any_text_in_the_sign_in_form_is_a_wrong_one(target, login_page, field, value):
    wire, fields = login_page
    sent = fields | {"identifier": "ada", "password": "not the right one", field: value}
    answer = wire.post("/login", query_of(sent))
    assert_sound(answer)
    assert answer.status in (200, 400, 429)
    assert 'id="page-login"' in answer.text
    if field != "identifier":
        assert MARK not in answer.text
    assert "__Host-idp_session" not in wire.jar


@given(value=values)
@examples(40)
def test_a_name_is_given_back_escaped_in_its_field_and_nowhere_else(login_page, value):
    wire, fields = login_page
    marked = value + MARK.encode()
    answer = wire.post("/login", query_of(fields | {"identifier": marked, "password": "wrong"}))
    assert_sound(answer)
    assert answer.text.count(MARK) == answer.text.count('name="identifier"') * int(
        MARK in answer.text
    ) * (1 + value.count(MARK.encode()))


@pytest.fixture(scope="module")
def second_step(target):
    """A browser whose password was right and whose code is missing, and its page's fields."""
    user = target.provider.add_user("grace")
    target.provider.add_totp(user)
    with target.provider.context() as ctx:
        recovery.regenerate(ctx, user.id)
    wire = target.stranger()
    page = wire.follow(wire.get("/account"))
    sent = fields_on(page) | {"identifier": "grace", "password": PASSWORD}
    step = wire.follow(wire.post("/login", query_of(sent)))
    assert 'id="page-login-code"' in step.text
    return wire, fields_on(step)


@given(
    path=st.sampled_from((("/login/code", "code"), ("/login/recovery", "recovery_code"))),
    value=st.one_of(
        values,
        st.sampled_from(
            tuple(
                text.encode()
                for text in (
                    "\uff11\uff12\uff13\uff14\uff15\uff16",
                    "٠١٢٣٤٥",
                    "12 34-56",
                    "123456\u200b",
                    "0" * 10_000,
                )
            )
        ),
    ),
)
@examples(50)
def test_any_text_as_a_code_is_a_wrong_one(target, second_step, path, value):
    wire, fields = second_step
    target.provider.clock.forward(minutes=0)
    answer = wire.post(path[0], query_of(fields | {path[1]: value}))
    assert_sound(answer)
    assert answer.status in (200, 429)
    assert MARK not in answer.text
    assert "__Host-idp_session" not in wire.jar


@pytest.fixture(scope="module")
def keys_asked_for(target):
    """A stranger in front of the sign-in page, and one who knows the password of a key's owner."""
    user, key = target.provider.add_user("holder"), Authenticator()
    bind(target.provider, user, key)
    stranger, knowing = target.stranger(), target.stranger()
    page = knowing.follow(knowing.get("/account"))
    sent = fields_on(page) | {"identifier": "holder", "password": PASSWORD}
    step = knowing.follow(knowing.post("/login", query_of(sent)))
    assert 'id="page-login-key"' in step.text
    return key, {"/login/passkey": stranger, "/login/key": knowing}, step


@given(
    path=st.sampled_from(("/login/passkey", "/login/key")),
    field=st.sampled_from(("credential", "ceremony", "credential_id", "trust")),
    value=values,
)
@examples(60)
def test_any_text_as_the_answer_of_a_passkey_is_a_wrong_one(
    target, keys_asked_for, path, field, value
):
    _, wires, step = keys_asked_for
    wire = wires[path]
    page = wire.get("/login") if path == "/login/passkey" else step
    fields = passkey_fields_on(page) | {"credential": "{}", "credential_id": "AAAA", field: value}

    answer = wire.post(path, query_of(fields))

    assert_sound(answer)
    assert answer.status in (200, 413, 429)
    assert MARK not in answer.text
    assert "__Host-idp_session" not in wire.jar


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@given(
    place=st.sampled_from(
        (
            ("id",),
            ("rawId",),
            ("type",),
            ("response",),
            ("response", "clientDataJSON"),
            ("response", "authenticatorData"),
            ("response", "signature"),
            ("response", "userHandle"),
            ("clientExtensionResults",),
            ("authenticatorAttachment",),
        )
    ),
    value=_json,
)
@examples(60)
def test_a_passkeys_answer_with_any_json_in_it_is_answered_in_form(
    target, keys_asked_for, place, value
):
    key, wires, _ = keys_asked_for
    wire = wires["/login/passkey"]
    page = wire.get("/login")
    credential = json.loads(key.get(options_on(page)))
    inner = credential
    for name in place[:-1]:
        inner = inner[name]
    changed = inner[place[-1]] != value
    inner[place[-1]] = value

    answer = wire.post(
        "/login/passkey",
        query_of(passkey_fields_on(page) | {"credential": json.dumps(credential)}),
    )

    assert_sound(answer)
    assert answer.status in (200, 303, 413, 429)
    if changed and place[0] in ("id", "rawId", "response"):
        assert "__Host-idp_session" not in wire.jar
    wire.jar.pop("__Host-idp_session", None)


def _passkey_form(page) -> str:
    found = re.search(r"<form[^>]*data-passkey=.*?</form>", page.text, re.DOTALL)
    assert found is not None
    return found[0]


def passkey_fields_on(page) -> dict[str, str]:
    """The hidden fields of the form that carries a passkey's answer."""
    tags = re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', _passkey_form(page))
    return {name: unescape(value) for name, value in tags}


def options_on(page) -> str:
    found = re.search(r'data-options="([^"]*)"', _passkey_form(page))
    assert found is not None
    return unescape(found[1])


def test_any_text_as_the_first_code_enrols_nothing(target):
    target.provider.add_user("enrolling")
    wire = target.signed_in("enrolling")
    csrf = fields_on(wire.get("/account"))["csrf_token"]
    page = wire.follow(wire.post("/account/authenticator", query_of({"csrf_token": csrf})))
    assert 'id="page-enrol"' in page.text
    fields = fields_on(page)

    @given(value=values, action=st.one_of(values, st.sampled_from((b"skip", b"confirm"))))
    @examples(30)
    def attack(value, action):
        answer = wire.post("/login/enrol", query_of(fields | {"code": value, "action": action}))
        assert_sound(answer)
        assert MARK not in answer.text

    attack()
    assert "remove-authenticator-1" not in wire.get("/account/authenticators").text


@given(path=st.sampled_from(PATHS), field=st.sampled_from(FIELDS), value=values)
@examples(80)
def test_any_text_in_any_field_of_any_form_is_answered_in_form(target, person, path, field, value):
    wire, csrf = person
    answer = wire.post(path, query_of({"csrf_token": csrf} | {field: value}))
    assert_sound(answer)
    if "__Host-idp_session" not in wire.jar:
        wire.jar = target.signed_in().jar
        person[1] = fields_on(wire.get("/account"))["csrf_token"]


@pytest.fixture(scope="module")
def person(target):
    wire = target.signed_in()
    return [wire, fields_on(wire.get("/account"))["csrf_token"]]


@given(path=st.sampled_from(PATHS), body=forms(*FIELDS), content_type=content_types)
@examples(60)
def test_any_body_without_our_token_is_refused(target, person, path, body, content_type):
    for wire in (target.stranger(), person[0]):
        for answer in (
            wire.post(path, body),
            wire.post(path, body, content_type=content_type),
        ):
            assert_sound(answer)
            assert answer.status in (403, 413)


@given(token=values)
@examples(40)
def test_no_other_text_is_our_token(person, token):
    wire, csrf = person
    for changed in (token, csrf.encode() + token, token + csrf.encode()):
        if changed != csrf.encode():
            answer = wire.post("/account/sign-out", query_of({"csrf_token": changed}))
            assert answer.status == 403


@given(ticket=values)
@examples(40)
def test_no_other_text_is_a_ticket(target, person, ticket):
    wire = person[0]
    login = ("/login", "/login/code", "/login/recovery", "/login/enrol", "/login/account")
    for path in (*login, "/recovery", "/recovery/sent", "/register", "/register/sent"):
        answer = wire.get(path, query=query_of({"ticket": ticket}))
        assert_sound(answer)
        assert not answer.location.startswith("http")
    for path in ("/consent", "/authorize/continue"):
        answer = wire.get(path, query=query_of({"ticket": ticket}))
        assert_sound(answer)
        assert answer.status == 400


@pytest.fixture(scope="module")
def agentless(target):
    return target.provider.add_user("agentless").username


@given(agent=st.one_of(values, st.binary(max_size=400)))
@examples(30)
def test_a_browser_of_any_name_can_sign_in_and_see_itself(target, agentless, agent):
    """What is kept of it reaches the database and the account page."""
    wire: Wire = target.stranger()
    headers = {"User-Agent": agent}
    page = wire.get("/login", headers=headers)
    sent = query_of(fields_on(page) | {"identifier": agentless, "password": PASSWORD})
    answer = wire.post("/login", sent, headers=headers)
    assert_sound(answer)
    assert answer.status == 303
    shown = wire.get("/account", headers=headers)
    assert_sound(shown)


def test_a_code_of_digits_in_another_script_is_no_code(target):
    """Only ASCII digits, or two texts would be one code."""
    user = target.provider.add_user("digits")
    secret = target.provider.add_totp(user)
    code = pyotp.TOTP(secret).at(target.provider.clock.now)
    wide = code.translate({ord("0") + n: 0xFF10 + n for n in range(10)})
    wire = target.stranger()
    sent = fields_on(wire.get("/login")) | {"identifier": "digits", "password": PASSWORD}
    step = wire.follow(wire.post("/login", query_of(sent)))
    answer = wire.post("/login/code", query_of(fields_on(step) | {"code": wide}))
    assert answer.status == 200
    assert wire.post("/login/code", query_of(fields_on(step) | {"code": code})).status == 303
