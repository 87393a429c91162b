"""Passkeys through the hosted pages, at the wire: every ceremony, and every forgery of one."""

import json
import re
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from idp.credentials import passkeys
from idp.store import users
from idp.store.schema import login_attempts, sessions
from tests.app import ISSUER, PASSWORD, RelyingParty, fields_of, text_of
from tests.login.keys import (
    asked_on,
    asks,
    bind,
    count,
    hand_in,
    has_session,
    id_token,
    make,
    page_id,
    post,
    use,
    user_of,
    visit,
)
from tests.support.authenticator import (
    EDDSA,
    ES256,
    RS256,
    AlreadyRegistered,
    Authenticator,
    NotAllowed,
    b64url,
)
from tests.support.spec import spec

REFUSED = "That passkey could not be accepted. Try again, or use another way."
APP = "app.example.test"


@pytest.fixture
def home(party) -> RelyingParty:
    """A provider that leaves second factors to its users."""
    return party()


@pytest.fixture
def key(home) -> Authenticator:
    """The passkey of ada."""
    made = Authenticator()
    bind(home.provider, user_of(home.provider), made)
    return made


def at_second_step(rp: RelyingParty):
    """Return the page that asks for the key after ada's password."""
    page = rp.log_in(rp.authorize())
    assert page_id(page) == "login-key", text_of(page)
    return page


def rows(rp: RelyingParty, table) -> int:
    with rp.provider.context() as ctx:
        return ctx.db.read(select(func.count()).select_from(table)).scalar_one()


def assert_refused(rp: RelyingParty, answer, page: str = "login") -> None:
    """One constant answer, one failure in the audit log, no session, and the page still works."""
    assert answer.status_code == 200
    assert page_id(answer) == page
    assert REFUSED in text_of(answer)
    assert not has_session(rp)
    assert rows(rp, sessions) == 0
    assert count(rp.provider, "login.failed") == 1
    assert asks(answer), "it can be tried again"


# The ceremonies


@spec("WebAuthn §7.1", "WebAuthn §7.2")
@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
@pytest.mark.parametrize("attestation", ["none", "self"])
def test_a_passkey_is_made_at_sign_in_and_signs_in_from_then_on(party, algorithm, attestation):
    rp = party(second_factor="encouraged")
    key = Authenticator(algorithm=algorithm, attestation=attestation, stubborn=True)

    offer = rp.log_in(rp.authorize())
    assert page_id(offer) == "enrol"
    assert page_id(make(rp, offer, key)) == "recovery-codes"
    (made,) = [e for e in rp.provider.audit() if e.name == "passkey.added"]
    assert made.data["attestation"] == ("packed" if attestation == "self" else "none")

    alone = visit(rp)
    assert id_token(alone, use(alone, alone.authorize(), key))["acr"] == "phr"
    beside = visit(rp)
    asking = beside.log_in(beside.authorize())
    assert page_id(asking) == "login-key"
    assert id_token(beside, use(beside, asking, key))["acr"] == "phr"


@spec("WebAuthn §5.4")
def test_the_same_authenticator_is_not_registered_twice(party):
    rp = party(second_factor="phishing-resistant")
    key = Authenticator()
    bind(rp.provider, user_of(rp.provider), key)
    with rp.provider.context() as ctx:
        ceremony = passkeys.begin_registration(ctx, user_of(rp.provider), b"x" * 32)

    with pytest.raises(AlreadyRegistered):
        key.create(ceremony.options)


@spec("WebAuthn §7.1")
def test_a_credential_that_somebody_has_already_is_bound_to_nobody_else(party):
    rp = party(second_factor="required")
    key = Authenticator()
    bind(rp.provider, user_of(rp.provider), key)
    rp.provider.add_user("grace")
    thief = visit(rp)

    page = make(
        thief,
        thief.log_in(thief.authorize(), username="grace"),
        Authenticator(),
        credential_id=key.credentials[0].id,
    )

    assert "That passkey is registered already" in text_of(page)
    assert not has_session(thief)
    with rp.provider.context() as ctx:
        assert passkeys.list_for(ctx, user_of(rp.provider, "grace").id) == []


