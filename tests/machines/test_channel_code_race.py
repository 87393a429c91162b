"""One code, submitted a hundred times at one instant at two nodes of one installation (I8)."""

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from idp.app.composition import command_context
from idp.context import RequestContext
from idp.credentials import channel_codes
from idp.credentials.channel_codes import Channel
from idp.delivery import dispatch
from idp.delivery.dispatch import Lane
from idp.kernel.registry import Registry
from idp.kernel.secrets import MasterKey
from idp.settings import Settings
from idp.store.database import Database, engine_options, prepare
from idp.store.schema import channel_codes as table
from idp.store.users import User
from idp.web.context import ClockReading
from tests.app import Provider, make_provider
from tests.support.spec import spec

pytestmark = pytest.mark.xdist_group("channel code race")

STEP = "a-login-attempt"
AT_ONCE = 100
MAIL = {"smtp_url": "smtp://localhost", "mail_from": "id@example.test", "mail_codes": True}


@pytest.fixture
def provider(database_url: str, tmp_path: Path) -> Provider:
    """One node."""
    return make_provider(database_url, tmp_path, **MAIL)


@pytest.fixture
def nodes(provider: Provider) -> Iterator[list[Registry]]:
    """The node and another, with connections and a queue of writers of its own."""
    settings = provider.house.get(Settings)
    engine = create_engine(settings.database, **engine_options(settings.database, pool=8))
    prepare(engine)
    other = Registry()
    for kind in (Settings, MasterKey, ClockReading):
        other.provide(provider.house.get(kind))
    other.provide(Database(engine))
    yield [provider.house, other]
    engine.dispose()


def together(nodes: list[Registry], act: Callable[[RequestContext], bool]) -> list[bool]:
    """Return the answers of a hundred requests at once, by turns at each node."""
    ready = threading.Barrier(AT_ONCE)

    def one(number: int) -> bool:
        ready.wait()
        with command_context(nodes[number % len(nodes)], "test") as ctx:
            return act(ctx)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def code_for(provider: Provider, user: User) -> str:
    with provider.context() as ctx:
        channel_codes.send(ctx, user, Channel.MAIL, STEP)
    with provider.context() as ctx:
        letter = dispatch.unpack(ctx, dispatch.claim(ctx, Lane.MAIL)).payload["text"]
    return re.findall(r"\b[0-9]{8}\b", letter)[0]


@spec("NIST SP 800-63B-4 §3.1.3.2")
def test_of_a_hundred_submissions_of_a_code_one_is_accepted(
    provider: Provider, nodes: list[Registry]
):
    user = provider.add_user(password=None)
    code = code_for(provider, user)

    answers = together(
        nodes, lambda ctx: channel_codes.verify(ctx, user.id, Channel.MAIL, code, STEP)
    )

    assert answers.count(True) == 1
    assert provider.event_names().count("channel_code.accepted") == 1


def test_of_a_hundred_wrong_guesses_at_once_five_are_looked_at(
    provider: Provider, nodes: list[Registry]
):
    user = provider.add_user(password=None)
    code = code_for(provider, user)
    wrong = f"{(int(code) + 1) % 10**8:08}"

    answers = together(
        nodes, lambda ctx: channel_codes.verify(ctx, user.id, Channel.MAIL, wrong, STEP)
    )

    assert not any(answers)
    with provider.context() as ctx:
        assert ctx.db.read(select(table.c.tries)).scalar_one() == channel_codes.TRIES
        assert not channel_codes.verify(ctx, user.id, Channel.MAIL, code, STEP)
