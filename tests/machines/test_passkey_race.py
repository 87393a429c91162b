"""One answer of an authenticator, handed in a hundred times at one instant (I7, I8)."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

from idp.context import RequestContext
from idp.credentials import passkeys
from idp.credentials.passkeys import Refused, Shown
from idp.kernel.secrets import digest
from idp.store.webauthn_credentials import Passkey
from tests.app import Provider, make_provider
from tests.support.authenticator import Authenticator
from tests.support.spec import spec

BROWSER = digest("the cookie of a browser")
TIMES = 100


@pytest.fixture
def provider(database_url: str, tmp_path: Path) -> Provider:
    """A provider in this process: the race is between its threads."""
    return make_provider(database_url, tmp_path)


def at_once(provider: Provider, act: Callable[[RequestContext], object]) -> list[object]:
    """Let a hundred requests do the same, none before all of them are there."""
    ready = Barrier(TIMES)

    def one(_: int) -> object:
        ready.wait()
        with provider.context() as ctx:
            return act(ctx)

    with ThreadPoolExecutor(TIMES) as pool:
        return list(pool.map(one, range(TIMES)))


@spec("WebAuthn §13.4.3", "WebAuthn §7.2")
@pytest.mark.parametrize("counts", [True, False])
def test_of_a_hundred_sign_ins_by_one_assertion_one_is_accepted(
    provider: Provider, *, counts: bool
):
    user = provider.add_user(password=None)
    key = Authenticator(counts=counts)
    with provider.context() as ctx:
        begun = passkeys.begin_registration(ctx, user, BROWSER)
        made = passkeys.finish_registration(
            ctx, user, begun.ticket, key.create(begun.options), BROWSER
        )
    assert isinstance(made, Passkey)

    for number in (1, 2):
        with provider.context() as ctx:
            ceremony = passkeys.begin_sign_in(ctx, BROWSER)
        finish = partial(
            passkeys.finish_sign_in,
            ticket=ceremony.ticket,
            credential_json=key.get(ceremony.options),
            bound_to=BROWSER,
        )
        answers = at_once(provider, finish)

        assert answers.count(Shown(user.id, made.id, ("pop", "uv"))) == 1
        assert answers.count(Refused("replayed")) == TIMES - 1
        assert Counter(provider.event_names())["passkey.accepted"] == number
    assert "passkey.suspected" not in provider.event_names()


@spec("WebAuthn §13.4.3", "WebAuthn §7.1")
def test_of_a_hundred_registrations_by_one_answer_one_is_bound(provider: Provider):
    user = provider.add_user(password=None)
    with provider.context() as ctx:
        begun = passkeys.begin_registration(ctx, user, BROWSER)
    answer = Authenticator().create(begun.options)

    answers = at_once(
        provider,
        lambda ctx: passkeys.finish_registration(ctx, user, begun.ticket, answer, BROWSER),
    )

    assert answers.count(Refused("replayed")) == TIMES - 1
    with provider.context() as ctx:
        assert len(passkeys.list_for(ctx, user.id)) == 1
    assert Counter(provider.event_names())["passkey.added"] == 1