def test_an_answer_that_binds_nothing_leaves_the_page_and_nothing_else(party):
    rp = party(second_factor="required")
    page = rp.log_in(rp.authorize())
    before = rows(rp, login_attempts)

    for lies in (
        {"origin": "https://evil.example"},
        {"rp_id": "evil.example"},
        {"type": "webauthn.get"},
        {"challenge": b64url(b"c" * 32)},
        {"up": False},
    ):
        page = make(rp, page, Authenticator(), **lies)
        assert page.status_code == 200
        assert page_id(page) == "enrol-passkey"
        assert "The passkey could not be created" in text_of(page)

    assert not has_session(rp)
    assert rows(rp, login_attempts) == before
    assert count(rp.provider, "passkey.added") == count(rp.provider, "recovery_codes.made") == 0
    assert page_id(make(rp, page, Authenticator())) == "recovery-codes"


def test_a_security_key_without_a_pin_is_a_second_factor_only(party):
    rp = party()
    plain = Authenticator(verifies_user=False, transports=("usb",))
    bind(rp.provider, user_of(rp.provider), plain, plain=True)

    with pytest.raises(NotAllowed):
        use(rp, rp.authorize(), plain)
    claims = id_token(rp, use(rp, at_second_step(rp), plain))

    assert (claims["acr"], claims["amr"]) == ("phr", ["mfa", "pop", "pwd", "user"])


def test_the_browser_may_be_asked_for_nobody_in_particular(home, key):
    """Who is there is not known before the passkey says so; beside a password it is."""
    options = json.loads(asked_on(home.authorize()).options)
    assert options["allowCredentials"] == []
    assert options["userVerification"] == "required"

    options = json.loads(asked_on(at_second_step(home)).options)
    assert [each["id"] for each in options["allowCredentials"]] == [b64url(key.credentials[0].id)]
    assert options["userVerification"] == "discouraged"


# Refusals of a passkey that signs in alone


LIES = {
    "another origin": {"origin": "https://evil.example"},
    "our name on another port": {"origin": "https://id.example.test:8443"},
    "our name without TLS": {"origin": "http://id.example.test"},
    "another relying party": {"rp_id": "evil.example"},
    "a parent domain of ours": {"rp_id": "example.test"},
    "another challenge": {"challenge": b64url(b"c" * 32)},
    "a registration": {"type": "webauthn.create"},
    "a frame": {"cross_origin": True},
    "nobody there": {"up": False},
    "nobody verified": {"uv": False},
    "a bad signature": {"bad_signature": True},
    "an unknown credential": {"credential_id": b"u" * 32},
    "another user's handle": {"user_handle": b"somebody else"},
    "no handle": {"user_handle": b""},
    "a flag turned over": {"be": True},
    "a counter that runs backwards": {"sign_count": 1},
}


@spec("WebAuthn §7.2", "ASVS 5.0 V6.3.8")
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_passkey_that_lies_is_refused_by_one_constant_answer(home, key, lie):
    answer = use(home, home.authorize(), key, **lie)

    assert_refused(home, answer)
    assert id_token(home, use(home, answer, key))["acr"] == "phr", "the page is as good as new"


@pytest.mark.parametrize(
    "lie", [lie for name, lie in LIES.items() if name not in ("nobody verified", "no handle")]
)
def test_as_a_second_step_it_is_refused_alike(home, key, lie):
    answer = use(home, at_second_step(home), key, **lie)

    assert_refused(home, answer, "login-key")
    assert "passkey.accepted" not in home.provider.event_names()
    assert id_token(home, use(home, answer, key))["acr"] == "phr"


def test_a_disabled_user_reads_what_a_stranger_reads(home, key):
    with home.provider.context() as ctx:
        users.change(ctx.db, user_of(home.provider).id, ctx.now, disabled_at=ctx.now)
    disabled = use(home, home.authorize(), key)
    assert_refused(home, disabled)
    other = visit(home)
    unknown = use(
        other,
        other.authorize(),
        Authenticator(credentials=key.credentials),
        credential_id=b"u" * 32,
    )

    assert shape_of(disabled) == shape_of(unknown)


def shape_of(page) -> str:
    """Return a page without what differs from one visit to the next."""
    html = page.get_data(as_text=True)
    return re.sub(
        r'value="[^"]*"|data-(options|unknown|rp-id)="[^"]*"|nonce="[^"]*"|ticket=\S*', "", html
    ).replace(" >", ">")


