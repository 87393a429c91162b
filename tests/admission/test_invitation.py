"""An invitation: the operator hands over a link, and its owner alone chooses how to sign in."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.account import administration
from idp.account.administration import Changes
from idp.admission import invitation
from idp.credentials import account_tickets, passkeys, passwords
from idp.store import users
from tests.admission.people import (
    NEW_PASSWORD,
    attribute_of,
    create_passkey,
    events,
    use_passkey,
    used_tickets,
)
from tests.app import ISSUER, fields_of, link_of, submit, text_of
from tests.support.authenticator import Authenticator
from tests.support.spec import spec

DOMAIN = "id.example.test"


@pytest.fixture
def invited(person):
    """The account of bob, who has no proof yet."""
    with person.provider.context() as ctx:
        changes = Changes(email="bob@example.test", claims={"name": "Bob Example"})
        return administration.create_user(ctx, "bob", changes, None)


def links_for(person, user):
    """The operator's link and the mailed one."""
    with person.provider.context() as ctx:
        link = invitation.invite(ctx, user)
    mailed = person.post.links()
    return link.url, mailed[0]


def fresh(person, user):
    with person.provider.context() as ctx:
        return users.find(ctx.db, user.id)


def is_over(page) -> bool:
    return page.status_code == 410 and b'id="page-ticket-over"' in page.data


@spec("ASVS 6.4.1")
def test_who_is_invited_chooses_a_password_and_is_signed_in(person, invited):
    _, mailed = links_for(person, invited)
    page = person.open(mailed)
    assert b'id="page-invitation"' in page.data
    assert "Bob Example" in text_of(page)

    assert "Bob Example" in text_of(person.choose(page, action="password"))
    assert person.signs_in("bob", NEW_PASSWORD)
    assert fresh(person, invited).email_verified
    assert events(person.provider, "invitation.accepted") == [{"mail_proved": True}]


def test_the_operators_link_proves_no_address(person, invited):
    link, mailed = links_for(person, invited)
    person.choose(person.open(link), action="password")

    assert not fresh(person, invited).email_verified
    assert events(person.provider, "invitation.accepted") == [{"mail_proved": False}]
    assert is_over(person.open(mailed))


def test_a_link_to_an_address_that_was_changed_is_over_and_the_operators_is_not(person, invited):
    link, mailed = links_for(person, invited)
    page = person.open(mailed)
    with person.provider.context() as ctx:
        administration.change_user(ctx, "bob", Changes(email="robert@example.test"))

    assert is_over(person.choose(page, action="password"))
    assert is_over(person.open(mailed))
    person.choose(person.open(link), action="password")
    assert person.signs_in("bob", NEW_PASSWORD)
    assert not fresh(person, invited).email_verified


def test_who_is_invited_may_create_a_passkey_instead(person, invited):
    _, mailed = links_for(person, invited)
    key = Authenticator()
    page = person.rp.submit(person.open(mailed), action="passkey")
    page = create_passkey(person.rp, page, key)
    if b'id="page-recovery-codes"' in page.data:
        page = person.rp.follow(person.rp.get(link_of(page, "continue")))
    page = use_passkey(person.rp, page, key)

    assert "Bob Example" in text_of(page)
    assert fresh(person, invited).email_verified
    with person.provider.context() as ctx:
        assert len(passkeys.list_for(ctx, invited.id)) == 1
        assert not passwords.has_password(ctx, invited.id)
    assert all(used_tickets(person.provider))


def test_a_passkey_that_was_not_made_leaves_the_link_good(person, invited):
    _, mailed = links_for(person, invited)
    page = person.open(mailed)
    person.rp.submit(page, action="passkey")
    person.choose(page, action="password")

    assert person.signs_in("bob", NEW_PASSWORD)


def test_two_windows_bind_one_passkey(person, invited):
    _, mailed = links_for(person, invited)
    stranger = person.stranger()
    first = person.rp.submit(person.open(mailed), action="passkey")
    second = stranger.rp.submit(stranger.open(mailed), action="passkey")
    made = Authenticator().create(attribute_of(first, "data-options"))
    late = person.rp.submit(first, action="confirm", credential=made)
    assert b'id="page-login"' in late.data
    create_passkey(stranger.rp, second, Authenticator())

    assert is_over(person.open(mailed))
    with person.provider.context() as ctx:
        assert len(passkeys.list_for(ctx, invited.id)) == 1


@spec("ASVS 2.3.4")
def test_of_two_forms_sent_at_once_one_sets_the_account_up(person, invited):
    _, mailed = links_for(person, invited)
    page = person.open(mailed)
    cookie = person.rp.browser.get_cookie("__Host-idp_browser", domain=DOMAIN).value
    together = threading.Barrier(2)

    def send(password):
        browser = person.provider.browser()
        browser.set_cookie("__Host-idp_browser", cookie, domain=DOMAIN, secure=True)
        together.wait()
        form = {"action": "password", "new_password": password}
        return submit(browser, page, "/invitation", **form).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(send, ("first otters under brickwork", "second otters in a boat")))

    assert sorted(answers) == [303, 410]
    assert len(events(person.provider, "invitation.accepted")) == 1


