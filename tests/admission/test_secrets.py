"""The secret of a link stays in the mail and in the first address it is opened at."""

from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, text

from idp.admission import invitation
from idp.store import users
from idp.store.schema import account_tickets, outbox
from idp.worker.courier import Courier
from idp.worker.jobs import purge_account_tickets
from tests.admission.people import MAIL, NEW_PASSWORD, Person, used_tickets
from tests.app import RelyingParty, make_provider, text_of
from tests.support.smtp import smtp_server
from tests.support.spec import spec


def secret_of(link: str) -> str:
    return link.rpartition(".")[2]


@pytest.fixture
def walked(person, capfd):
    """One whole recovery: the link, each answer on the way, and the log."""
    answers = []
    inner = person.rp.browser.run_wsgi_app

    def run(environ, *, buffered=False):
        answer = inner(environ, buffered=buffered)
        answers.append((environ["PATH_INFO"], dict(answer[2]), b"".join(answer[0])))
        return [answers[-1][2]], *answer[1:]

    person.rp.browser.run_wsgi_app = run
    person.ask()
    link = person.post.link()
    page = person.open(link)
    person.rp.submit(page, new_password="short")
    person.choose(page)
    person.open(link)
    return link, answers, "".join(capfd.readouterr())


@spec("ASVS 14.2.1")
def test_no_answer_and_no_log_line_repeats_the_secret(walked):
    link, answers, log = walked
    secret = secret_of(link)

    assert len(answers) > 6
    assert secret not in str(answers)
    assert secret not in log
    assert NEW_PASSWORD not in log + str(answers)


def test_the_address_with_the_secret_is_told_to_nobody(walked):
    _, answers, _ = walked
    opened = [headers for path, headers, _ in answers if path == "/ticket"]

    assert [headers["Referrer-Policy"] for headers in opened] == ["no-referrer"] * 2
    assert all(headers["Cache-Control"] == "no-store" for headers in opened)


def test_no_row_and_no_event_holds_the_secret(person):
    person.ask()
    link = person.post.link()
    with person.provider.context() as ctx:
        rows = [
            *ctx.db.read(select(account_tickets)),
            *ctx.db.read(select(outbox)),
            *ctx.db.read(text("SELECT * FROM audit_events")),
        ]
    assert secret_of(link) not in str(rows)
    assert link not in str(rows)


def test_a_ticket_stands_for_its_purpose_alone(person):
    """A link of one kind opens no page of another, whatever its handover says."""
    carol = person.provider.add_user("carol", password=None)
    with person.provider.context() as ctx:
        link = invitation.invite(ctx, carol)
    page = person.open(link.url)
    ticket = text_of(page) and page.request.url.partition("ticket=")[2]
    for path in ("/reset", "/ticket/email", "/recovery/password"):
        assert person.rp.get(f"{path}?ticket={ticket}").status_code == 410


def test_the_mail_reaches_its_reader_and_leads_to_a_new_password(database_url, tmp_path):
    """From end to end: a real mail server, the worker, the link as it stands in the mail."""
    with smtp_server() as server:
        settings = MAIL | {"smtp_url": server.url}
        provider = make_provider(database_url, tmp_path, **settings)
        provider.add_user()
        rp = RelyingParty(provider, provider.add_client(), provider.browser())
        person = Person(provider, rp)
        person.ask("ADA@example.test")
        Courier(provider.house).deliver_due()
        Courier(provider.house).deliver_due()
        (mail,) = server.wait_for(1)
        assert mail.to == ["ada@example.test"]
        assert "new password" in mail.subject
        (link,) = [each for each in mail.links if "/ticket?t=" in each]
        assert urlsplit(link).netloc == "id.example.test"
        person.choose(person.open(link))
        Courier(provider.house).deliver_due()
        notice = server.wait_for(2)[1]

    assert "password" in notice.subject
    assert person.signs_in(password=NEW_PASSWORD)


def test_a_user_who_is_gone_takes_the_links_along(person):
    carol = person.provider.add_user("carol", password=None)
    with person.provider.context() as ctx:
        link = invitation.invite(ctx, carol)
        users.remove(ctx.db, carol.id)

    assert person.open(link.url).status_code == 410


def test_links_that_are_too_old_are_removed(person):
    carol = person.provider.add_user("carol", password=None)
    with person.provider.context() as ctx:
        invitation.invite(ctx, carol)
    assert len(used_tickets(person.provider)) == 2
    person.provider.clock.forward(days=3)
    with person.provider.context() as ctx:
        assert purge_account_tickets(ctx) == 2
    assert used_tickets(person.provider) == []