@spec("WebAuthn §5.1.10")
def test_only_a_passkey_that_nobody_has_is_called_unknown_to_the_browser(home, key):
    """The browser forgets what is called unknown: a good passkey would be gone for a mishap."""
    for lies in ({"bad_signature": True}, {"sign_count": 1}, {"uv": False}):
        page = home.authorize()
        identifier = b64url(key.credentials[0].id)
        said = key.get(asked_on(page).options, **lies)
        answer = hand_in(home, page, said, credential_id=identifier)
        assert "data-unknown" not in answer.get_data(as_text=True), lies
    again = hand_in(home, page, key.get(asked_on(page).options), credential_id=identifier)
    assert REFUSED in text_of(again), "that challenge was answered"
    assert "data-unknown" not in again.get_data(as_text=True)

    with home.provider.context() as ctx:
        (passkey,) = passkeys.list_for(ctx, user_of(home.provider).id)
        passkeys.remove(ctx, passkey.user_id, passkey.id)
    page = home.authorize()
    gone = hand_in(home, page, key.get(asked_on(page).options), credential_id=identifier)
    assert f'data-unknown="{identifier}"' in gone.get_data(as_text=True)


# Challenges


@spec("WebAuthn §13.4.3", "ASVS 5.0 V6.7.2")
@pytest.mark.parametrize("where", ["alone", "beside a password"])
def test_an_answer_is_good_once(home, key, where):
    page = home.authorize() if where == "alone" else at_second_step(home)
    asked = asked_on(page)
    sent = {**asked.fields, "credential": key.get(asked.options)}
    browser = home.browser.get_cookie("__Host-idp_browser", domain="id.example.test")
    assert page_id(post(home, asked.action, sent)) == APP

    # A thief with all that was sent, cookie of the form token included, but no session.
    thief = visit(home)
    thief.browser.set_cookie(
        "__Host-idp_browser", browser.value, domain="id.example.test", secure=True
    )
    again = post(thief, asked.action, sent)

    assert page_id(again) == "login"
    assert not has_session(thief)
    assert rows(home, sessions) == 1


def test_a_wrong_answer_burns_its_challenge_too(home, key):
    page = home.authorize()
    use(home, page, key, bad_signature=True)

    again = use(home, page, key)

    assert REFUSED in text_of(again)
    assert not has_session(home)


def test_the_challenge_of_another_browser_is_none_of_ours(home, key):
    theirs = asked_on(visit(home).authorize())
    page = home.authorize()

    answer = hand_in(home, page, key.get(theirs.options), ceremony=theirs.fields["ceremony"])

    assert_refused(home, answer)


def test_the_challenge_of_another_user_is_no_second_step(home, key):
    """Grace's password, and a challenge that she was given for her own key."""
    grace = home.provider.add_user("grace")
    hers = Authenticator()
    bind(home.provider, grace, hers)
    theirs = asked_on(home.log_in(home.authorize(), username="grace"))
    page = at_second_step(home)

    answer = hand_in(home, page, hers.get(theirs.options), ceremony=theirs.fields["ceremony"])

    assert_refused(home, answer, "login-key")


def test_another_users_key_is_no_second_step(home, key):
    grace = home.provider.add_user("grace")
    hers = Authenticator()
    bind(home.provider, grace, hers)
    page = at_second_step(home)
    options = json.loads(asked_on(page).options) | {"allowCredentials": []}

    assert_refused(home, hand_in(home, page, hers.get(json.dumps(options))), "login-key")


def test_a_challenge_for_one_purpose_is_none_for_another(home, key):
    """Possession is enough beside a password: that challenge must not sign in alone."""
    alone = home.authorize()
    beside = asked_on(at_second_step(home))

    answer = hand_in(
        home, alone, key.get(beside.options, uv=True), ceremony=beside.fields["ceremony"]
    )
    assert_refused(home, answer)

    fresh = asked_on(home.authorize())
    half = at_second_step(home)
    other = hand_in(home, half, key.get(fresh.options), ceremony=fresh.fields["ceremony"])
    assert page_id(other) == "login-key"
    assert not has_session(home)


