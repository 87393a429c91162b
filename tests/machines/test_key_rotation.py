"""Keys change while tokens are issued, and no token fails to verify (OIDC Core §10.1.1, I13)."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import select

from idp.kernel.jose import SIGNING_ALGORITHMS
from idp.protocol.keys import service as keys
from idp.store.database import Database
from idp.store.schema import signing_keys
from idp.worker.loop import Loop
from tests.app import ISSUER, Provider, RelyingParty, header_of, make_provider
from tests.machines.burst import burst, get
from tests.machines.installation import age_keys, provider_over, server_over
from tests.machines.key_load import a_load
from tests.support.server import ProviderProcess
from tests.support.spec import spec

pytestmark = pytest.mark.xdist_group("key rotation")


@contextmanager
def nodes_over(database_url: str, folder: Path, cached_for: int) -> Iterator[list[ProviderProcess]]:
    """Give the nodes of an installation: one on SQLite, two with two processes on PostgreSQL."""
    count = 1 if database_url.startswith("sqlite") else 2
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                server_over(database_url, folder, IDP_KEYS_CACHED_FOR=f"{cached_for}")
            )
            for _ in range(count)
        ]


@spec("OIDC Core §10.1.1")
@pytest.mark.slow
def test_every_token_issued_during_rotations_verifies_everywhere_and_by_every_later_key_set(
    database_url: str, tmp_path
):
    with (
        provider_over(database_url, tmp_path) as provider,
        nodes_over(database_url, tmp_path, 1) as nodes,
    ):
        load = a_load(provider, *nodes)
        with load.running():
            time.sleep(1.5)  # longer than a process keeps its copy of the keys
            age_keys(provider)
            nodes[0].run("key", "rotate", "--no-wait")
            time.sleep(1.5)
            age_keys(provider, timedelta(days=91))
            for _ in SIGNING_ALGORITHMS:  # what the worker does by itself, one a minute
                Loop(provider.house).run_due()
            time.sleep(1.5)

        assert not load.faults
        assert len({token.kid for token in load.tokens if token.algorithm == "ES256"}) == 3
        first_issued = {token.kid: token.at for token in reversed(load.tokens)}
        for asked_at, document in load.key_sets:
            known = {key["kid"] for key in document["keys"]}
            assert {kid for kid, at in first_issued.items() if at < asked_at} <= known
        newest = KeySet.import_key_set(load.key_sets[-1][1])
        for token in load.tokens:
            assert jwt.decode(token.text, newest, algorithms=list(SIGNING_ALGORITHMS))


@pytest.mark.slow
def test_once_a_revocation_has_answered_no_node_takes_what_the_key_signed(
    database_url: str, tmp_path
):
    """I13, under load: tokens of the key are refused, and nothing else is."""
    with (
        provider_over(database_url, tmp_path) as provider,
        nodes_over(database_url, tmp_path, 2) as nodes,
    ):
        load = a_load(provider, *nodes)
        with load.running():
            time.sleep(1.5)
            load.doomed = next(t.kid for t in load.tokens if t.algorithm == "ES256")
            nodes[0].run("key", "revoke", load.doomed, "--reason", "a backup was lost")
            answered_at = time.monotonic()
            signed = [token.text for token in load.tokens if token.kid == load.doomed][-8:]
            shown = [get("/userinfo", Authorization=f"Bearer {text}") for text in signed]
            said = [answer for node in nodes for answer in burst(node.port, shown * 4)]
            time.sleep(1)

        assert not load.faults
        assert {answer.status for answer in said} == {401}
        of_the_key = [use for use in load.uses if use.kid == load.doomed]
        assert any(use.status == 200 for use in of_the_key)
        assert all(use.status == 401 for use in of_the_key if use.asked_at > answered_at)
        later = [token.kid for token in load.tokens if token.asked_at > answered_at]
        assert later
        assert load.doomed not in later
        documents = [document for at, document in load.key_sets if at > answered_at]
        assert documents
        assert load.doomed not in str(documents)


# In one process, on a clock that stands still


@pytest.fixture
def provider(database_url: str, tmp_path) -> Iterator[Provider]:
    made = make_provider(database_url, tmp_path)
    made.add_user()
    made.clock.forward(hours=1)
    yield made
    made.house.get(Database).engine.dispose()


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    return RelyingParty(provider, provider.add_client(), provider.browser())


def rotate(provider: Provider, algorithm: str = "ES256") -> keys.Rotation:
    with provider.context() as ctx:
        return keys.rotate(ctx, algorithm)


def states(provider: Provider, algorithm: str) -> list[str]:
    with provider.context() as ctx:
        column = select(signing_keys.c.state).where(signing_keys.c.algorithm == algorithm)
        return sorted(ctx.db.read(column).scalars())


def verifies(provider: Provider, token: str) -> bool:
    """Tell whether a stranger, who asks for the key set now, can verify the token."""
    document = provider.browser().get("/jwks", base_url=ISSUER).get_json()
    with suppress(JoseError):
        key_set = KeySet.import_key_set(document)
        return bool(jwt.decode(token, key_set, algorithms=list(SIGNING_ALGORITHMS)))
    return False


def test_a_token_signed_just_before_a_rotation_verifies_until_it_expires(
    rp: RelyingParty, provider: Provider
):
    answer = rp.sign_in()
    for algorithm in SIGNING_ALGORITHMS:
        rotate(provider, algorithm)

    provider.clock.forward(seconds=299)
    with provider.context() as ctx:
        assert keys.remove_expired(ctx) == 0
    assert rp.userinfo(answer["access_token"]).status_code == 200
    assert verifies(provider, answer["access_token"])
    provider.clock.forward(seconds=300)
    assert verifies(provider, answer["id_token"])


def test_a_retired_key_goes_after_its_last_token(rp: RelyingParty, provider: Provider):
    token = rp.sign_in()["id_token"]
    retired = rotate(provider, "RS256").retired
    assert retired == header_of(token)["kid"]

    provider.clock.forward(days=1, minutes=15)

    assert not verifies(provider, token)
    with provider.context() as ctx:
        assert keys.remove_expired(ctx) == 1
    assert states(provider, "RS256") == ["active", "next"]
    assert provider.event_names()[-1] == "key.removed"


def test_of_rotations_at_once_one_wins(provider: Provider):
    together = threading.Barrier(6)

    def attempt(_: int) -> keys.Rotation | None:
        together.wait()
        try:
            return rotate(provider)
        except (keys.AnotherRotation, keys.TooEarly):
            return None

    with ThreadPoolExecutor(6) as pool:
        done = [each for each in pool.map(attempt, range(6)) if each is not None]

    assert len(done) == 1
    assert states(provider, "ES256") == ["active", "next", "retired"]
    assert provider.event_names().count("key.activated") == 1


def test_a_key_that_is_not_known_everywhere_does_not_sign(rp: RelyingParty, provider: Provider):
    rotate(provider)
    before = provider.event_names()

    with pytest.raises(keys.TooEarly) as refused:
        rotate(provider)

    assert provider.event_names() == before
    assert states(provider, "ES256") == ["active", "next", "retired"]
    provider.clock.forward(seconds=refused.value.wait.total_seconds())
    rotate(provider)


def test_a_cache_that_keeps_the_key_set_for_its_age_knows_the_key_before_it_signs(
    rp: RelyingParty, provider: Provider
):
    """A proxy in front of /jwks may answer with a copy as old as `max-age`."""
    answer = provider.browser().get("/jwks", base_url=ISSUER)
    kept, kept_for = KeySet.import_key_set(answer.get_json()), answer.cache_control.max_age
    rotate(provider)
    with pytest.raises(keys.TooEarly) as refused:
        rotate(provider)

    provider.clock.forward(seconds=refused.value.wait.total_seconds())
    rotate(provider)

    token = rp.sign_in()["access_token"]
    known = header_of(token)["kid"] in {key.kid for key in kept.keys}
    assert known or refused.value.wait.total_seconds() >= kept_for


def test_each_process_takes_a_new_key_up_in_its_time(rp: RelyingParty, provider: Provider):
    kids = []
    for seconds in (0, 2, 3):
        provider.clock.forward(seconds=seconds)
        kids.append(header_of(rp.sign_in()["access_token"])["kid"])
        if seconds == 0:
            rotate(provider)

    assert [left == right for left, right in pairwise(kids)] == [True, False]
