"""An operator takes the second factors away; new ones take the password and the link."""

import re

import pytest

from idp.account import administration
from idp.account.administration import Changes
from idp.admission import invitation, reset
from idp.credentials import account_tickets, devices, passkeys, passwords, totp
from idp.credentials import recovery as recovery_codes
from idp.sessions import service as sessions
from idp.store import users
from tests.admission.people import NEW_PASSWORD, another, attribute_of, events
from tests.app import PASSWORD, link_of, submit, text_of
from tests.support.authenticator import Authenticator
from tests.support.spec import spec


@pytest.fixture
def lost(person):
    """Ada had an app, recovery codes, a session and a trusted browser; returns the mailed link."""
    provider = person.provider
    with provider.context() as ctx:
        user = users.find_by_username(ctx.db, "ada")
    provider.add_totp(user)
    with provider.context() as ctx:
        recovery_codes.regenerate(ctx, user.id)
        sessions.open_session(ctx, user.id, ("pwd", "otp"), None)
        devices.remember(ctx, "a device", user.id)
        devices.trust(ctx, "a device", user.id)
    with provider.context() as ctx:
        reset.reset_factors(ctx, user, "lost the phone; called back")
    return person.post.links()[0]


def ada(person):
    with person.provider.context() as ctx:
        return users.find_by_username(ctx.db, "ada")


@spec("ASVS 6.4.4")
def test_a_reset_ends_everything_and_says_why(person, lost):
    user = ada(person)

    assert user.factors_reset_at is not None
    assert events(person.provider, "factors.reset") == [
        {
            "reason": "lost the phone; called back",
            "passkeys": 0,
            "authenticators": 1,
            "recovery_codes": 10,
        }
    ]
    assert events(person.provider, "session.ended")[0]["reason"] == "factors_reset"
    assert events(person.provider, "devices.distrusted")[0]["reason"] == "factors_reset"
    with person.provider.context() as ctx:
        assert totp.list_for(ctx, user.id) == []
        assert recovery_codes.remaining(ctx, user.id) == 0


@spec("ASVS 6.3.7")
def test_the_user_is_told_besides(mailing, person, lost):
    del lost
    with mailing.context() as ctx:
        reset.reset_factors(ctx, ada(person), "again")
    subjects = {mail["subject"] for mail in person.post.mails()}
    assert len(subjects) == 2


@spec("ASVS 6.4.4")
def test_the_password_alone_opens_nothing_after_a_reset(person, lost):
    del lost
    page = person.rp.log_in(person.rp.authorize())

    assert b'id="page-login-refer"' in page.data


def test_the_link_and_the_password_let_a_new_app_be_set_up(person, lost):
    page = person.open(lost)
    assert b'id="page-ticket-reset"' in page.data
    login = person.rp.get(link_of(page, "sign-in"))
    enrol = person.rp.log_in(login)
    assert b'id="page-enrol"' in enrol.data, text_of(enrol)
    key = re.search(r'id="manual-key"[^>]*>([^<]+)<', enrol.get_data(as_text=True))[1]
    code = person.provider.code(key.replace(" ", ""))
    codes = person.rp.submit(enrol, action="confirm", code=code)
    assert b'id="page-recovery-codes"' in codes.data

    assert ada(person).factors_reset_at is None
    assert len(events(person.provider, "factors.rebound")) == 1
    assert person.open(lost).status_code == 410
    rp = another(person.rp)
    assert b'id="page-login-code"' in rp.log_in(rp.authorize()).data


@spec("ASVS 6.4.4")
def test_the_link_without_the_password_opens_nothing(person, lost):
    login = person.rp.get(link_of(person.open(lost), "sign-in"))
    page = person.rp.log_in(login, password="not the password")

    assert b'id="page-login"' in page.data
    assert "session.opened" not in person.provider.event_names()[-2:]


