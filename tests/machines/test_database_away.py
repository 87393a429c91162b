"""The database goes away and comes back: nothing is issued meanwhile, nothing is lost (I9, I12)."""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlencode

import psycopg
import pytest
from psycopg import sql

from idp.app import create_app
from idp.kernel.encoding import b64url
from idp.settings import Settings
from idp.store import database as store
from idp.store import migrate
from idp.store.database import Database
from tests.app import ISSUER, PASSWORD, VERIFIER, Provider, RelyingParty, fields_of, make_provider
from tests.machines.burst import Answer, burst, cookies_of, get, post, send
from tests.machines.installation import provider_over, relying_party, server_over
from tests.machines.own_postgres import OwnPostgres
from tests.support.server import ProviderProcess
from tests.support.spec import spec

pytestmark = pytest.mark.xdist_group("database away")

RECOVERY_SECONDS = 5
BOTH = ("authorization_code", "client_credentials")
PUBLISHED = ("/.well-known/openid-configuration", "/jwks")


@dataclass(frozen=True, slots=True)
class Installation:
    """A server over a PostgreSQL of its own, and requests that it answers well on other days."""

    postgres: OwnPostgres
    url: str
    provider: Provider
    server: ProviderProcess
    rp: RelyingParty

    def redemption(self, code: str) -> bytes:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.rp.redirect_uri,
            "code_verifier": VERIFIER,
        }
        return post("/token", form, **self.rp.basic())

    def client_credentials(self) -> bytes:
        return post("/token", {"grant_type": "client_credentials"}, **self.rp.basic())

    def about(self, path: str, token: str) -> bytes:
        return post(path, {"token": token}, **self.rp.basic())

    def authorization(self) -> bytes:
        path = f"/authorize?{urlencode(self.rp.parameters())}"
        return get(path, cookies=cookies_of(self.rp.browser))

    def sign_in(self) -> bytes:
        browser = self.provider.browser()
        page = RelyingParty(self.provider, self.rp.registered, browser).authorize()
        form = {**fields_of(page), "identifier": "ada", "password": PASSWORD, "action": "sign_in"}
        return post("/login", form, cookies=cookies_of(browser))

    def send(self, request: bytes) -> Answer:
        return send(self.server.port, request)


@pytest.fixture
def installation(running: Installation) -> Iterator[Installation]:
    """The installation, whose database is there again afterwards."""
    yield running
    if not running.postgres.running:
        running.postgres.start()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("away")
    with OwnPostgres() as postgres:
        url = postgres.create_database("provider")
        migrate.upgrade(url.replace("postgresql:", "postgresql+psycopg:"))
        with (
            provider_over(url, folder) as provider,
            server_over(url, folder, IDP_KEYS_CACHED_FOR="1") as server,
        ):
            provider.add_user()
            rp = relying_party(provider, grant_types=BOTH, first_party=True)
            yield Installation(postgres, url, provider, server, rp)


def bearer(token: str) -> bytes:
    return get("/userinfo", Authorization=f"Bearer {token}")


@spec("OIDC Core §5.3.3", "RFC 6749 §5.2")
def test_without_a_database_nothing_is_issued_and_afterwards_everything_goes_on(
    installation: Installation,
):
    code, *spares = (installation.rp.code() for _ in range(3))
    token, given_back = (
        installation.send(installation.redemption(spare)).json()["access_token"] for spare in spares
    )
    json_requests = [
        installation.redemption(code),
        installation.client_credentials(),
        bearer(token),
        installation.about("/introspect", token),
        installation.about("/introspect", "garbage"),
        installation.about("/revoke", given_back),
    ]
    page_requests = [installation.authorization(), installation.sign_in()]
    pid = installation.server.pid
    burst(installation.server.port, [get("/jwks")] * 64)  # every process has read the keys

    installation.postgres.stop()
    # First with the copies of keys and clients, then when these are too old.
    for _ in range(2):
        for answer in burst(installation.server.port, json_requests):
            assert (answer.status, answer.header("Content-Type")) == (503, "application/json")
            assert answer.json()["error"] == "temporarily_unavailable"
            assert answer.json().keys() == {"error", "error_description"}
        for answer in burst(installation.server.port, page_requests):
            assert (answer.status, answer.header("Location")) == (503, "")
            assert answer.header("Content-Type").startswith("text/html")
            assert "idp_session" not in answer.header("Set-Cookie")
        for path in PUBLISHED:
            answer = installation.send(get(path))
            assert answer.status == 200
            assert answer.json().get("keys", ["a document of another kind"])
        time.sleep(2.2)

    installation.postgres.start()
    back_at = time.monotonic()
    while installation.send(bearer(token)).status != 200:
        assert time.monotonic() < back_at + RECOVERY_SECONDS
        time.sleep(0.05)
    again = burst(installation.server.port, json_requests)
    assert [a.status for a in again] == [200] * 6
    assert [a.json()["active"] for a in again[3:5]] == [True, False]
    assert installation.send(bearer(given_back)).status == 401
    assert [a.status for a in burst(installation.server.port, page_requests)] == [303, 303]
    assert time.monotonic() < back_at + RECOVERY_SECONDS
    assert installation.server.pid == pid


