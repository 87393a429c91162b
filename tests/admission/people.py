"""A person without a proof: asks, reads the mail, opens the link."""

from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.delivery.dispatch import Lane
from idp.delivery.parcel import opened
from idp.kernel.secrets import MasterKey
from idp.store.outbox import Leased
from idp.store.schema import account_tickets, outbox
from idp.worker.courier import Courier
from tests.app import PASSWORD, Provider, RelyingParty, text_of
from tests.support.authenticator import Authenticator

NEW_PASSWORD = "seven otters under brickwork"
MAIL = {"smtp_url": "smtp://127.0.0.1:9", "mail_from": "id@example.test"}


@dataclass
class Post:
    """What waits to be sent, and the worker who works out what it is."""

    provider: Provider
    read: int = 0

    def work(self) -> None:
        """Let the worker do what was put off."""
        Courier(self.provider.house)._drain(Lane.WORK)

    def mails(self) -> list[dict[str, str]]:
        """All mails since the last look."""
        columns = [outbox.c[name] for name in Leased.__dataclass_fields__]
        wanted = select(*columns).where(outbox.c.kind == "mail", outbox.c.id > self.read)
        master = self.provider.house.get(MasterKey)
        with self.provider.context() as ctx:
            rows = list(ctx.db.read(wanted.order_by(outbox.c.id)).mappings())
        self.read = rows[-1]["id"] if rows else self.read
        return [opened(master, Leased(**row)).payload for row in rows]

    def links(self) -> list[str]:
        """The links in the mails since the last look, after the worker's turn."""
        self.work()
        lines = [line for mail in self.mails() for line in mail["text"].splitlines()]
        return [line for line in lines if "/ticket?t=" in line]

    def link(self) -> str:
        """The one link that came."""
        (link,) = self.links()
        return link

    def waiting(self, kind: str) -> int:
        rows = select(outbox.c.id).where(outbox.c.kind == kind)
        with self.provider.context() as ctx:
            return len(ctx.db.read(rows).all())


@dataclass
class Person:
    """Somebody with one browser and a mailbox."""

    provider: Provider
    rp: RelyingParty
    post: Post = field(init=False)

    def __post_init__(self) -> None:
        self.post = Post(self.provider)

    def ask(self, identifier: str = "ada", page: TestResponse | None = None) -> TestResponse:
        """Say that a password is forgotten."""
        page = page or self.rp.get("/recovery")
        return self.rp.submit(page, identifier=identifier)

    def open(self, link: str) -> TestResponse:
        """Open a link in this browser."""
        parts = urlsplit(link)
        return self.rp.follow(self.rp.get(f"{parts.path}?{parts.query}"))

    def choose(self, page: TestResponse, password: str = NEW_PASSWORD, **more: str) -> TestResponse:
        """Fill in a new password."""
        assert b'id="new-password"' in page.data, text_of(page)
        return self.rp.submit(page, new_password=password, **more)

    def stranger(self) -> "Person":
        """Somebody else, at another browser, who reads the same mail."""
        other = Person(self.provider, another(self.rp))
        other.post = self.post
        return other

    def signs_in(self, username: str = "ada", password: str = PASSWORD) -> bool:
        """Tell whether a clean browser gets past the password."""
        rp = another(self.rp)
        return b'id="page-login"' not in rp.log_in(rp.authorize(), username, password).data


def another(rp: RelyingParty) -> RelyingParty:
    """The same application in another browser."""
    return RelyingParty(rp.provider, rp.registered, rp.provider.browser())


def attribute_of(page: TestResponse, name: str) -> str:
    """The value of an attribute that stands once on a page."""
    html = page.get_data(as_text=True)
    return unescape(html.split(f'{name}="', 1)[1].split('"', 1)[0])


def create_passkey(rp: RelyingParty, page: TestResponse, key: Authenticator) -> TestResponse:
    """Answer the page that asks for a new passkey."""
    assert b'id="page-enrol-passkey"' in page.data, text_of(page)
    made = key.create(attribute_of(page, "data-options"))
    return rp.submit(page, action="confirm", credential=made)


def use_passkey(rp: RelyingParty, page: TestResponse, key: Authenticator) -> TestResponse:
    """Answer the page that asks for a passkey as the second step."""
    assert b'data-passkey="get"' in page.data, text_of(page)
    return rp.submit(page, credential=key.get(attribute_of(page, "data-options")))


def used_tickets(provider: Provider) -> list[bool]:
    """Of each ticket, the oldest first, whether it is used."""
    rows = select(account_tickets.c.used_at).order_by(account_tickets.c.created_at)
    with provider.context() as ctx:
        return [at is not None for at in ctx.db.read(rows).scalars()]


def events(provider: Provider, name: str) -> list[dict[str, Any]]:
    """What the audit log says of a kind."""
    return [dict(event.data) for event in provider.audit() if event.name == name]
