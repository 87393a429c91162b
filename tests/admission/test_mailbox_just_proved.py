"""Where codes by mail are a second step, nobody is asked for one right behind a link by mail.

A first sign-in is elevated, for nothing speaks for it yet, and so asks for what there is.
"""

import pytest

from idp.admission import invitation
from idp.store import users
from tests.admission.people import MAIL, Person, another
from tests.app import BUILT_IN, RelyingParty, make_provider, text_of

CODE = b'id="page-login-code"'
NEW = "new@example.test"


@pytest.fixture
def person(database_url, tmp_path):
    """Somebody at a provider that lets codes by mail count; ada has a password alone."""
    settings = {"self_registration": True, "mail_codes": True, "policy": BUILT_IN, **MAIL}
    provider = make_provider(database_url, tmp_path, **settings)
    provider.add_user()
    return Person(provider, RelyingParty(provider, provider.add_client(), provider.browser()))


def shown(person) -> list[str]:
    """What the session that was opened last has shown."""
    return [e.data["amr"] for e in person.provider.audit() if e.name == "session.opened"][-1]


def test_who_opens_an_account_by_a_link_is_in(person):
    person.rp.submit(person.rp.get("/register"), email=NEW)

    after = person.choose(person.open(person.post.link()), name="Nia", action="password")

    assert b'id="page-account"' in after.data, text_of(after)
    assert shown(person) == ["pwd", "mail"]
    assert "channel_code.sent" not in person.provider.event_names()


def test_who_replaces_a_forgotten_password_is_in(person):
    person.ask()

    after = person.choose(person.open(person.post.link()))

    assert b'id="page-account"' in after.data, text_of(after)
    assert shown(person) == ["pwd", "mail"]


@pytest.mark.parametrize("by_mail", [True, False], ids=["by mail", "by the operator's link"])
def test_who_is_invited_shows_a_code_where_the_link_did_not_come_by_mail(person, by_mail):
    eve = person.provider.add_user("eve", None)
    with person.provider.context() as ctx:
        printed = invitation.invite(ctx, eve).url
    mailed = person.post.link()

    after = person.choose(person.open(mailed if by_mail else printed), action="password")

    assert (CODE in after.data) is not by_mail, text_of(after)


def test_who_only_knows_the_password_shows_a_code(person):
    somebody = another(person.rp)

    assert CODE in somebody.log_in(somebody.authorize()).data


def test_where_nothing_is_asked_for_the_link_counts_for_nothing(database_url, tmp_path):
    provider = make_provider(database_url, tmp_path, mail_codes=True, **MAIL)
    provider.add_user()
    person = Person(provider, RelyingParty(provider, provider.add_client(), provider.browser()))
    person.ask()

    person.choose(person.open(person.post.link()))

    assert shown(person) == ["pwd"]


def test_who_has_something_better_shows_that(person):
    with person.provider.context() as ctx:
        user = users.find_by_username(ctx.db, "ada")
    secret = person.provider.add_totp(user)
    person.ask()
    step = person.open(person.post.link())

    person.choose(person.rp.submit(step, code=person.provider.code(secret)))

    assert shown(person) == ["pwd", "otp"]
