"""Self-registration: the address is proved before there is an account."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.credentials import passkeys
from idp.store import users
from tests.admission.people import NEW_PASSWORD, create_passkey, events, used_tickets
from tests.app import ISSUER, link_of, submit, text_of
from tests.support.authenticator import Authenticator
from tests.support.spec import spec

NEW = "new@example.test"


def asked(person, address=NEW):
    """Ask for an account; return the page that follows."""
    return person.rp.submit(person.rp.get("/register"), email=address)


def found(person, name=NEW):
    with person.provider.context() as ctx:
        return users.find_by_username(ctx.db, name)


def test_who_opens_the_link_opens_the_account(person):
    login = person.rp.authorize()
    page = person.rp.submit(person.rp.get(link_of(login, "register")), email=NEW)
    assert b'id="page-register-sent"' in page.data
    assert found(person) is None
    page = person.open(person.post.link())
    assert b'id="page-register-account"' in page.data
    person.choose(page, name="Nia Example", action="password")

    user = found(person)
    assert (user.email, user.email_verified, user.display_name) == (NEW, True, "Nia Example")
    assert person.signs_in(NEW, NEW_PASSWORD)
    assert len(events(person.provider, "registration.requested")) == 1
    assert len(events(person.provider, "user.registered")) == 1
    assert events(person.provider, "user.created") == [{}]


def test_a_known_address_is_told_so_by_mail_alone(person):
    asked(person, "Ada@Example.test")
    person.post.work()
    (mail,) = person.post.mails()

    assert mail["to"] == "Ada@Example.test"
    assert "already" in mail["subject"]
    assert f"{ISSUER}/login" in mail["text"]
    assert "/ticket" not in mail["text"]


@spec("RFC 5891 §4")
@pytest.mark.parametrize("host", ["ü_.example", "ü..example", "\u200d.example", "a..b", "ﬁ" * 70])
def test_a_host_that_has_no_name_in_ascii_is_refused_at_once(person, host):
    page = asked(person, f"bob@{host}")

    assert b'id="page-register"' in page.data
    assert person.post.waiting("registration") == 0


def test_an_account_may_begin_with_a_passkey(person):
    asked(person)
    page = person.rp.submit(person.open(person.post.link()), name="Nia", action="passkey")
    create_passkey(person.rp, page, Authenticator())

    with person.provider.context() as ctx:
        assert len(passkeys.list_for(ctx, found(person).id)) == 1


def test_who_gives_up_on_the_passkey_chooses_a_password_by_mail(person):
    asked(person)
    person.rp.submit(person.open(person.post.link()), action="passkey")
    person.ask(NEW)
    person.choose(person.open(person.post.link()))

    assert person.signs_in(NEW, NEW_PASSWORD)


@spec("ASVS 2.3.4")
def test_of_two_links_to_one_address_one_opens_an_account(person):
    asked(person)
    asked(person)
    pages = [person.open(link) for link in person.post.links()]
    cookie = person.rp.browser.get_cookie("__Host-idp_browser", domain="id.example.test").value
    together = threading.Barrier(2)

    def send(page):
        browser = person.provider.browser()
        browser.set_cookie("__Host-idp_browser", cookie, domain="id.example.test", secure=True)
        together.wait()
        form = {"action": "password", "new_password": NEW_PASSWORD}
        return submit(browser, page, "/register/account", **form).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(send, pages))

    assert sorted(answers) == [303, 410]
    assert len(events(person.provider, "user.registered")) == 1


def test_an_address_that_somebody_got_meanwhile_opens_nothing(person):
    asked(person)
    page = person.open(person.post.link())
    person.provider.add_user("quick", email=NEW)

    assert person.choose(page, action="password").status_code == 410
    assert found(person) is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"new_password": "short"}, "too short"),
        ({"new_password": ""}, "Choose a password"),
        ({"new_password": "new@example.test"}, "made of your name"),
        ({"new_password": NEW_PASSWORD, "name": "x" * 101}, "shorter name"),
    ],
)
def test_what_is_missing_is_said_and_uses_nothing_up(person, fields, said):
    asked(person)
    page = person.rp.submit(person.open(person.post.link()), action="password", **fields)

    assert page.status_code == 200
    assert said in text_of(page)
    assert used_tickets(person.provider) == [False]


def test_an_old_link_opens_nothing(person):
    asked(person)
    link = person.post.link()
    person.provider.clock.forward(days=3)

    assert person.open(link).status_code == 410


def test_where_nobody_may_register_nothing_is_offered(rp):
    login = rp.authorize()
    assert b'id="register"' not in login.data
    for path in ("/register", "/register/sent", "/register/account"):
        assert rp.get(path).status_code == 404
    assert submit(rp.browser, login, "/register", email=NEW).status_code == 404


def test_one_address_gets_five_mails_an_hour(person):
    for _ in range(9):
        asked(person)
    assert len(person.post.links()) == 5
