"""Passkeys, authenticator apps and recovery codes: added, named and removed by their owner."""

import re

import pyotp
import pytest

from idp.account import factors
from idp.account.factors import Removal
from idp.credentials import passkeys, recovery, totp
from idp.store import users
from tests.account.conftest import find
from tests.account.people import (
    MAIL,
    act,
    add_passkey,
    at_once,
    letters,
    rise,
    visit,
)
from tests.app import claims_of, text_of
from tests.support.spec import spec

AUTHENTICATORS = "/account/authenticators"


def begin_app(rp):
    """Go to the page with the key; return it and the key."""
    page = act(rp, "/account/authenticator")
    key = re.search(r'id="manual-key"[^>]*>([^<]+)<', page.get_data(as_text=True))
    assert key is not None, text_of(page)
    return page, key[1].replace(" ", "")


def signed_in_with_app(rp, user):
    secret = rp.provider.add_totp(user)
    rp.submit(rp.log_in(rp.authorize()), code=rp.provider.code(secret))


def only_app(rp, user):
    with rp.provider.context() as ctx:
        return totp.list_for(ctx, user.id)[0].id


def test_an_app_is_added_in_a_session_which_rises_to_two_factors(rp):
    rp.sign_in()
    page, key = begin_app(rp)

    page = rp.submit(page, action="confirm", code=rp.provider.code(key))

    assert b'id="page-recovery-codes"' in page.data
    assert "session.proved" in rp.provider.event_names()
    text = text_of(visit(rp, AUTHENTICATORS))
    assert "Authenticator app" in text
    assert "10 codes left" in text


def test_the_way_back_from_adding_says_so_and_offers_to_end_other_sessions(rp, ada):
    signed_in_with_app(rp, ada)
    with rp.provider.context() as ctx:
        recovery.regenerate(ctx, ada.id)
    page, key = begin_app(rp)

    page = rp.submit(page, action="confirm", code=rp.provider.code(key))

    assert page.request.path == AUTHENTICATORS
    assert "Added." in text_of(page)
    assert "Sign out other devices" in text_of(page)


def test_who_comes_back_without_having_added_reads_nothing_of_it(rp):
    rp.sign_in()
    page, _key = begin_app(rp)

    page = rp.submit(page, action="cancel")

    assert page.request.path == AUTHENTICATORS
    assert b'id="notice"' not in page.data


def test_an_enrolment_dies_with_the_session_that_began_it(rp):
    """Who leaves must not leave a door open: the page is still in the browser's history."""
    rp.sign_in()
    page, key = begin_app(rp)
    act(rp, "/account/sign-out")

    after = rp.submit(page, action="confirm", code=rp.provider.code(key))

    assert b'id="page-login"' in after.data
    assert rp.answer(rp.authorize(prompt="none"))["error"] == "login_required"
    assert "totp.added" not in rp.provider.event_names()


def test_adding_a_factor_is_no_fresh_proof_of_who_adds_it(rp):
    """Else whoever took a session over could keep it fresh for ever."""
    first = claims_of(rp.sign_in()["id_token"])
    rp.provider.clock.forward(minutes=10)
    page, key = begin_app(rp)
    rp.submit(page, action="confirm", code=rp.provider.code(key))

    second = claims_of(rp.sign_in()["id_token"])

    assert second["acr"] == "mfa"
    assert second["auth_time"] == first["auth_time"]


def test_two_apps_are_told_apart_by_their_names(rp, ada):
    signed_in_with_app(rp, ada)
    for _ in range(2):
        page, key = begin_app(rp)
        rp.submit(page, action="confirm", code=rp.provider.code(key))

    with rp.provider.context() as ctx:
        names = sorted(each.name for each in totp.list_for(ctx, ada.id))
    assert names == ["Authenticator app", "Authenticator app 2", "Phone"]


def test_adding_a_passkey_leads_to_its_own_page(rp):
    rp.sign_in()

    page = act(rp, "/account/passkey")

    assert b'id="page-enrol-passkey"' in page.data


def test_there_are_never_more_than_enough(rp, ada):
    rp.sign_in()
    for _ in range(totp.MAX_AUTHENTICATORS):
        rp.provider.add_totp(ada)
    secret = pyotp.random_base32()
    with rp.provider.context() as ctx:
        assert totp.add(ctx, ada.id, "One more", secret, rp.provider.code(secret)) is None
    for _ in range(passkeys.MAX_PASSKEYS):
        add_passkey(rp.provider, ada)
    rise(rp, ada)

    assert "as many authenticator apps as" in text_of(act(rp, "/account/authenticator"))
    assert "as many passkeys as" in text_of(act(rp, "/account/passkey"))
    assert b'id="add-' not in visit(rp, AUTHENTICATORS).data