def cut_off_everybody(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def commits_at_once(url: str) -> None:
    """Let no commit wait for the disk: while it does, it is taken and nobody knows."""
    with psycopg.connect(url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))
    cut_off_everybody(url)


def test_a_code_whose_redemption_was_cut_off_is_not_burnt(installation: Installation):
    """Every connection is cut again and again while 60 codes are redeemed."""
    codes = [installation.rp.code() for _ in range(60)]
    before = len(installation.provider.audit())
    stopping = threading.Event()
    commits_at_once(installation.url)

    def cut() -> None:
        while not stopping.is_set():
            cut_off_everybody(installation.url)
            time.sleep(0.01)

    cutting = threading.Thread(target=cut)
    cutting.start()
    try:
        answers = burst(installation.server.port, [installation.redemption(c) for c in codes])
    finally:
        stopping.set()
        cutting.join()

    assert {answer.status for answer in answers} <= {200, 503}
    again = [c for c, answer in zip(codes, answers, strict=True) if answer.status == 503]
    assert again, "nothing was cut off"
    later = burst(installation.server.port, [installation.redemption(c) for c in again])
    # Where the commit was taken and only its receipt was cut off, nobody could know.
    assert {answer.status for answer in later} <= {200, 400}
    unknown = sum(answer.status == 400 for answer in later)
    assert unknown < len(again) / 2
    counted = Counter(installation.provider.event_names()[before:])
    assert (counted["grant.redeemed"], counted["grant.refused"]) == (60, unknown)


def test_a_process_that_never_saw_the_keys_says_that_it_cannot_serve_them(tmp_path):
    settings = Settings(
        issuer=ISSUER,
        data_dir=tmp_path,
        database_url=f"postgresql://idp@/none?host={tmp_path}&port=1",
        master_key=b64url(b"k" * 32),
    )
    client = create_app(settings).test_client()

    assert client.get("/jwks", base_url=ISSUER).status_code == 503
    assert client.get(PUBLISHED[0], base_url=ISSUER).status_code == 200


# SQLite, held by somebody else

BUSY_SECONDS = 0.5


@pytest.fixture
def locked(sqlite_url: str, tmp_path, monkeypatch) -> Iterator[tuple[RelyingParty, str]]:
    """A provider whose database another program writes to, for longer than we wait."""
    monkeypatch.setattr(store, "_BUSY_SECONDS", BUSY_SECONDS)
    provider = make_provider(sqlite_url, tmp_path)
    provider.add_user()
    client = provider.add_client(grant_types=BOTH, first_party=True)
    rp = RelyingParty(provider, client, provider.browser())
    token = rp.sign_in()["access_token"]
    assert rp.token(grant_type="client_credentials").status_code == 200
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield rp, token
    other.close()
    provider.house.get(Database).engine.dispose()


def test_sqlite_held_by_another_program_refuses_writers_and_serves_readers(locked):
    rp, token = locked

    answer = rp.token(grant_type="client_credentials")
    page = rp.authorize()

    assert (answer.status_code, answer.get_json()["error"]) == (503, "temporarily_unavailable")
    assert (page.status_code, page.mimetype) == (503, "text/html")
    assert rp.userinfo(token).status_code == 200


def test_sqlite_held_by_another_program_makes_nobody_wait_for_all_before_him(locked):
    rp, _ = locked
    started = time.monotonic()

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(rp.token, grant_type="client_credentials") for _ in range(8)]
        statuses = {each.result().status_code for each in asked}

    assert statuses == {503}
    assert time.monotonic() - started < 4 * BUSY_SECONDS
