"""A provider in this process, and a relying party that walks through it as a browser would."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

import flask
import pyotp
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from idp.app import create_app
from idp.app.composition import command_context
from idp.context import RequestContext
from idp.credentials import passwords, totp
from idp.credentials.hashing import PasswordHashing
from idp.kernel.encoding import b64url, unb64url
from idp.kernel.jose import SIGNING_ALGORITHMS, SigningKey
from idp.kernel.registry import Registry
from idp.kernel.secrets import MasterKey, new_id
from idp.protocol.clients.metadata import ClientMetadata
from idp.protocol.clients.service import Registered, create
from idp.protocol.keys.keyring import Keyring
from idp.settings import Settings
from idp.store import users
from idp.store.database import Database
from idp.store.passwords import Password
from idp.store.schema import audit_events, signing_keys
from idp.store.users import User
from idp.web.context import ClockReading
from tests.support import premade
from tests.support.databases import without_waiting_for_the_disk

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
ISSUER = "https://id.example.test"
CALLBACK = "https://app.example.test/callback"
PASSWORD = "quiet lamps over tidewater"
VERIFIER = "v" * 43
CHALLENGE = b64url(sha256(VERIFIER.encode()).digest())
PROFILE = {
    "name": "Ada Example",
    "given_name": "Ada",
    "family_name": "Example",
    "middle_name": "M",
    "nickname": "ada",
    "profile": "https://people.example.test/ada",
    "picture": "https://people.example.test/ada.png",
    "website": "https://ada.example.test",
    "gender": "female",
    "birthdate": "1990-02-03",
    "zoneinfo": "Europe/Berlin",
    "locale": "de-DE",
    "address": {"formatted": "1 Test Street\n12345 Testville", "country": "DE"},
}


class FakeClock:
    """The clock seam: stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@dataclass
class Provider:
    """The application under test, its clock, and ways to prepare it."""

    app: flask.Flask
    house: Registry
    clock: FakeClock

    @contextmanager
    def context(self) -> Iterator[RequestContext]:
        with command_context(self.house, "test") as ctx:
            yield ctx

    def browser(self) -> FlaskClient:
        return self.app.test_client()

    def add_user(
        self, username: str = "ada", password: str | None = PASSWORD, **values: Any
    ) -> User:
        traits = {
            "email": f"{username}@example.test",
            "email_verified": True,
            "phone_number": "+49 30 901820",
            "phone_number_verified": False,
            "profile": PROFILE,
        }
        with self.context() as ctx:
            user = User(
                id=new_id(),
                username=username,
                created_at=ctx.now,
                updated_at=ctx.now,
                **(traits | values),
            )
            users.add(ctx.db, user)
            if password is not None:
                hashed = premade.hash_of(password)
                kept = Password(user_id=user.id, hash=hashed, changed_at=ctx.now)
                passwords.keep(ctx, kept)
        return user

    def add_totp(self, user: User) -> str:
        """Enrol an authenticator a while ago; return its secret."""
        secret = pyotp.random_base32()
        self.clock.forward(seconds=-300)
        with self.context() as ctx:
            code = pyotp.TOTP(secret).at(ctx.now)
            assert totp.add(ctx, user.id, "Phone", secret, code)
        self.clock.forward(seconds=300)
        return secret

    def code(self, secret: str) -> str:
        return pyotp.TOTP(secret).at(self.clock.now)

    def add_client(self, **metadata: Any) -> Registered:
        traits: dict[str, Any] = {"client_name": "Example App", "redirect_uris": (CALLBACK,)}
        with self.context() as ctx:
            return create(ctx, ClientMetadata(**(traits | metadata)))

    def audit(self) -> list[Any]:
        with self.context() as ctx:
            return list(ctx.db.read(select(audit_events).order_by(audit_events.c.id)))

    def event_names(self) -> list[str]:
        return [event.name for event in self.audit()]


_made: list[Registry] = []


def dispose_of_providers() -> None:
    """Close the connections of every provider that a test made."""
    while _made:
        _made.pop().get(Database).engine.dispose()


# The built-in policy, under which nobody looks unusual: what tests about other things begin with.
CALM = Path(__file__).parent / "support" / "calm.toml"
# The built-in policy as it is, and one by which the limits are the settings', whoever comes.
BUILT_IN, FLAT = "", "built_in_rules = false\n"


