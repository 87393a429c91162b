"""Who asks for a link learns nothing, takes nothing from anybody, and floods nobody."""

import re
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from idp.store import users
from tests.admission.people import NEW_PASSWORD, events
from tests.app import ISSUER, fields_of, text_of
from tests.machines.statements import overheard
from tests.support.spec import spec

NAMES = ("ada", "ada@example.test", "nobody", "nobody@example.test", "gone", "unproved", "x" * 5000)


@pytest.fixture
def town(person):
    """Beside ada there are somebody who may not sign in and somebody whose address is unproved."""
    provider = person.provider
    gone = provider.add_user("gone")
    provider.add_user("unproved", email_verified=False)
    with provider.context() as ctx:
        users.change(ctx.db, gone.id, ctx.now, disabled_at=ctx.now)
    return person


def heard(person, path, **fields):
    """What a request says to the database, and what it answers."""
    page = person.rp.get(path)
    form = fields_of(page) | fields
    with overheard(person.provider) as conversation:
        answer = person.rp.browser.post(path, data=form, base_url=ISSUER)
    kept = {name: value for name, value in answer.headers if name != "Content-Security-Policy"}
    location = urlsplit(kept.pop("Location"))
    shown = person.rp.get(f"{location.path}?{location.query}")
    words = re.sub(r"(ticket|nonce|csrf_token)=\S+", "", text_of(shown))
    return conversation.said, answer.status_code, location.path, kept, words


@spec("ASVS 6.3.8")
def test_asking_for_a_password_answers_and_works_the_same_for_everybody(town):
    heard(town, "/recovery", identifier="someone")
    answers = [heard(town, "/recovery", identifier=name) for name in NAMES]

    assert all(answer == answers[0] for answer in answers)
    assert sum("INSERT INTO outbox" in said for said in answers[0][0]) == 1


@spec("ASVS 6.3.8")
def test_asking_for_an_account_answers_and_works_the_same_for_every_address(town):
    heard(town, "/register", email="someone@example.test")
    addresses = ("ada@example.test", "new@example.test", "gone@example.test")
    answers = [heard(town, "/register", email=address) for address in addresses]

    assert all(answer == answers[0] for answer in answers)
    assert sum("INSERT INTO outbox" in said for said in answers[0][0]) == 1


def test_mail_goes_to_proved_addresses_of_those_who_may_sign_in(town):
    for name in NAMES:
        town.ask(name)
    town.post.work()

    assert {mail["to"] for mail in town.post.mails()} == {"ada@example.test"}


def test_an_address_of_two_people_means_neither(town):
    town.provider.add_user("twin", email="ada@example.test")
    town.ask("ada@example.test")
    town.post.work()
    assert town.post.mails() == []

    town.ask("twin")
    town.post.work()
    assert len(town.post.mails()) == 1


def test_nothing_waits_under_a_name_that_says_whom_it_means(town):
    town.ask("ada@example.test")
    with town.provider.context() as ctx:
        rows = ctx.db.read(text("SELECT * FROM outbox")).all()
    assert "ada" not in str(rows)


def test_a_stranger_who_asks_a_hundred_times_sends_five_mails_and_stops_nobody(person):
    person.rp.log_in(person.rp.authorize())
    stranger = person.stranger()
    stranger.rp.browser.environ_base["REMOTE_ADDR"] = "192.0.2.66"
    for _ in range(100):
        stranger.ask()
    person.post.work()
    assert len(person.post.mails()) == 5

    # Neither the sign-in nor the owner's own asking waits for it.
    person.rp.browser.delete_cookie("__Host-idp_session", domain="id.example.test")
    assert b'id="page-forgotten-sent"' in person.ask().data
    page = person.open(person.post.link())
    assert b'id="page-new-password"' in page.data
    assert person.signs_in()


def test_a_strangers_asking_voids_no_link_of_the_owners(person):
    person.ask()
    link = person.post.link()
    person.stranger().ask()
    person.post.work()
    person.choose(person.open(link))

    assert person.signs_in(password=NEW_PASSWORD)


def test_asking_again_voids_the_link_before(person):
    person.ask()
    first = person.post.link()
    person.ask()
    second = person.post.link()

    assert person.open(first).status_code == 410
    assert b'id="page-new-password"' in person.open(second).data


def test_a_new_password_voids_every_other_link(person):
    stranger = person.stranger()
    stranger.ask()
    theirs = person.post.link()
    person.ask()
    mine = person.post.link()
    person.choose(person.open(mine))

    assert stranger.open(theirs).status_code == 410


def test_the_share_of_mail_is_whole_again_after_an_hour(person):
    for _ in range(7):
        person.ask()
    person.post.work()
    assert len(person.post.mails()) == 5

    person.provider.clock.forward(minutes=61)
    person.ask()
    assert person.post.link()


@spec("ASVS 2.4.1")
@pytest.mark.parametrize(
    ("path", "field", "value"),
    [("/recovery", "identifier", "ada"), ("/register", "email", "new@example.test")],
)
def test_a_network_that_asks_too_often_waits_and_others_do_not(person, path, field, value):
    page = person.rp.get(path)
    form = fields_of(page) | {field: value}

    def post(address="192.0.2.1"):
        environ = {"REMOTE_ADDR": address}
        return person.rp.browser.post(path, data=form, base_url=ISSUER, environ_base=environ)

    answers = [post() for _ in range(101)]
    assert [answer.status_code for answer in answers] == [303] * 100 + [429]
    assert "Too many attempts" in text_of(answers[-1])
    assert post("192.0.2.2").status_code == 303


def test_what_was_asked_too_long_ago_is_not_worked_out(person):
    person.ask()
    person.provider.clock.forward(minutes=21)
    person.post.work()

    assert person.post.mails() == []
    assert events(person.provider, "recovery.requested") == []


@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_name_is_asked_for_again(person, value):
    page = person.ask(value)

    assert page.status_code == 400
    assert person.post.waiting("recovery") == 0


@pytest.mark.parametrize(
    "value",
    ["", "ada", "a@b@c", "a b@example.test", "<a@example.test>", "a" * 190 + "@example.test"],
)
def test_what_is_no_address_is_asked_for_again(person, value):
    page = person.rp.submit(person.rp.get("/register"), email=value)

    assert b'id="page-register"' in page.data
    assert b'role="alert"' in page.data
    assert person.post.waiting("registration") == 0
