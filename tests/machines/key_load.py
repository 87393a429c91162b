"""A client application that asks several nodes all the time, while their keys change."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.app import VERIFIER, Provider, RelyingParty, header_of
from tests.machines.burst import cookies_of
from tests.machines.installation import relying_party
from tests.support.server import ProviderProcess

BOTH = ("authorization_code", "client_credentials")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAUSE = 0.02  # a token every few milliseconds misses no moment of a rotation


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and when it was asked for and given."""

    asked_at: float
    at: float
    text: str

    @property
    def kid(self) -> str:
        return str(header_of(self.text)["kid"])

    @property
    def algorithm(self) -> str:
        return str(header_of(self.text)["alg"])


@dataclass(frozen=True, slots=True)
class Use:
    """An access token shown to a node: when, signed by which key, and what the node said."""

    asked_at: float
    kid: str
    status: int


@dataclass
class Load:
    """What it was given and told, and when; `doomed` is a key whose tokens may be refused."""

    rp: RelyingParty
    ports: tuple[int, ...]
    cookies: str
    tokens: list[Token] = field(default_factory=list)
    key_sets: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    doomed: str = ""
    stopping: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Ask in several threads; nothing may fail."""
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

    def _repeat(self, act: Callable[["Nodes"], None]) -> None:
        nodes = Nodes(self.ports)
        while not self.stopping.is_set():
            try:
                act(nodes)
                time.sleep(PAUSE)
            except (AssertionError, OSError, http.client.HTTPException) as error:
                self.faults.append(repr(error))
                return
        nodes.close()

    def client_credentials(self, nodes: "Nodes") -> None:
        self.token(nodes, {"grant_type": "client_credentials"})

    def flow(self, nodes: "Nodes") -> None:
        """Get a code at one node, redeem it at the next, show the token to all."""
        path = f"/authorize?{urlencode(self.rp.parameters())}"
        status, headers, _ = nodes.ask("GET", path, None, {"Cookie": self.cookies})
        assert status == 303, status
        query = parse_qs(urlsplit(headers["Location"]).query)
        form = {
            "grant_type": "authorization_code",
            "code": query["code"][0],
            "redirect_uri": self.rp.redirect_uri,
            "code_verifier": VERIFIER,
        }
        token = self.token(nodes, form)
        for _ in self.ports:
            asked_at = time.monotonic()
            bearer = {"Authorization": f"Bearer {token.text}"}
            status, _, body = nodes.ask("GET", "/userinfo", None, bearer)
            self.uses.append(Use(asked_at, token.kid, status))
            assert status == 200 or token.kid == self.doomed, body

    def token(self, nodes: "Nodes", form: dict[str, str]) -> Token:
        asked_at = time.monotonic()
        status, _, body = nodes.ask("POST", "/token", urlencode(form), FORM | self.rp.basic())
        assert status == 200, body
        now, answer = time.monotonic(), json.loads(body)
        given = [answer[kind] for kind in ("access_token", "id_token") if kind in answer]
        self.tokens += [Token(asked_at, now, text) for text in given]
        return Token(asked_at, now, answer["access_token"])

    def key_set(self, nodes: "Nodes") -> None:
        asked_at = time.monotonic()
        status, _, body = nodes.ask("GET", "/jwks", None, {})
        assert status == 200, body
        self.key_sets.append((asked_at, json.loads(body)))


class Nodes:
    """A connection to each node; each request goes to the next one."""

    def __init__(self, ports: tuple[int, ...]) -> None:
        self._connections = [
            http.client.HTTPConnection("127.0.0.1", port, timeout=30) for port in ports
        ]
        self._turns = cycle(self._connections)

    def ask(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = next(self._turns)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


def a_load(provider: Provider, *servers: ProviderProcess) -> Load:
    """Return the load of a client whose user is signed in."""
    provider.add_user()
    rp = relying_party(provider, grant_types=BOTH, first_party=True)
    rp.code()
    return Load(rp, tuple(server.port for server in servers), cookies_of(rp.browser))