def make_provider(
    database_url: str, folder: Path, *, policy: str | None = None, **settings: Any
) -> Provider:
    """Compose a provider over a migrated database, its clock at noon; `policy` is its own file."""
    if policy is not None:
        settings["policy_file"] = folder / "policy.toml"
        settings["policy_file"].write_text(policy)
    values: dict[str, Any] = {
        "issuer": ISSUER,
        "data_dir": folder,
        "database_url": database_url,
        "master_key": b64url(b"k" * 32),
        "second_factor": "off",
        "policy_file": CALM,
    }
    app = create_app(Settings(**(values | settings)))
    app.testing = False
    app.jinja_env.bytecode_cache = premade.TEMPLATES
    house: Registry = app.extensions["idp"]
    _made.append(house)
    without_waiting_for_the_disk(house.get(Database).engine)
    clock = FakeClock()
    house.get(ClockReading).read = clock
    house.get(PasswordHashing)._argon2 = premade.argon2_remembering()
    provider = Provider(app, house, clock)
    with provider.context() as ctx:
        ctx.db.write(insert(signing_keys).values(_keys(house, ctx)))
    return provider


def _keys(house: Registry, ctx: RequestContext) -> list[dict[str, Any]]:
    """Two signing keys per algorithm, known to the keyring: it does not have to open them."""
    rows = []
    for algorithm in SIGNING_ALGORITHMS:
        for number, state in enumerate(("active", "next")):
            key, written = premade.signing_key(algorithm, number)
            kid = new_id()
            house.get(Keyring).imported[kid] = SigningKey(kid, algorithm, key)
            sealed = house.get(MasterKey).seal(written, f"signing_key:{kid}")
            row = {"kid": kid, "algorithm": algorithm, "state": state}
            rows.append(row | {"private_sealed": sealed, "created_at": ctx.now})
    return rows


def fields_of(page: TestResponse) -> dict[str, str]:
    """The hidden fields of the first form on a page."""
    html = page.get_data(as_text=True)
    inputs = re.findall(r"<input\b[^>]*>", html)
    found = {}
    for tag in inputs:
        attributes = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if attributes.get("type") == "hidden" and "name" in attributes:
            found.setdefault(attributes["name"], unescape(attributes.get("value", "")))
    return found


def link_of(page: TestResponse, element_id: str) -> str:
    """Where the link with this id leads."""
    html = page.get_data(as_text=True)
    tag = next(t for t in re.findall(r"<a\b[^>]*>", html) if f'id="{element_id}"' in t)
    href = re.search(r'href="([^"]*)"', tag)
    assert href is not None
    return unescape(href[1])


