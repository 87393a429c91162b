"""Coming back after an idle end: one factor, where the rest still stands (NIST SP 800-63B-4)."""

from datetime import timedelta

import pytest

from idp.credentials import devices
from idp.kernel.secrets import MasterKey
from idp.policy.turns import EVERY, SETTLES
from idp.sessions import endings, service
from idp.store import known_devices
from tests.account.people import twin_of
from tests.app import NOON, RelyingParty
from tests.login.judged import BARE, all_sessions, close_window, decided, rules, signs_in
from tests.login.keys import id_token, page_id, user_of
from tests.support.spec import spec

APP = "app.example.test"
HOUR = timedelta(hours=1)
RETURN = BARE + '[defaults]\nreturn_within = "3h"\nidle = "1h"\nabsolute = "6h"\n'


@pytest.fixture
def idled(party) -> RelyingParty:
    """Ada signed in with two factors at noon; an hour and a half later her session has idled."""
    rp = party(policy=RETURN)
    secret = rp.provider.add_totp(user_of(rp.provider))
    assert page_id(rp.submit(signs_in(rp), code=rp.provider.code(secret))) == APP
    rp.provider.clock.forward(minutes=90)
    return rp


@spec("NIST SP 800-63B-4 §2.2.3")
def test_the_password_alone_takes_up_what_idled_out_in_a_session_of_its_own(idled):
    claims = id_token(idled, signs_in(idled))

    old, new = all_sessions(idled.provider)
    assert new.sid != old.sid
    assert (old.end_reason, new.ended_at) == ("idle_timeout", None)
    assert new.absolute_until == old.absolute_until == NOON + 6 * HOUR
    assert new.authenticated_at == NOON + 1.5 * HOUR
    assert (claims["acr"], set(claims["amr"])) == ("mfa", {"pwd", "otp", "mfa"})
    assert claims["auth_time"] == int(new.authenticated_at.timestamp())
    assert decided(idled.provider)[-1].facts["acr"] == "mfa"


@spec("NIST SP 800-63B-4 §2.2.3")
def test_it_makes_no_difference_that_the_end_was_written_down_already(idled):
    with idled.provider.context() as ctx:
        endings.end_expired(ctx)

    assert page_id(signs_in(idled)) == APP
    assert all_sessions(idled.provider)[1].absolute_until == NOON + 6 * HOUR


def test_what_is_left_of_a_session_is_taken_up_once(idled):
    cookies = idled.browser.get_cookie("__Host-idp_session", domain="id.example.test")
    signs_in(idled)
    idled.browser.set_cookie(
        "__Host-idp_session", cookies.value, domain="id.example.test", secure=True
    )

    assert page_id(signs_in(idled)) == "login-code"


def forgotten(rp):
    with rp.provider.context() as ctx:
        user = user_of(rp.provider)
        (device,) = known_devices.list_of_user(ctx.db, user.id)
        known_devices.remove(ctx.db, device.device_id, user.id)


def other_device(rp):
    rp.browser.delete_cookie("__Host-idp_device", domain="id.example.test")


def own_other_browser(rp):
    """The secret of what idled out comes to another browser in which the user is known."""
    device_id, cookie = devices.new_device_cookie(rp.provider.house.get(MasterKey))
    with rp.provider.context() as ctx:
        devices.remember(ctx, device_id, user_of(rp.provider).id, confirmed=True)
    rp.browser.set_cookie("__Host-idp_device", cookie, domain="id.example.test", secure=True)


def test_a_copy_that_was_left_behind_takes_up_nothing_and_its_owner_does(party):
    """Who copied the cookies and has the password as well is still not who used them last."""
    rp = party(policy=RETURN)
    secret = rp.provider.add_totp(user_of(rp.provider))
    rp.submit(signs_in(rp), code=rp.provider.code(secret))
    copy = RelyingParty(rp.provider, rp.registered, twin_of(rp))
    for waited in (EVERY, SETTLES):
        rp.provider.clock.forward(seconds=waited.total_seconds())
        assert page_id(rp.authorize()) == APP
    rp.provider.clock.forward(minutes=90)

    assert page_id(signs_in(copy)) == "login-code"

    assert page_id(signs_in(rp)) == APP


@pytest.mark.parametrize(
    "spoil",
    [
        close_window,
        forgotten,
        other_device,
        own_other_browser,
        lambda rp: rp.provider.clock.forward(hours=2, minutes=30),
        lambda rp: rp.provider.clock.forward(hours=5),
    ],
    ids=[
        "no secret",
        "forgotten",
        "another device",
        "another known one",
        "after return_within",
        "absolute end",
    ],
)
@spec("NIST SP 800-63B-4 §2.2.3")
def test_both_factors_are_shown_where_anything_of_it_is_gone(idled, spoil):
    spoil(idled)

    assert page_id(signs_in(idled)) == "login-code"


def test_both_are_shown_where_somebody_asks_for_a_fresh_proof(idled):
    assert page_id(signs_in(idled, prompt="login")) == "login-code"


def test_both_are_shown_by_who_signed_out(party):
    rp = party(policy=RETURN)
    secret = rp.provider.add_totp(user_of(rp.provider))
    rp.submit(signs_in(rp), code=rp.provider.code(secret))
    with rp.provider.context() as ctx:
        service.end(ctx, all_sessions(rp.provider)[0].sid, because="user_logout")

    assert page_id(signs_in(rp)) == "login-code"


def test_both_are_shown_where_the_policy_asks_for_a_step(party):
    asking = rules('devices = ["known"]; outcome = "ask_factor"', defaults='return_within = "3h"')
    rp = party(policy=asking)
    secret = rp.provider.add_totp(user_of(rp.provider))
    rp.submit(signs_in(rp), code=rp.provider.code(secret))
    rp.provider.clock.forward(minutes=90)

    assert page_id(signs_in(rp)) == "login-code"


def test_nothing_is_taken_up_by_who_uses_another_account(idled):
    idled.provider.add_user("grace")

    page = idled.log_in(idled.authorize(), "grace")

    assert page_id(page) == APP
    assert all_sessions(idled.provider)[-1].amr == ["pwd"]


@pytest.mark.parametrize("noted", [True, False], ids=["noted", "not yet noted"])
@pytest.mark.parametrize("all_of_them", [True, False], ids=["everywhere", "elsewhere"])
def test_nothing_is_left_of_it_once_all_sessions_were_ended(idled, noted, all_of_them):
    user = user_of(idled.provider)
    with idled.provider.context() as ctx:
        if noted:
            endings.end_expired(ctx)
        if all_of_them:
            service.end_all_of_user(ctx, user.id, because="user_ended")
        else:
            here = service.open_session(ctx, user.id, ("pwd",), None)
            service.end_others(ctx, here.session, because="user_ended")

    assert page_id(signs_in(idled)) == "login-code"
