"""A provider made of two documents and a key, whose answers a test may spoil."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httpx2

from idp.kernel.jose import SigningKey, generate, import_key
from idp.resource_server import AccessTokens
from tests.app import ISSUER, NOON, FakeClock

API = "https://api.example.test"
METADATA = "/.well-known/openid-configuration"
JWKS = "/keys"


@cache
def key_named(kid: str, algorithm: str = "ES256") -> SigningKey:
    return SigningKey(kid, algorithm, import_key(algorithm, generate(algorithm)))


def epoch(instant: datetime) -> int:
    return int(instant.timestamp())


def answering(body: bytes, status: int = 200, **headers: str) -> httpx2.Response:
    """An answer as it comes from the network: not read yet."""
    return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(body))


@dataclass
class FakeProvider:
    """Signs anything; `asked` are the paths that were fetched."""

    clock: FakeClock = field(default_factory=FakeClock)
    keys: list[SigningKey] = field(default_factory=lambda: [key_named("k1")])
    asked: list[str] = field(default_factory=list)
    answers: dict[str, httpx2.Response] = field(default_factory=dict)
    away: bool = False

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        self.asked.append(path)
        if self.away:
            raise httpx2.ConnectError("away")
        if path in self.answers:
            return self.answers[path]
        documents = {
            METADATA: {"issuer": ISSUER, "jwks_uri": ISSUER + JWKS},
            JWKS: {"keys": [key.public_jwk() for key in self.keys]},
        }
        return answering(json.dumps(documents[path]).encode())

    def client(self) -> httpx2.Client:
        return httpx2.Client(transport=httpx2.MockTransport(self))

    def reader(self, **options: Any) -> AccessTokens:
        traits = {"issuer": ISSUER, "audience": API, "client": self.client(), "clock": self.clock}
        return AccessTokens(**(traits | options))

    def claims(self, **changed: Any) -> dict[str, Any]:
        """What a sound token says; None takes a claim away."""
        now = self.clock.now
        sound = {
            "iss": ISSUER,
            "aud": API,
            "sub": "ada",
            "client_id": "app",
            "iat": epoch(now),
            "exp": epoch(now + timedelta(minutes=5)),
            "jti": "j1",
            "scope": "openid transfers",
            "acr": "mfa",
            "auth_time": epoch(NOON - timedelta(minutes=2)),
        }
        return {name: value for name, value in (sound | changed).items() if value is not None}

    def token(self, typ: str = "at+jwt", key: SigningKey | None = None, **changed: Any) -> str:
        return (key or self.keys[0]).sign(self.claims(**changed), typ)

    def header(self, **changed: Any) -> str:
        return f"Bearer {self.token(**changed)}"
