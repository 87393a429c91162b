"""Another address: proved by a link that is opened where its user is signed in."""

import pytest

from idp.account import administration
from idp.account.administration import Changes
from idp.credentials import account_tickets
from idp.credentials.notices import Notice, tell
from idp.delivery import dispatch
from idp.delivery.dispatch import Lane
from idp.delivery.outcome import NotNow
from idp.store import users
from tests.admission.people import events
from tests.app import fields_of, link_of, text_of
from tests.support.spec import spec

NEW = "new@example.test"


def ada(person):
    with person.provider.context() as ctx:
        return users.find_by_username(ctx.db, "ada")


def begin(person, address=NEW):
    """What the account page calls."""
    with person.provider.context() as ctx:
        account_tickets.begin_email_change(ctx, ada(person), address)


@pytest.fixture
def signed_in(person):
    person.rp.log_in(person.rp.authorize())
    return person


def test_the_address_changes_once_the_link_is_opened_and_the_old_one_is_told(signed_in):
    begin(signed_in)
    page = signed_in.open(signed_in.post.link())
    assert b'id="page-ticket-email"' in page.data
    assert NEW in text_of(page)
    assert ada(signed_in).email == "ada@example.test"
    done = signed_in.rp.submit(page, action="use")
    assert b'id="page-ticket-email-done"' in done.data

    user = ada(signed_in)
    assert (user.email, user.email_verified) == (NEW, True)
    (notice,) = signed_in.post.mails()
    assert notice["to"] == "ada@example.test"
    assert events(signed_in.provider, "user.changed") == [{"fields": ["email"]}]
    assert events(signed_in.provider, "session.ended") == []
    assert signed_in.rp.submit(page, action="use").status_code == 410


def test_an_address_of_ones_own_is_verified_without_a_notice(signed_in):
    with signed_in.provider.context() as ctx:
        users.change(ctx.db, ada(signed_in).id, ctx.now, email_verified=False)
    begin(signed_in, "ada@example.test")
    signed_in.rp.submit(signed_in.open(signed_in.post.link()), action="use")

    assert ada(signed_in).email_verified
    assert events(signed_in.provider, "user.changed") == [{"fields": ["email_verified"]}]
    assert signed_in.post.mails() == []


def test_who_is_not_signed_in_signs_in_first(person):
    begin(person)
    login = person.open(person.post.link())
    assert b'id="page-login"' in login.data
    page = person.rp.log_in(login)

    assert b'id="page-ticket-email"' in page.data
    person.rp.submit(page, action="use")
    assert ada(person).email == NEW


def test_somebody_else_cannot_use_the_address(person):
    person.provider.add_user("eve")
    begin(person)
    link = person.post.link()
    person.rp.log_in(person.rp.authorize(), "eve")
    page = person.open(link)

    assert b'id="page-ticket-other-account"' in page.data
    switched = person.rp.log_in(person.rp.get(link_of(page, "switch")))
    assert b'id="page-ticket-email"' in switched.data


def test_ones_own_proved_address_is_no_change(signed_in):
    begin(signed_in, "ada@example.test")
    done = signed_in.rp.submit(signed_in.open(signed_in.post.link()), action="use")

    assert b'id="page-ticket-email-done"' in done.data
    assert events(signed_in.provider, "user.changed") == []


def test_an_address_of_somebody_else_is_told_and_no_link_exists(signed_in):
    signed_in.provider.add_user("eve", email=NEW)
    begin(signed_in)
    (mail,) = signed_in.post.mails()

    assert mail["to"] == NEW
    assert "/ticket" not in mail["text"]