def test_a_registration_is_no_proof_and_a_proof_binds_nothing(party):
    rp = party(second_factor="required")
    ada, key = user_of(rp.provider), Authenticator()
    offer = rp.log_in(rp.authorize())
    making = asked_on(offer)
    made = key.create(making.options)
    signing = rp.authorize(prompt="login")

    for changed in ({}, {"ceremony": making.fields["ceremony"]}):
        answer = hand_in(rp, signing, made, **changed)
        assert REFUSED in text_of(answer)
        signing = answer
    bind(rp.provider, ada, key2 := Authenticator())
    proof = key2.get(asked_on(rp.authorize(prompt="login")).options)
    answer = hand_in(rp, offer, proof)
    assert page_id(answer) != "recovery-codes"
    assert not has_session(rp)
    with rp.provider.context() as ctx:
        assert len(passkeys.list_for(ctx, ada.id)) == 1


def test_a_page_that_is_too_old_asks_anew(home, key):
    page = home.authorize()
    home.provider.clock.forward(hours=2)

    answer = use(home, page, key)

    assert page_id(answer) == "login"
    assert REFUSED in text_of(answer)
    assert "data-unknown" not in answer.get_data(as_text=True)
    assert not has_session(home)


def test_a_second_step_that_is_too_old_begins_again(home, key):
    page = at_second_step(home)
    home.provider.clock.forward(minutes=16)

    answer = use(home, page, key)

    assert page_id(answer) == "login"
    assert not has_session(home)


def test_options_are_a_word_to_the_browser_and_prove_nothing(home, key):
    """Whoever writes other options for their own browser gains nothing by it."""
    page = home.authorize()
    options = json.loads(asked_on(page).options)
    options |= {"userVerification": "discouraged", "challenge": options["challenge"]}

    assert_refused(home, hand_in(home, page, key.get(json.dumps(options))))


# Form fields


@pytest.mark.parametrize(
    "credential",
    [
        None,
        "",
        "{}",
        "[]",
        "null",
        "7",
        '"text"',
        "[" * 9000,
        '{"id":' * 3000,
        '{"id":"\\ud800","rawId":"\\ud800","type":"public-key","response":{}}',
        '{"id":"a","rawId":"b"}',
        "A" * 32_001,
        "A" * 60_000,
        '{"id":"' + "A" * 3000 + '","rawId":"' + "A" * 3000 + '","response":{}}',
    ],
    ids=lambda text: "none" if text is None else f"{text[:10]}…{len(text)}",
)
@pytest.mark.parametrize("step", ["login", "login-key"])
def test_any_other_text_than_a_credential_is_refused(home, key, step, credential):
    page = home.authorize() if step == "login" else at_second_step(home)
    asked = asked_on(page)
    fields = asked.fields | ({} if credential is None else {"credential": credential})
    if credential is None:
        del fields["credential"]

    answer = post(home, asked.action, fields)

    if answer.status_code != 413:
        assert_refused(home, answer, step)


@pytest.mark.parametrize("field", ["ceremony", "credential", "csrf_token", "ticket"])
def test_a_field_that_comes_twice_does_not_count(home, key, field):
    page = home.authorize()
    asked = asked_on(page)
    fields = {**asked.fields, "credential": key.get(asked.options)}

    answer = home.browser.post(
        asked.action,
        data=urlencode([*fields.items(), (field, fields[field])]),
        content_type="application/x-www-form-urlencoded",
        base_url=ISSUER,
    )

    if field == "ticket":
        assert answer.headers["Location"].startswith("/account"), "nobody sent them: they go home"
    else:
        assert answer.status_code == (403 if field == "csrf_token" else 200)
        assert not has_session(home)


def test_without_our_form_token_nothing_is_looked_at(home, key):
    grace = visit(home)
    for page in (home.authorize(), at_second_step(home)):
        asked = asked_on(page)
        sent = {**asked.fields, "credential": key.get(asked.options)}
        for token in ("", asked_on(grace.authorize()).fields["csrf_token"]):
            assert post(home, asked.action, {**sent, "csrf_token": token}).status_code == 403
        foreign = home.browser.post(
            asked.action, data=sent, base_url=ISSUER, headers={"Origin": "https://evil.example"}
        )
        assert foreign.status_code == 403
        assert count(home.provider, "login.failed") == 0
        # What was not looked at is not used up.
        assert page_id(post(home, asked.action, sent)) in (APP, "login-key")
        home.browser.delete_cookie("__Host-idp_session", domain="id.example.test")


