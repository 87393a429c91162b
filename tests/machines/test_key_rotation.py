"""Keys change while tokens are issued, and no token fails to verify (OIDC Core §10.1.1, I13)."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import select

from idp.kernel.jose import SIGNING_ALGORITHMS
from idp.protocol.keys import service as keys
from idp.store.database import Database
from idp.store.schema import signing_keys
from tests.app import ISSUER, VERIFIER, Provider, RelyingParty, header_of, make_provider
from tests.machines.burst import cookies_of
from tests.machines.installation import age_keys, provider_over, relying_party, server_over
from tests.support.server import ProviderProcess
from tests.support.spec import spec

pytestmark = pytest.mark.xdist_group("key rotation")

BOTH = ("authorization_code", "client_credentials")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Load:
    """A client application that asks all the time, and remembers what it was given and when."""

    rp: RelyingParty
    port: int
    cookies: str
    tokens: list[tuple[float, str]] = field(default_factory=list)
    key_sets: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        acts = (self.flow, self.flow, self.client_credentials, self.key_set)
        threads = [threading.Thread(target=self._repeat, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stopping.set()
            for thread in threads:
                thread.join()

    def _repeat(self, act: Callable[[http.client.HTTPConnection], None]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self.stopping.is_set():
            try:
                act(connection)
                time.sleep(0.02)  # a token every few milliseconds misses no moment of a rotation
            except (AssertionError, OSError, http.client.HTTPException) as error:
                self.faults.append(repr(error))
                return
        connection.close()

    def client_credentials(self, connection: http.client.HTTPConnection) -> None:
        answer = self.token(connection, {"grant_type": "client_credentials"})
        self.remember(answer["access_token"])

    def flow(self, connection: http.client.HTTPConnection) -> None:
        path = f"/authorize?{urlencode(self.rp.parameters())}"
        connection.request("GET", path, headers={"Cookie": self.cookies})
        response = connection.getresponse()
        response.read()
        assert response.status == 303, response.status
        query = parse_qs(urlsplit(response.headers["Location"]).query)
        form = {
            "grant_type": "authorization_code",
            "code": query["code"][0],
            "redirect_uri": self.rp.redirect_uri,
            "code_verifier": VERIFIER,
        }
        answer = self.token(connection, form)
        self.remember(answer["access_token"], answer["id_token"])
        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        connection.request("GET", "/userinfo", headers=bearer)
        response = connection.getresponse()
        assert response.status == 200, response.read()
        response.read()

    def token(self, connection: http.client.HTTPConnection, form: dict[str, str]) -> dict[str, Any]:
        connection.request("POST", "/token", urlencode(form), FORM | self.rp.basic())
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, body
        return dict(json.loads(body))

    def key_set(self, connection: http.client.HTTPConnection) -> None:
        asked_at = time.monotonic()
        connection.request("GET", "/jwks")
        self.key_sets.append((asked_at, json.load(connection.getresponse())))

    def remember(self, *tokens: str) -> None:
        now = time.monotonic()
        self.tokens.extend((now, token) for token in tokens)


@spec("OIDC Core §10.1.1")
@pytest.mark.slow
def test_every_token_issued_during_rotations_verifies_against_every_later_key_set(
    database_kind: str, database_url: str, tmp_path
):
    with (
        provider_over(database_url, tmp_path) as provider,
        server_over(database_url, tmp_path, IDP_KEYS_CACHED_FOR="1") as server,
    ):
        load = a_load(provider, server)
        with load.running():
            for _ in range(2):
                time.sleep(1.5)  # longer than a process keeps its copy of the keys
                age_keys(provider)
                server.run("key", "rotate", "--no-wait")
            time.sleep(1.5)

        assert not load.faults
        for algorithm in ("ES256", "RS256"):
            kids = [h["kid"] for _, t in load.tokens if (h := header_of(t))["alg"] == algorithm]
            assert len(set(kids)) == 3
        first_issued = {header_of(token)["kid"]: at for at, token in reversed(load.tokens)}
        for asked_at, document in load.key_sets:
            known = {key["kid"] for key in document["keys"]}
            assert {kid for kid, at in first_issued.items() if at < asked_at} <= known
        newest = KeySet.import_key_set(load.key_sets[-1][1])
        for _, token in load.tokens:
            assert jwt.decode(token, newest, algorithms=list(SIGNING_ALGORITHMS))


def a_load(provider: Provider, server: ProviderProcess) -> Load:
    provider.add_user()
    rp = relying_party(provider, grant_types=BOTH, first_party=True)
    rp.code()
    return Load(rp, server.port, cookies_of(rp.browser))


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

    provider.clock.forward(hours=12, minutes=15)

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
    for seconds in (0, 4, 1):
        provider.clock.forward(seconds=seconds)
        kids.append(header_of(rp.sign_in()["access_token"])["kid"])
        if seconds == 0:
            rotate(provider)

    assert [left == right for left, right in pairwise(kids)] == [True, False]