@spec("ASVS 6.3.8")
def test_the_log_that_a_user_reads_tells_no_address_that_has_an_account(signed_in):
    signed_in.provider.add_user("eve", email=NEW)
    before = len(signed_in.provider.audit())
    seen = []
    for address in (NEW, "nobody@example.test"):
        begin(signed_in, address)
        seen.append([(each.name, each.data) for each in signed_in.provider.audit()[before:]])
        before += len(seen[-1])

    assert seen[0] == seen[1] == [("email_change.requested", {})]
    page = text_of(signed_in.rp.follow(signed_in.rp.get("/account/activity")))
    assert page.count("You named another email address.") == 2


def test_letters_to_the_user_do_not_wait_for_a_mail_to_another_address(signed_in):
    """A relay may put off what goes to an address that does not exist for a day."""
    begin(signed_in, "somebody@nowhere.invalid")
    with signed_in.provider.context() as ctx:
        held = dispatch.claim(ctx, Lane.MAIL)
        dispatch.failed(ctx, held, NotNow("SMTPRecipientsRefused 450"))
        tell(ctx, ada(signed_in), Notice.PASSKEY_ADDED, name="Somebody's")
    with signed_in.provider.context() as ctx:
        held = dispatch.claim(ctx, Lane.MAIL)
        assert dispatch.unpack(ctx, held).payload["to"] == "ada@example.test"


def test_letters_to_the_new_address_do_not_wait_for_the_one_to_the_old(signed_in):
    begin(signed_in)
    signed_in.rp.submit(signed_in.open(signed_in.post.link()), action="use")
    with signed_in.provider.context() as ctx:
        tell(ctx, ada(signed_in), Notice.PASSWORD_CHANGED)
    to = []
    for _ in range(3):
        with signed_in.provider.context() as ctx:
            held = dispatch.claim(ctx, Lane.MAIL)
            to.append(dispatch.unpack(ctx, held).payload["to"])
            dispatch.failed(ctx, held, NotNow("SMTPRecipientsRefused 450"))

    assert to == [NEW, "ada@example.test", NEW]


def test_an_address_that_somebody_got_meanwhile_is_not_used(signed_in):
    begin(signed_in)
    page = signed_in.open(signed_in.post.link())
    signed_in.provider.add_user("eve", email=NEW)

    assert signed_in.rp.submit(page, action="use").status_code == 410
    assert ada(signed_in).email == "ada@example.test"


def test_the_form_is_good_in_the_browser_that_opened_the_link(signed_in):
    begin(signed_in)
    page = signed_in.open(signed_in.post.link())
    stranger = signed_in.stranger()
    stranger.rp.log_in(stranger.rp.authorize())
    ticket = fields_of(page)["ticket"]

    assert stranger.rp.get(f"/ticket/email?ticket={ticket}").status_code == 410


def test_asking_again_voids_the_link_before_and_old_ones_are_over(signed_in):
    begin(signed_in)
    first = signed_in.post.link()
    begin(signed_in, "newer@example.test")
    second = signed_in.post.link()
    assert signed_in.open(first).status_code == 410
    assert "newer@example.test" in text_of(signed_in.open(second))

    signed_in.provider.clock.forward(days=1)
    assert signed_in.open(second).status_code == 410


def test_a_link_to_the_old_address_opens_nothing_after_the_change(signed_in):
    signed_in.ask()
    recovery = signed_in.post.link()
    begin(signed_in)
    signed_in.rp.submit(signed_in.open(signed_in.post.link()), action="use")

    assert signed_in.open(recovery).status_code == 410


def test_one_user_sends_five_such_mails_an_hour(signed_in):
    for number in range(9):
        begin(signed_in, f"new{number}@example.test")
    assert len(signed_in.post.links()) == 5


def test_disabling_a_user_voids_the_link(signed_in):
    begin(signed_in)
    link = signed_in.post.link()
    with signed_in.provider.context() as ctx:
        administration.disable_user(ctx, "ada")
        administration.enable_user(ctx, "ada")

    assert signed_in.open(link).status_code == 410
    with signed_in.provider.context() as ctx:
        assert administration.change_user(ctx, "ada", Changes()) == []
