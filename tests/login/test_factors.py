"""Second steps through the pages: codes that are sent, saved or shown, each bound and good once."""

import re

import pytest
from sqlalchemy import select

from idp.credentials import account_tickets, recovery
from idp.credentials import channel_codes as room
from idp.credentials.account_tickets import Purpose
from idp.settings import Settings
from idp.store import users
from idp.store.schema import channel_codes, sessions
from tests.app import PASSWORD, RelyingParty, link_of, text_of
from tests.login.keys import (
    asked_on,
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
from tests.support.authenticator import Authenticator
from tests.support.spec import spec

APP = "app.example.test"
CHANNELS = {
    "second_factor": "required",
    "mail_codes": True,
    "text_codes": True,
    "smtp_url": "smtp://mail.example.test",
    "mail_from": "id@example.test",
    "text_gateway_url": "https://sms.example.test/send",
}


@pytest.fixture
def home(party) -> RelyingParty:
    """A provider that sends codes; ada has a phone number that she proved."""
    rp = party(**CHANNELS)
    with rp.provider.context() as ctx:
        users.change(ctx.db, user_of(rp.provider).id, ctx.now, phone_number_verified=True)
    return rp


@pytest.fixture
def codes(monkeypatch) -> list[str]:
    """The codes in the order in which they are made; nothing keeps them in clear."""
    made: list[str] = []
    queue = room._queue

    def seen(ctx, user_id, channel, to, code, **named):
        made.append(code)
        return queue(ctx, user_id, channel, to, code, **named)

    monkeypatch.setattr(room, "_queue", seen)
    return made


def hidden(page) -> dict[str, str]:
    tags = re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', page.get_data(True))
    return {name: value for name, value in tags if name in ("csrf_token", "ticket")}


@spec("NIST SP 800-63B-4 §3.1.3", "ASVS 5.0 V6.6.2")
def test_a_code_by_text_is_on_its_way_with_the_page_and_good_once(home, codes):
    page = home.log_in(home.authorize())
    assert page_id(page) == "login-code"
    assert page.request.path == "/login/text"
    assert len(codes) == 1

    claims = id_token(home, home.submit(page, code=codes[0], action="verify"))
    assert (claims["acr"], claims["amr"]) == ("mfa", ["mfa", "pwd", "sms"])

    other = visit(home)
    again = other.submit(other.log_in(other.authorize()), code=codes[0], action="verify")
    assert page_id(again) == "login-code"
    assert not has_session(other)


def test_the_page_takes_as_many_digits_as_the_message_has(home, codes):
    """The script sends the form as soon as all digits are in: not before."""
    text = home.log_in(home.authorize())
    mail = home.submit(home.get(link_of(text, "use-mail")), action="send")

    for page, code in zip((text, mail), codes, strict=True):
        found = re.search(r'data-complete="(\d+)"', page.get_data(as_text=True))
        assert found, text_of(page)
        assert int(found[1]) == len(code)


@spec("ASVS 5.0 V6.3.6")
def test_a_code_by_mail_is_a_step_and_no_second_factor(home, codes):
    text = home.log_in(home.authorize())
    page = home.submit(home.get(link_of(text, "use-mail")), action="send")
    assert "a" in text_of(page)

    claims = id_token(home, home.submit(page, code=codes[-1], action="verify"))

    assert (claims["acr"], claims["amr"]) == ("sfa", ["otp", "pwd"])


@spec("ASVS 5.0 V6.6.2")
def test_a_code_is_good_for_its_own_step_alone(home, codes):
    """Not for another window's, not for another channel's, not for another person's."""
    first = home.log_in(home.authorize())
    other = visit(home)
    second = other.log_in(other.authorize())
    by_mail = home.submit(home.get(link_of(first, "use-mail")), action="send")
    wrong = [(second, codes[0]), (by_mail, codes[0])]

    for page, code in wrong:
        rp = other if page is second else home
        assert page_id(rp.submit(page, code=code, action="verify")) == "login-code"

    assert not has_session(home)
    assert not has_session(other)


@spec("ASVS 5.0 V6.6.3")
def test_guessing_a_sent_code_ends_soon(home, codes):
    page = home.log_in(home.authorize())
    wrong = "00000000" if codes[0] != "00000000" else "11111111"
    for _ in range(5):
        answer = home.submit(page, code=wrong, action="verify")
    assert page_id(answer) == "login-code"
    home.provider.clock.forward(minutes=2)

    assert page_id(home.submit(page, code=codes[0], action="verify")) == "login-code"
    assert not has_session(home)


@spec("ASVS 5.0 V6.5.5")
def test_a_sent_code_lives_ten_minutes(home, codes):
    page = home.log_in(home.authorize())
    home.provider.clock.forward(minutes=10, seconds=1)

    answer = home.submit(page, code=codes[0], action="verify")

    assert "not right, or too old" in text_of(answer)
    assert not has_session(home)


def test_a_new_code_takes_the_place_of_the_old_one(home, codes):
    page = home.log_in(home.authorize())
    early = home.submit(page, action="send")
    assert early.status_code == 429
    home.provider.clock.forward(seconds=31)
    assert page_id(home.submit(page, action="send")) == "login-code"
    assert len(codes) == 2

    assert page_id(home.submit(page, code=codes[0], action="verify")) == "login-code"
    assert page_id(home.submit(page, code=codes[1], action="verify")) == APP


def test_a_failed_step_is_audited_once_and_costs_nothing_else(home):
    ada = user_of(home.provider)
    secret = home.provider.add_totp(ada)
    with home.provider.context() as ctx:
        recovery.regenerate(ctx, ada.id)
    page = home.log_in(home.authorize())

    home.submit(page, code="000000")
    home.submit(home.get(link_of(page, "use-recovery")), recovery_code="AAAA-AAAA-AAAA-AAAA")

    failed = [e.data["factor"] for e in home.provider.audit() if e.name == "login.failed"]
    assert failed == ["totp", "recovery_code"]
    assert page_id(home.submit(page, code=home.provider.code(secret))) == APP


@spec("ASVS 5.0 V6.3.4")
def test_a_step_that_nobody_began_is_no_step(home):
    """No ticket, a ticket of another purpose, or a finished one: it begins at the password."""
    bind(home.provider, user_of(home.provider), key := Authenticator())
    page = home.log_in(home.authorize())
    paths = ("/login/key", "/login/code", "/login/text", "/login/mail", "/login/recovery",
             "/login/enrol", "/login/enrol/passkey")  # fmt: skip
    assert page_id(use(home, page, key)) == APP
    ticket = page.request.query_string.decode()
    stranger = visit(home)
    stranger.get("/login")
    for path in paths:
        for query in ("", f"?{ticket}"):
            assert page_id(stranger.follow(stranger.get(path + query))) == "login"
        own = {"csrf_token": hidden(stranger.get("/login"))["csrf_token"]}
        for form in (own, {**own, "ticket": hidden(page)["ticket"]}):
            answer = post(stranger, path, {**form, "code": "000000", "action": "skip"})
            assert page_id(answer) == "login"
    assert not has_session(stranger)


def test_a_half_done_sign_in_of_a_user_who_is_disabled_is_over(home):
    ada = user_of(home.provider)
    bind(home.provider, ada, key := Authenticator())
    page = home.log_in(home.authorize())
    with home.provider.context() as ctx:
        users.change(ctx.db, ada.id, ctx.now, disabled_at=ctx.now)

    answer = use(home, page, key)

    assert page_id(answer) == "login"
    assert not has_session(home)
    with home.provider.context() as ctx:
        assert ctx.db.read(select(sessions.c.sid)).all() == []


def test_who_was_not_reached_is_told_nothing_of_the_address(home):
    page = home.log_in(home.authorize())

    shown = text_of(page)

    assert "901820" not in shown
    assert "+49" not in shown


def test_channel_codes_are_kept_as_hashes(home, codes):
    home.log_in(home.authorize())
    with home.provider.context() as ctx:
        (row,) = ctx.db.read(select(channel_codes)).mappings()

    assert codes[0].encode() not in bytes(row["code_hash"])


# After an operator's reset


def test_the_link_of_a_reset_binds_a_factor_and_the_password_is_asked_before(party):
    rp = party(second_factor="required")
    ada, key = user_of(rp.provider), Authenticator()
    with rp.provider.context() as ctx:
        users.note(ctx.db, ada.id, factors_reset_at=ctx.now)
        lifetime = rp.provider.house.get(Settings).invitation_lifetime
        token = account_tickets.issue(ctx, Purpose.RESET, lifetime, user_id=ada.id)

    opened = rp.follow(rp.get(f"/ticket?t={token}"))
    login = rp.get(link_of(opened, "sign-in"))
    page = rp.submit(login, identifier="ada", password=PASSWORD, action="sign_in")
    assert page_id(page) == "enrol"
    assert b'id="skip"' not in page.data

    assert page_id(make(rp, page, key)) == "recovery-codes"
    assert count(rp.provider, "factors.rebound") == 1
    other = visit(rp)
    asking = other.log_in(other.authorize())
    assert page_id(asking) == "login-key"
    assert page_id(hand_in(other, asking, key.get(asked_on(asking).options))) == APP