def test_a_passkey_may_be_bound_in_its_place(person, lost):
    login = person.rp.get(link_of(person.open(lost), "sign-in"))
    page = person.rp.log_in(login)
    assert b'data-passkey="create"' in page.data
    made = Authenticator().create(attribute_of(page, "data-options"))
    form = {"action": "confirm", "credential": made}
    answer = submit(person.rp.browser, page, "/login/enrol/passkey", **form)
    assert answer.status_code in (200, 303)

    with person.provider.context() as ctx:
        assert len(passkeys.list_for(ctx, ada(person).id)) == 1
    assert ada(person).factors_reset_at is None


def test_who_forgot_the_password_too_chooses_one_by_an_operators_link(person, lost):
    assert "Forgotten your password, too?" in text_of(person.open(lost))
    with person.provider.context() as ctx:
        link = invitation.invite_to_new_password(ctx, ada(person))
    assert not link.mailed
    alone = person.choose(person.open(link.url))
    assert b'id="page-login-refer"' in alone.data, text_of(alone)

    login = person.rp.get(link_of(person.open(lost), "sign-in"))
    enrol = person.rp.log_in(login, password=NEW_PASSWORD)
    assert b'id="page-enrol"' in enrol.data, text_of(enrol)


@spec("ASVS 6.4.4")
def test_who_reads_the_mail_alone_chooses_no_password_and_so_no_factor(person, lost):
    sent = person.ask(page=person.rp.get("/recovery"))
    assert b'id="page-forgotten-sent"' in sent.data
    page = person.open(person.post.link())
    assert b'id="page-login-refer"' in page.data
    assert "a link by mail is not enough" in text_of(page)

    login = person.rp.get(link_of(person.open(lost), "sign-in"))
    assert b'id="page-enrol"' in person.rp.log_in(login).data, "the old password stands"


def test_a_password_chosen_by_mail_while_an_operator_resets_is_not_kept(person):
    person.ask()
    page = person.open(person.post.link())
    with person.provider.context() as ctx:
        users.note(ctx.db, ada(person).id, factors_reset_at=ctx.now)

    assert b'id="page-login-refer"' in person.choose(page).data
    with person.provider.context() as ctx:
        assert passwords.verify(ctx, ada(person).id, PASSWORD)


def test_a_link_to_an_address_that_was_changed_is_over(person, lost):
    with person.provider.context() as ctx:
        administration.change_user(ctx, "ada", Changes(email="lovelace@example.test"))

    assert person.open(lost).status_code == 410


def test_a_link_of_somebody_else_completes_nothing(person, lost):
    bob = person.provider.add_user("bob")
    token = lost.split("t=")[1]
    with person.provider.context() as ctx:
        ticket = account_tickets.find(ctx, token)
        assert not account_tickets.opens_reset(ctx, bob.id, ticket.id)
        assert not account_tickets.complete_reset(ctx, bob.id, ticket.id)
        assert account_tickets.complete_reset(ctx, ticket.user_id, ticket.id)
        assert not account_tickets.complete_reset(ctx, ticket.user_id, ticket.id)


def test_another_reset_voids_the_link_before(person, lost):
    with person.provider.context() as ctx:
        again = reset.reset_factors(ctx, ada(person), "the mail was lost")

    assert person.open(lost).status_code == 410
    assert b'id="page-ticket-reset"' in person.open(again.url).data


def test_an_old_link_is_over(person, lost):
    person.provider.clock.forward(days=3)

    assert person.open(lost).status_code == 410


def test_who_had_no_password_starts_over_with_an_invitation(person):
    carol = person.provider.add_user("carol", password=None)
    with person.provider.context() as ctx:
        link = reset.reset_factors(ctx, carol, "lost the key")
    page = person.open(link.url)
    assert b'id="page-invitation"' in page.data
    person.choose(page, action="password")

    assert person.signs_in("carol", NEW_PASSWORD)
    assert not person.signs_in("carol", PASSWORD)
