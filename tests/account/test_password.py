"""Changing, setting and removing one's own password (ASVS 5.0 §6.2.2, §6.2.3, §7.4.3)."""

import pytest

from idp.credentials import devices, passwords
from idp.store import known_devices
from tests.account.conftest import find
from tests.account.people import (
    MAIL,
    act,
    add_passkey,
    another_browser,
    at_once,
    cookie_of,
    letters,
    rise,
    twin_of,
    visit,
)
from tests.app import ISSUER, PASSWORD, text_of
from tests.support.spec import spec

NEW = "lilac rivers under copper moons"


def change(rp, current=PASSWORD, new=NEW):
    return act(rp, "/account/password", current_password=current, new_password=new)


@spec("ASVS 6.2.2", "ASVS 6.2.3")
def test_it_is_changed_by_who_knows_it_and_every_other_session_ends(rp, ada):
    other = another_browser(rp)
    tokens = other.sign_in()
    rp.sign_in()
    before = cookie_of(rp, "session")
    stolen = twin_of(rp)

    page = change(rp)

    assert "Your password was changed" in text_of(page)
    assert other.userinfo(tokens["access_token"]).status_code == 401
    assert b'id="page-login"' in visit(other).data
    assert cookie_of(rp, "session") != before
    assert stolen.get("/account", base_url=ISSUER).status_code == 303, "the old secret is dead"
    assert b'id="page-account"' in visit(rp).data
    with rp.provider.context() as ctx:
        assert passwords.verify(ctx, ada.id, NEW)
        assert not passwords.verify(ctx, ada.id, PASSWORD)


def test_what_was_begun_with_the_old_one_goes_nowhere(rp, ada):
    secret = rp.provider.add_totp(ada)
    thief = another_browser(rp)
    step = thief.log_in(visit(thief))
    assert b'id="page-login-code"' in step.data
    rp.submit(rp.log_in(rp.authorize()), code=rp.provider.code(secret))
    change(rp)
    rp.provider.clock.forward(minutes=1)

    after = thief.submit(step, code=rp.provider.code(secret))

    assert b'id="page-login"' in after.data


def test_no_browser_stands_for_a_second_step_any_more(rp, ada):
    rp.sign_in()
    with rp.provider.context() as ctx:
        (known,) = known_devices.list_of_user(ctx.db, ada.id)
        devices.trust(ctx, known.device_id, ada.id)

    change(rp)

    with rp.provider.context() as ctx:
        assert known_devices.list_of_user(ctx.db, ada.id)[0].trusted_until is None


@spec("ASVS 5.0 §7.4.3")
def test_no_browser_but_this_one_is_known_any_more(rp, ada):
    another_browser(rp).sign_in()
    another_browser(rp).sign_in()
    rp.sign_in()
    with rp.provider.context() as ctx:
        known = {each.device_id for each in known_devices.list_of_user(ctx.db, ada.id)}
    here = cookie_of(rp, "device").partition(".")[0]
    assert len(known) == 3

    change(rp)

    with rp.provider.context() as ctx:
        (left,) = known_devices.list_of_user(ctx.db, ada.id)
    assert left.device_id == here
    forgotten = [e.data for e in rp.provider.audit() if e.name == "devices.forgotten"]
    assert forgotten == [{"count": 2, "reason": "password_changed"}]
    stranger = another_browser(rp)
    page = stranger.authorize()
    for _ in range(7):
        stranger.log_in(page, password="a guess")
    assert stranger.log_in(page, password=NEW).status_code == 429
    again = rp.log_in(rp.authorize(prompt="login"), password=NEW)
    assert b'id="page-login"' not in again.data, "I11: strangers do not make this one wait"


@pytest.mark.parametrize(
    ("current", "new", "said"),
    [
        ("not the right one", NEW, "That is not your current password."),
        (PASSWORD, "short", "too short"),
        (PASSWORD, "qwertyuiopasdfgh", "first that are tried"),
        (PASSWORD, "ada@example.test ada", "your name, your address"),
        (PASSWORD, PASSWORD, "as your current one"),
        (PASSWORD, "", "Enter a new password."),
        ("", NEW, "That is not your current password."),
    ],
)
def test_a_password_that_will_not_do_is_answered_with_the_reason(rp, ada, current, new, said):
    rp.sign_in()

    page = change(rp, current, new)

    assert page.status_code == 400
    assert said in text_of(page)
    with rp.provider.context() as ctx:
        assert passwords.verify(ctx, ada.id, PASSWORD)


@spec("ASVS 6.3.1")
def test_guessing_the_current_one_is_throttled_as_at_a_sign_in(rp):
    rp.sign_in()

    answers = [change(rp, "not the right one").status_code for _ in range(8)]

    assert answers[0] == 400
    assert answers[-1] == 429
    assert "login.failed" in rp.provider.event_names()
    assert change(rp).status_code == 429, "not even with the right one"


def test_who_has_none_sets_one_and_who_keeps_a_passkey_removes_it(rp, ada):
    rp.sign_in()
    add_passkey(rp.provider, ada)
    rise(rp, ada)

    removed = act(rp, "/account/password/remove")
    assert "Your password was removed" in text_of(removed)
    with rp.provider.context() as ctx:
        assert not passwords.has_password(ctx, ada.id)

    page = act(rp, "/account/password", new_password=NEW)
    assert "You have a password now." in text_of(page)
    with rp.provider.context() as ctx:
        assert passwords.verify(ctx, ada.id, NEW)


def test_two_first_passwords_at_once_are_one(rp, ada):
    rp.sign_in()
    add_passkey(rp.provider, ada)
    rise(rp, ada)
    act(rp, "/account/password/remove")
    forms = [{"new_password": NEW}, {"new_password": f"{NEW} again"}]

    answers = at_once(rp, visit(rp), "/account/password", forms)

    assert rp.provider.event_names().count("password.set") == 2, "at the beginning, and now"
    assert sorted(answers) in ([303, 303], [303, 400])


@pytest.mark.parametrize(
    "traits", [None, {"verifies_user": False}], ids=["no passkey", "a key for the second step"]
)
def test_the_password_stays_where_nothing_else_signs_in_alone(rp, ada, traits):
    rp.sign_in()
    if traits is not None:
        add_passkey(rp.provider, ada, **traits)
        rise(rp, ada)

    page = act(rp, "/account/password/remove")

    assert "The password stays" in text_of(page)
    assert "password.removed" not in rp.provider.event_names()
    assert b'id="remove-password"' not in visit(rp, "/account/password").data


@spec("ASVS 6.3.7")
def test_a_letter_tells_of_it(make, monkeypatch):
    rp = make(**MAIL)
    rp.sign_in()
    kept = letters(monkeypatch)

    change(rp)

    (letter,) = kept
    assert letter["to"] == find(rp).email
    assert letter["subject"].startswith("Your password was changed")
    assert "2030-01-01 12:00 UTC" in letter["text"]
    assert "127.0.0.1" in letter["text"]
    assert f"{ISSUER}/recovery" in letter["text"]
    assert NEW not in letter["text"]