def test_inviting_again_voids_the_links_before(person, invited):
    first, first_mailed = links_for(person, invited)
    second, _ = links_for(person, invited)

    assert is_over(person.open(first))
    assert is_over(person.open(first_mailed))
    assert b'id="page-invitation"' in person.open(second).data


@spec("ASVS 6.4.1")
def test_what_a_voided_invitation_began_binds_nothing_and_opens_nothing(person, invited):
    _, wrong = links_for(person, invited)
    page = person.rp.submit(person.open(wrong), action="passkey")
    _, right = links_for(person, invited)

    late = create_passkey(person.rp, page, Authenticator())
    assert b'id="page-login"' in late.data
    with person.provider.context() as ctx:
        assert passkeys.list_for(ctx, invited.id) == []
    owner = person.stranger()
    owner.choose(owner.open(right), action="password")
    assert person.signs_in("bob", NEW_PASSWORD)


def test_a_passkey_that_was_bound_before_a_new_invitation_is_no_way_in(person, invited):
    """The operator's look at what there is, and the link that is used up, are one decision."""
    _, mailed = links_for(person, invited)
    page = create_passkey(
        person.rp, person.rp.submit(person.open(mailed), action="passkey"), Authenticator()
    )
    with person.provider.context() as ctx:
        account_tickets.void_all(ctx, invited.id)

    onward = link_of(page, "continue")
    assert is_over(person.rp.follow(person.rp.get(onward)))
    assert events(person.provider, "invitation.accepted") == []


def test_a_link_to_a_new_password_ends_what_the_one_before_began(person):
    with person.provider.context() as ctx:
        user = users.find_by_username(ctx.db, "ada")
        first = invitation.invite_to_new_password(ctx, user).url
    page = person.open(first)
    with person.provider.context() as ctx:
        invitation.invite_to_new_password(ctx, user)

    assert is_over(person.choose(page))
    assert person.signs_in("ada")


def test_an_old_link_is_over_and_so_is_one_of_a_disabled_user(person, invited):
    link, _ = links_for(person, invited)
    page = person.open(link)
    with person.provider.context() as ctx:
        administration.disable_user(ctx, "bob")
    assert is_over(person.choose(page, action="password"))
    with person.provider.context() as ctx:
        administration.enable_user(ctx, "bob")
    assert is_over(person.open(link))

    link, _ = links_for(person, invited)
    person.provider.clock.forward(days=3)
    assert is_over(person.open(link))


def test_the_page_behind_the_link_is_good_in_one_browser(person, invited):
    link, _ = links_for(person, invited)
    ticket = fields_of(person.open(link))["ticket"]

    assert is_over(person.stranger().rp.get(f"/invitation?ticket={ticket}"))
    # Looking used nothing up.
    assert used_tickets(person.provider) == [False, False]


def test_nobody_is_invited_who_can_sign_in(person):
    with person.provider.context() as ctx:
        user = users.find_by_username(ctx.db, "ada")
        with pytest.raises(invitation.SetUpAlready):
            invitation.invite(ctx, user)


def test_nobody_forgot_what_was_never_chosen(person, invited):
    with person.provider.context() as ctx, pytest.raises(invitation.NotSetUp):
        invitation.invite_to_new_password(ctx, invited)


@spec("NIST SP 800-63B-4 §3.1.1.2")
def test_a_refused_password_is_said_why(person, invited):
    link, _ = links_for(person, invited)
    page = person.choose(person.open(link), "bob@example.test", action="password")

    assert page.status_code == 400
    assert "made of your name" in text_of(page)
    assert person.rp.submit(page, action="password").status_code == 400
    assert used_tickets(person.provider) == [False, False]


@pytest.mark.parametrize("path", ["/invitation", "/invitation/done", "/reset", "/ticket/email"])
def test_without_a_link_there_is_nothing(person, path):
    assert is_over(person.rp.get(path))
    assert is_over(person.rp.get(f"{path}?ticket=x.y"))


@pytest.mark.parametrize("token", ["", "x", "x.y", "." * 500, "\u00e9.\u00e9"])
def test_no_other_text_is_a_link(person, token):
    page = person.rp.browser.get("/ticket", query_string={"t": token}, base_url=ISSUER)

    assert is_over(page)
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_a_link_with_another_secret_opens_nothing(person, invited):
    link, _ = links_for(person, invited)
    head, _, _ = link.rpartition("_")

    assert is_over(person.open(f"{head}_{'A' * 43}"))
    assert is_over(person.open(link.split(".idp_at_")[0]))