def test_each_passkey_says_what_it_is(rp, ada):
    rp.sign_in()
    add_passkey(rp.provider, ada, name="Phone", hardware=False)
    add_passkey(rp.provider, ada, name="Key", backed_up=False, hardware=True, verifies_user=False)
    with rp.provider.context() as ctx:
        now = ctx.now
    add_passkey(rp.provider, ada, name="Copied", suspected_at=now)

    text = text_of(visit(rp, AUTHENTICATORS))

    assert "Phone Synced Added Jan 1, 2030 Never used" in text
    assert "Key Certified hardware This device only" in text
    assert "Second step only" in text
    assert "answered as a copy of it would" in text
    assert "“Copied” answered as a copy" in text_of(visit(rp)), "the overview says it first"


def test_things_get_names_and_a_mark_goes_when_its_owner_knows_why(rp, ada):
    signed_in_with_app(rp, ada)
    rise(rp, ada)
    with rp.provider.context() as ctx:
        now = ctx.now
    key = add_passkey(rp.provider, ada, suspected_at=now)

    act(rp, "/account/passkey/rename", passkey_id=key, name=" Work laptop ")
    page = act(
        rp, "/account/authenticator/rename", authenticator_id=only_app(rp, ada), name="Old <b>"
    )

    assert "has its new name" in text_of(page)
    assert b"Old &lt;b&gt;" in page.data
    assert "Work laptop" in text_of(page)
    assert "as a copy of it would" in text_of(page), "a name says nothing about it"
    known = act(rp, "/account/passkey/known", passkey_id=key)
    assert "The warning is gone" in text_of(known)
    assert "as a copy of it would" not in text_of(known)
    assert "The warning is gone" not in text_of(act(rp, "/account/passkey/known", passkey_id=key))
    assert {"passkey.renamed", "totp.renamed"} <= set(rp.provider.event_names())
    nameless = act(rp, "/account/passkey/rename", passkey_id=key, name="  ")
    assert "at least one character" in text_of(nameless)


@spec("ASVS 6.5.6")
def test_an_app_is_removed_once_and_new_codes_void_the_old(rp, ada):
    signed_in_with_app(rp, ada)
    codes = act(rp, "/account/recovery-codes")
    assert b'id="page-recovery-codes"' in codes.data
    only = only_app(rp, ada)

    removed = act(rp, "/account/authenticator/remove", authenticator_id=only)
    assert "was removed" in text_of(removed)
    assert "Sign out other devices" in text_of(removed)

    again = act(rp, "/account/authenticator/remove", authenticator_id=only)
    assert "was removed" not in text_of(again)


def test_there_are_no_recovery_codes_for_who_has_no_second_step(rp):
    rp.sign_in()

    act(rp, "/account/recovery-codes")

    assert "recovery_codes.made" not in rp.provider.event_names()
    assert b'id="regenerate-codes"' not in visit(rp, AUTHENTICATORS).data


def test_few_recovery_codes_are_warned_of(rp, ada):
    signed_in_with_app(rp, ada)
    with rp.provider.context() as ctx:
        codes = recovery.regenerate(ctx, ada.id)
        for code in codes[:7]:
            assert recovery.use(ctx, ada.id, code)

    assert "3 codes left Make new ones soon" in text_of(visit(rp, AUTHENTICATORS))


@spec("ASVS 6.6.1")
def test_codes_that_we_send_are_shown_as_less_secure_while_they_count(make):
    rp = make(**MAIL, mail_codes=True)
    rp.sign_in()

    assert "Code by mail Less secure" in text_of(visit(rp, AUTHENTICATORS))
    rp.provider.add_totp(find(rp))
    assert "Less secure" not in text_of(visit(rp, AUTHENTICATORS))


def who_gets_codes_by_mail(make, policy):
    """Somebody who has signed in, and for whom this policy holds from now on."""
    rp = make(**MAIL, mail_codes=True, second_factor="off", second_factor_groups={"all": policy})
    rp.sign_in()
    with rp.provider.context() as ctx:
        users.change(ctx.db, find(rp).id, ctx.now, groups=["all"])
    return rp


@pytest.mark.parametrize("policy", ["off", "encouraged"])
def test_codes_that_nobody_asks_for_are_said_to_protect_nothing(make, policy):
    rp = who_gets_codes_by_mail(make, policy)

    assert "Protected by one step" in text_of(visit(rp))
    text = text_of(visit(rp, AUTHENTICATORS))
    assert "Your password alone signs you in." in text
    assert "codes left" not in text


def test_codes_that_the_policy_asks_for_are_said_to_protect(make):
    rp = who_gets_codes_by_mail(make, "required")

    assert "Protected by a code we send" in text_of(visit(rp))
    assert "They stand for your second step" in text_of(visit(rp, AUTHENTICATORS))


