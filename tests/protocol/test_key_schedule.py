"""Keys give way to the next by themselves, without a gap (OIDC Core §10.1.1, I13)."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import delete

from idp.kernel.jose import SIGNING_ALGORITHMS
from idp.protocol.keys import schedule
from idp.protocol.keys import service as keys
from idp.store.schema import signing_keys
from idp.worker.loop import Loop
from tests.app import Provider, RelyingParty, header_of
from tests.protocol.test_key_revocation import kids, published
from tests.support.spec import spec


def rotated(provider: Provider) -> list[str]:
    """Run the job until nothing is due; return the algorithms."""
    done: list[str] = []
    while True:
        with provider.context() as ctx:
            rotations = schedule.rotate_due(ctx)
        if not rotations:
            return done
        done += [each.algorithm for each in rotations]


def test_a_key_signs_for_as_long_as_is_set_and_no_longer(provider: Provider):
    provider.clock.forward(days=90, seconds=-1)
    assert rotated(provider) == []

    provider.clock.forward(seconds=1)
    before = kids(provider)
    assert sorted(rotated(provider)) == sorted(SIGNING_ALGORITHMS)

    assert kids(provider)["active"] == before["next"]
    assert kids(provider)["retired"] == before["active"]
    provider.clock.forward(days=89)
    assert rotated(provider) == []


def test_each_algorithm_has_a_time_of_its_own(provider: Provider):
    provider.clock.forward(days=60)
    with provider.context() as ctx:
        keys.rotate(ctx, "PS256")
    provider.clock.forward(days=30)

    assert "PS256" not in rotated(provider)


def test_a_key_waits_until_its_successor_is_known_everywhere(provider: Provider):
    provider.clock.forward(days=90)
    with provider.context() as ctx:
        waiting = signing_keys.c.state == "next"
        ctx.db.write(delete(signing_keys).where(waiting))
    assert rotated(provider) == []
    with provider.context() as ctx:
        keys.ensure(ctx)
        seconds = keys.publication_time(ctx).total_seconds()

    provider.clock.forward(seconds=seconds - 1)
    assert rotated(provider) == []
    provider.clock.forward(seconds=1)
    assert len(rotated(provider)) == len(SIGNING_ALGORITHMS)


def test_zero_means_never(provider_with: Callable[..., Provider]):
    provider = provider_with(key_rotation=timedelta(0))
    provider.clock.forward(days=9999)

    assert rotated(provider) == []


def test_the_worker_rotates_and_no_token_notices(rp: RelyingParty):
    provider = rp.provider
    provider.clock.forward(days=90)
    loop = Loop(provider.house)
    old = rp.sign_in()["access_token"]
    for _ in SIGNING_ALGORITHMS:
        loop.run_due()
        provider.clock.forward(minutes=1, seconds=10)
        assert rp.userinfo(old).status_code == 200

    new = rp.sign_in()["access_token"]

    assert header_of(new)["kid"] != header_of(old)["kid"]
    assert rp.userinfo(new).status_code == 200
    names = provider.event_names()
    assert names.count("key.retired") == names.count("key.activated") == len(SIGNING_ALGORITHMS)
    assert {e.actor for e in provider.audit() if e.name == "key.activated"} == {"worker"}


def test_nodes_at_once_rotate_once(provider: Provider, sibling: Provider):
    provider.clock.forward(days=90)
    together = threading.Barrier(6)

    def attempt(number: int) -> int:
        node = (provider, sibling)[number % 2]
        together.wait()
        return len(rotated(node))

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6))) == len(SIGNING_ALGORITHMS)
    names = provider.event_names()
    assert names.count("key.activated") == names.count("key.made") == len(SIGNING_ALGORITHMS)


@spec("OIDC Core §10.1.1")
@pytest.mark.parametrize("stale", [0, 2, 4.9])
def test_a_node_with_a_stale_copy_goes_on_with_the_old_key_and_is_believed(
    rp: RelyingParty, sibling: Provider, stale: float
):
    """I13: what any node signs verifies at every node, whichever reading each has."""
    provider = rp.provider
    other = RelyingParty(sibling, rp.registered, sibling.browser())
    other.sign_in()
    rp.sign_in()
    provider.clock.forward(days=90)
    published(provider), published(sibling)
    rotated(provider)
    provider.clock.forward(seconds=stale)
    rp.browser, other.browser = provider.browser(), sibling.browser()

    tokens = [each.sign_in()["access_token"] for each in (other, rp)]

    for token in tokens:
        assert rp.userinfo(token).status_code == other.userinfo(token).status_code == 200
        assert header_of(token)["kid"] in published(provider) & published(sibling)
