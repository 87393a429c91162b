"""What operators do to accounts, where two of them or a person meet."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.account import administration
from idp.account.administration import Changes, NameTaken, ProfileRefused
from idp.credentials import devices, passwords
from idp.credentials.notices import Notice
from idp.credentials.password_rules import PasswordRefused
from idp.store import passwords as password_rows
from idp.store import users
from tests.app import PASSWORD, RelyingParty
from tests.support.spec import spec


def test_no_name_and_no_address_can_mean_two_people(provider):
    provider.add_user("ada", email="ada@example.test")
    taken = (
        ("ada@example.test", Changes(), NameTaken),
        ("ADA", Changes(), NameTaken),
        ("bob", Changes(email="Ada@Example.test"), ProfileRefused),
        ("bob", Changes(email="ada"), ProfileRefused),
    )
    for name, changes, refusal in taken:
        with pytest.raises(refusal), provider.context() as ctx:
            administration.create_user(ctx, name, changes, PASSWORD)
    provider.add_user("eve", email=None)
    with pytest.raises(ProfileRefused), provider.context() as ctx:
        administration.change_user(ctx, "eve", Changes(email="ada@example.test"))


def test_a_refused_password_makes_no_account(provider):
    """Even where the refusal is an answer, and answers commit."""
    with provider.context() as ctx, pytest.raises(PasswordRefused):
        administration.create_user(ctx, "ada", Changes(), "short")

    with provider.context() as ctx:
        assert users.find_by_username(ctx.db, "ada") is None
    assert provider.event_names() == []


@spec("ASVS 6.3.1")
def test_who_signed_in_with_the_old_password_has_no_counters_of_their_own(provider):
    """Else each browser of a thief would guess at the new one apart."""
    provider.add_user()
    client = provider.add_client(first_party=True)
    browsers = [RelyingParty(provider, client, provider.browser()) for _ in range(3)]
    for each in browsers:
        each.log_in(each.authorize())
        each.browser.delete_cookie("__Host-idp_session", domain="id.example.test")
    with provider.context() as ctx:
        administration.set_password(ctx, "ada", "another quiet evening tide")
    pages = [each.authorize() for each in browsers]
    looked_at = [
        each.submit(page, identifier="ada", password="a guess").status_code == 200
        for _ in range(5)
        for each, page in zip(browsers, pages, strict=True)
    ]

    assert sum(looked_at) <= 6
    forgotten = [each.data for each in provider.audit() if each.name == "devices.forgotten"]
    assert forgotten == [{"count": 3, "reason": "password_reset"}]


@pytest.mark.parametrize("end", ["delete", "set_password"])
def test_who_signs_in_while_an_operator_ends_it_waits_and_is_refused(provider, end):
    """Both take the user's row first, so that neither waits for the other in a circle."""
    user = provider.add_user()
    rp = RelyingParty(provider, provider.add_client(), provider.browser())
    page = rp.authorize()
    with ThreadPoolExecutor(1) as pool:
        with provider.context() as ctx:
            users.hold(ctx.db, user.id)
            answer = pool.submit(rp.log_in, page)
            time.sleep(0.5)
            if end == "delete":
                administration.delete_user(ctx, "ada")
            else:
                administration.set_password(ctx, "ada", "another quiet evening tide")
        assert b'id="page-login"' in answer.result().data


def test_a_password_that_was_replaced_while_it_was_hashed_opens_nothing(provider):
    user = provider.add_user()
    with provider.context() as ctx:
        seen = password_rows.find(ctx.db, user.id)
    with provider.context() as ctx:
        administration.set_password(ctx, "ada", "another quiet evening tide")

    with provider.context() as ctx:
        assert not password_rows.hold(ctx.db, seen)
        assert not passwords.verify(ctx, user.id, PASSWORD)
        assert passwords.verify(ctx, user.id, "another quiet evening tide")


@spec("ASVS 6.3.7")
def test_a_password_that_an_operator_sets_is_told_and_ends_the_trust_in_browsers(
    provider, monkeypatch
):
    told = []
    monkeypatch.setattr(administration, "tell", lambda _, user, what: told.append((user.id, what)))
    user = provider.add_user()
    with provider.context() as ctx:
        devices.remember(ctx, "a device", user.id)
        devices.trust(ctx, "a device", user.id)
    with provider.context() as ctx:
        administration.set_password(ctx, "ada", "another quiet evening tide")

    assert told == [(user.id, Notice.PASSWORD_CHANGED)]
    with provider.context() as ctx:
        assert not devices.is_known(ctx, "a device", user.id)
        assert not devices.is_trusted(ctx, "a device", user.id)


def test_enabling_wakes_nothing_of_before(rp):
    tokens = rp.sign_in()
    with rp.provider.context() as ctx:
        user = users.find_by_username(ctx.db, "ada")
        # As if a sign-in had been on its way while the account was disabled.
        users.change(ctx.db, user.id, ctx.now, disabled_at=ctx.now)
    with rp.provider.context() as ctx:
        administration.enable_user(ctx, "ada")

    assert rp.userinfo(tokens["access_token"]).status_code == 401
    assert rp.answer(rp.authorize(prompt="none"))["error"] == "login_required"