# Who is signed in already


def test_who_is_asked_again_is_asked_for_the_own_passkeys_alone(home, key):
    use(home, home.authorize(), key)
    page = home.authorize(prompt="login")

    options = json.loads(asked_on(page).options)
    assert [each["id"] for each in options["allowCredentials"]] == [b64url(key.credentials[0].id)]
    assert options["userVerification"] == "required"
    assert id_token(home, use(home, page, key))["acr"] == "phr"


def test_a_proof_again_never_switches_the_account(home, key):
    """Somebody else's passkey on the page that asks ada again."""
    grace = home.provider.add_user("grace")
    hers = Authenticator()
    bind(home.provider, grace, hers)
    use(home, home.authorize(), key)
    before = home.browser.get_cookie("__Host-idp_session", domain="id.example.test").value
    page = home.authorize(prompt="login")
    anybody = asked_on(visit(home).authorize())

    for options, changed in (
        (json.dumps(json.loads(asked_on(page).options) | {"allowCredentials": []}), {}),
        (anybody.options, {"ceremony": anybody.fields["ceremony"]}),
    ):
        answer = hand_in(home, page, hers.get(options), **changed)
        assert page_id(answer) == "login"
        assert REFUSED in text_of(answer)
        page = answer

    after = home.browser.get_cookie("__Host-idp_session", domain="id.example.test").value
    assert after == before
    assert count(home.provider, "session.ended") == 0
    assert count(home.provider, "session.opened") == 1


def test_a_step_that_takes_possession_alone_is_no_proof_again(home, key):
    """The challenge of the second step asks for no PIN; the page that asks again wants one."""
    use(home, home.authorize(), key)
    again = home.authorize(prompt="login")
    beside = asked_on(at_half(home, again))

    answer = hand_in(
        home, again, key.get(beside.options, uv=False), ceremony=beside.fields["ceremony"]
    )

    assert page_id(answer) in ("login", "login-key")
    assert count(home.provider, "session.proved") == 0


def at_half(rp: RelyingParty, page):
    """Return the page of the second step of who is asked again."""
    step = rp.submit(page, identifier="ada", password=PASSWORD, action="sign_in")
    assert page_id(step) == "login-key"
    return step


def test_a_session_that_is_over_meanwhile_makes_the_page_ask_anybody(home, key):
    use(home, home.authorize(), key)
    page = home.authorize(prompt="login")
    home.browser.delete_cookie("__Host-idp_session", domain="id.example.test")

    answer = use(home, page, key)

    assert page_id(answer) == "login"
    assert json.loads(asked_on(answer).options)["allowCredentials"] == []
    assert page_id(use(home, answer, key)) == APP


def test_a_key_that_was_removed_meanwhile_is_asked_for_no_more(home, key):
    page = at_second_step(home)
    ada = user_of(home.provider)
    home.provider.add_totp(ada)
    with home.provider.context() as ctx:
        (passkey,) = passkeys.list_for(ctx, ada.id)
        passkeys.remove(ctx, ada.id, passkey.id)

    answer = use(home, page, key)

    assert page_id(answer) == "login"
    assert not has_session(home)
    assert page_id(home.log_in(answer)) == "login-code"


# Nobody is locked out


@spec("ASVS 5.0 V6.1.1", "ASVS 5.0 V6.3.1")
def test_a_stranger_next_door_cannot_keep_anybody_from_their_passkey(home, key):
    """I11: one network for both, and a stranger who never stops."""
    stranger = visit(home)
    page = stranger.authorize()
    for _ in range(101):
        page = hand_in(stranger, page, "{}")
    assert page.status_code == 429
    failed = count(home.provider, "login.failed")
    hand_in(stranger, page, "{}")
    assert count(home.provider, "login.failed") == failed, "a flood leaves no trail of its own"

    assert page_id(use(home, home.authorize(), key)) == APP
    other = visit(home)
    assert page_id(use(other, at_second_step(other), key)) == APP


def test_the_pages_cost_no_row_until_they_are_answered(home, key):
    def everything() -> dict[str, int]:
        return {table.name: rows(home, table) for table in login_attempts.metadata.tables.values()}

    home.get("/login")
    before = everything()
    for _ in range(3):
        asks(home.get("/login"))
    assert everything() == before
    assert fields_of(home.get("/login"))