def test_what_cannot_be_undone_says_first_what_will_happen(rp, ada):
    signed_in_with_app(rp, ada)
    rise(rp, ada)
    add_passkey(rp.provider, ada)
    assert "Make recovery codes" in text_of(visit(rp)), "there is nothing to lose yet"
    with rp.provider.context() as ctx:
        recovery.regenerate(ctx, ada.id)

    html = visit(rp, AUTHENTICATORS).get_data(as_text=True)

    for button in ("remove-passkey-1", "remove-authenticator-1", "regenerate-codes"):
        pattern = rf'<details [^>]*id="{button}-behind">(.*?)</details>'
        (behind,) = re.findall(pattern, html, re.DOTALL)
        assert f'id="{button}"' in behind
        assert "<p>" in behind


@pytest.mark.parametrize("policy", ["required", "phishing-resistant"])
def test_the_last_one_stays_where_the_policy_demands_it(make, policy):
    rp = make(second_factor="off", second_factor_groups={"staff": policy})
    ada = find(rp)
    rp.sign_in()
    key = add_passkey(rp.provider, ada)
    rise(rp, ada)
    with rp.provider.context() as ctx:
        users.change(ctx.db, ada.id, ctx.now, groups=["staff"])

    page = act(rp, "/account/passkey/remove", passkey_id=key)

    assert "This one stays" in text_of(page)
    assert "passkey.removed" not in rp.provider.event_names()
    add_passkey(rp.provider, ada)
    assert "was removed" in text_of(act(rp, "/account/passkey/remove", passkey_id=key))


def test_who_has_no_password_keeps_a_passkey_that_signs_in_alone(rp, ada):
    rp.sign_in()
    first = add_passkey(rp.provider, ada)
    rise(rp, ada)
    act(rp, "/account/password/remove")
    add_passkey(rp.provider, ada, verifies_user=False)

    assert "This one stays" in text_of(act(rp, "/account/passkey/remove", passkey_id=first))
    add_passkey(rp.provider, ada)
    assert "was removed" in text_of(act(rp, "/account/passkey/remove", passkey_id=first))


def test_two_removals_at_once_leave_the_factor_that_the_policy_demands(make):
    rp = make(second_factor="required")
    ada = find(rp)
    rp.provider.add_totp(ada)
    signed_in_with_app(rp, ada)
    with rp.provider.context() as ctx:
        forms = [{"authenticator_id": each.id} for each in totp.list_for(ctx, ada.id)]

    answers = at_once(rp, visit(rp), "/account/authenticator/remove", forms)

    assert answers == [303, 303]
    with rp.provider.context() as ctx:
        assert len(totp.list_for(ctx, ada.id)) == 1


def test_a_passkey_and_the_password_removed_at_once_leave_a_way_in(rp, ada):
    rp.sign_in()
    key = add_passkey(rp.provider, ada)
    rise(rp, ada)
    with rp.provider.context() as ctx:
        assert factors.can_remove_password(ctx, ada)

    with rp.provider.context() as ctx:
        assert factors.remove_password(ctx, ada) is Removal.DONE
    with rp.provider.context() as ctx:
        assert factors.remove_passkey(ctx, ada, key) is Removal.NEEDED


def test_nobody_touches_what_belongs_to_another(rp):
    grace = rp.provider.add_user("grace")
    rp.provider.add_totp(grace)
    hers = add_passkey(rp.provider, grace, name="Hers")
    rp.sign_in()
    app = only_app(rp, grace)

    for kind, field, thing in (
        ("passkey", "passkey_id", hers),
        ("authenticator", "authenticator_id", app),
    ):
        act(rp, f"/account/{kind}/rename", **{field: thing, "name": "Mine"})
        act(rp, f"/account/{kind}/remove", **{field: thing})
    act(rp, "/account/passkey/known", passkey_id=hers)

    with rp.provider.context() as ctx:
        assert [each.name for each in passkeys.list_for(ctx, grace.id)] == ["Hers"]
        assert [each.name for each in totp.list_for(ctx, grace.id)] == ["Phone"]


@spec("ASVS 6.3.7")
def test_each_change_is_told_by_mail(make, monkeypatch):
    rp = make(**MAIL)
    ada = find(rp)
    signed_in_with_app(rp, ada)
    kept = letters(monkeypatch)
    key = add_passkey(rp.provider, ada, name="Old laptop")
    rise(rp, ada)

    act(rp, "/account/passkey/remove", passkey_id=key)
    act(rp, "/account/recovery-codes")
    act(rp, "/account/authenticator/remove", authenticator_id=only_app(rp, ada))

    assert [letter["subject"].split(" · ")[0] for letter in kept] == [
        "A passkey was removed",
        "New recovery codes were made",
        "An authenticator app was removed",
    ]
    assert "“Old laptop”" in kept[0]["text"]