def text_of(page: TestResponse) -> str:
    """A page's words."""
    html = re.sub(r"<(script|style).*?</\1>", "", page.get_data(as_text=True), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def submit(
    browser: FlaskClient, page: TestResponse, path: str | None = None, **values: str
) -> TestResponse:
    """Send the form of a page, hidden fields included."""
    path = path or urlsplit(page.request.url).path
    return browser.post(path, data={**fields_of(page), **values}, base_url=ISSUER)


@dataclass
class RelyingParty:
    """A client application with one browser."""

    provider: Provider
    registered: Registered
    browser: FlaskClient
    redirect_uri: str = CALLBACK
    defaults: dict[str, str] = field(default_factory=dict)

    @property
    def client_id(self) -> str:
        return self.registered.client.client_id

    @property
    def public(self) -> bool:
        return self.registered.client.public

    def parameters(self, **changed: str | None) -> dict[str, str]:
        """An authorization request; None takes a parameter away."""
        wanted: dict[str, str | None] = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": "openid",
            "state": "a state of 24 characters",
            "nonce": "n-0S6_WzA2Mj",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **self.defaults,
            **changed,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.browser.get(path, base_url=ISSUER, **options)

    def authorize(self, **changed: str | None) -> TestResponse:
        """Send the browser to us; follow our own redirects."""
        return self.follow(self.get(f"/authorize?{urlencode(self.parameters(**changed))}"))

    def follow(self, response: TestResponse) -> TestResponse:
        """Follow redirects while they stay with us."""
        for _ in range(10):
            location = response.headers.get("Location")
            if response.status_code not in (302, 303) or location is None:
                return response
            parts = urlsplit(location)
            if parts.netloc and f"{parts.scheme}://{parts.netloc}" != ISSUER:
                return response
            response = self.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)
        raise AssertionError("a redirect loop")

    def submit(self, page: TestResponse, **values: str) -> TestResponse:
        return self.follow(submit(self.browser, page, **values))

    def log_in(
        self, page: TestResponse, username: str = "ada", password: str = PASSWORD
    ) -> TestResponse:
        """Fill in the sign-in page."""
        assert b'id="page-login"' in page.data, text_of(page)
        return self.submit(page, identifier=username, password=password, action="sign_in")

    def allow(self, page: TestResponse) -> TestResponse:
        """Say yes on the consent page."""
        assert b'id="page-consent"' in page.data, text_of(page)
        return self.submit(page, action="allow")

    def answer(self, response: TestResponse) -> dict[str, str]:
        """What came back to the redirect URI."""
        location = response.headers.get("Location", "")
        assert location.startswith(self.redirect_uri), (response.status_code, text_of(response))
        return dict(parse_qsl(urlsplit(location).query))

    def code(self, **changed: str | None) -> str:
        """Walk to a code: sign in and consent where that is asked."""
        response = self.authorize(**changed)
        if b'id="page-login"' in response.data:
            response = self.log_in(response)
        if b'id="page-consent"' in response.data:
            response = self.allow(response)
        return self.answer(response)["code"]

    def basic(self) -> dict[str, str]:
        secret = quote(self.registered.secret or "", safe="")
        pair = f"{quote(self.client_id, safe='')}:{secret}"
        return {"Authorization": "Basic " + b64encode(pair.encode()).decode()}

    def token(self, *proofs: str, **form: str | None) -> TestResponse:
        """Ask the token endpoint, with DPoP proofs if any."""
        return self.ask("/token", form, [("DPoP", proof) for proof in proofs])

    def revoke(self, token: str, **form: str | None) -> TestResponse:
        """Give a token back."""
        return self.ask("/revoke", {"token": token} | form)

    def introspect(
        self, token: str, *, accept: str | None = None, **form: str | None
    ) -> TestResponse:
        """Ask about a token."""
        return self.ask("/introspect", {"token": token} | form, [("Accept", accept)])

    def ask(
        self,
        path: str,
        form: dict[str, str | None],
        headers: Iterable[tuple[str, str | None]] = (),
    ) -> TestResponse:
        """Send a form as the client that this is, in the way that it is registered to."""
        method = self.registered.client.metadata.token_endpoint_auth_method
        wanted: dict[str, str | None] = dict(form)
        sent = Headers([(name, value) for name, value in headers if value is not None])
        if method == "client_secret_basic":
            sent.extend(self.basic())
        else:
            wanted.setdefault("client_id", self.client_id)
        if method == "client_secret_post":
            wanted.setdefault("client_secret", self.registered.secret)
        data = {name: value for name, value in wanted.items() if value is not None}
        client = self.provider.app.test_client()
        return client.post(path, data=data, headers=sent, base_url=ISSUER)

    def redeem(self, code: str, *proofs: str, **changed: str | None) -> TestResponse:
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": VERIFIER,
        }
        return self.token(*proofs, **(form | changed))

    def sign_in(self, **changed: str | None) -> dict[str, Any]:
        """Walk all the way to tokens."""
        response = self.redeem(self.code(**changed))
        assert response.status_code == 200, response.get_data(as_text=True)
        return dict(response.get_json())

    def userinfo(self, token: str, *proofs: str, scheme: str = "Bearer") -> TestResponse:
        client = self.provider.app.test_client()
        headers = Headers([("DPoP", proof) for proof in proofs])
        headers["Authorization"] = f"{scheme} {token}"
        return client.get("/userinfo", headers=headers, base_url=ISSUER)


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a JWT, unverified."""
    return dict(json.loads(unb64url(token.split(".")[1])))


def header_of(token: str) -> dict[str, Any]:
    """The header of a JWT."""
    return dict(json.loads(unb64url(token.split(".", 1)[0])))


def query_of(url: str) -> dict[str, list[str]]:
    """The query of a URL."""
    return parse_qs(urlsplit(url).query, keep_blank_values=True)
