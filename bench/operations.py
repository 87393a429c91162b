"""The operations as scripts: each yields its requests and is sent the answers."""

import json
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from urllib.parse import urlencode, urlsplit

from tests.support.dpop import Holder

CALLBACK = "http://127.0.0.1:9/callback"
VERIFIER = "v" * 43
# BASE64URL(SHA-256(VERIFIER)), RFC 7636 §4.2.
CHALLENGE = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"
HOLDER = Holder()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `cookies` are the pairs to send from now on."""

    status: int
    headers: dict[str, str]
    cookies: dict[str, str]
    body: bytes

    def json(self) -> dict[str, str]:
        return dict(json.loads(self.body))


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the scripts know of the installation."""

    port: int
    client_id: str
    basic: str
    users: tuple[str, ...]
    password: str


Script = Generator[bytes, Answer, None]


class UnexpectedError(Exception):
    """An answer that the operation does not have."""


def get(site: Site, path: str, *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: localhost:{site.port}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def post(site: Site, path: str, form: dict[str, str], *headers: str) -> bytes:
    body = urlencode(form)
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: localhost:{site.port}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return ("\r\n".join([*lines, "", ""]) + body).encode()


def expect(answer: Answer, status: int) -> Answer:
    if answer.status != status:
        raise UnexpectedError(f"{answer.status}, not {status}: {answer.body[:300]!r}")
    return answer


# What one count is


def discovery(site: Site, _: dict[str, str]) -> Script:
    expect((yield get(site, "/.well-known/openid-configuration")), 200)


def jwks(site: Site, _: dict[str, str]) -> Script:
    expect((yield get(site, "/jwks")), 200)


def client_credentials(site: Site, state: dict[str, str]) -> Script:
    form = {"grant_type": "client_credentials", "scope": "api"}
    tokens = expect((yield post(site, "/token", form, site.basic)), 200).json()
    state["access_token"] = tokens["access_token"]


def userinfo(site: Site, state: dict[str, str]) -> Script:
    bearer = f"Authorization: Bearer {state['access_token']}"
    expect((yield get(site, "/userinfo", bearer)), 200)


def userinfo_dpop(site: Site, state: dict[str, str]) -> Script:
    """Show a token that is bound to a key, with a proof of it (RFC 9449 §7)."""
    if "bound_token" not in state:
        form = {"grant_type": "refresh_token", "refresh_token": state["refresh_token"]}
        proof = _proof(site, "POST", "/token")
        tokens = expect((yield post(site, "/token", form, site.basic, proof)), 200).json()
        state["bound_token"] = tokens["access_token"]
    token = state["bound_token"]
    proof = _proof(site, "GET", "/userinfo", token)
    expect((yield get(site, "/userinfo", f"Authorization: DPoP {token}", proof)), 200)


def _proof(site: Site, method: str, path: str, access_token: str | None = None) -> str:
    url = f"http://localhost:{site.port}{path}"
    said = HOLDER.proof(method, url, access_token=access_token, now=datetime.now(UTC))
    return f"DPoP: {said}"


def introspection(site: Site, state: dict[str, str]) -> Script:
    answer = expect((yield post(site, "/introspect", _the_token(state), site.basic)), 200)
    if not answer.json()["active"]:
        raise UnexpectedError("inactive")


def revocation(site: Site, state: dict[str, str]) -> Script:
    """Get a client's own token and give it back: two requests, the first one as above."""
    yield from client_credentials(site, state)
    expect((yield post(site, "/revoke", _the_token(state), site.basic)), 200)


def _the_token(state: dict[str, str]) -> dict[str, str]:
    return {"token": state["access_token"]}


def refresh(site: Site, state: dict[str, str]) -> Script:
    """Rotate the refresh token; an ID token comes with it."""
    form = {"grant_type": "refresh_token", "refresh_token": state["refresh_token"]}
    tokens = expect((yield post(site, "/token", form, site.basic)), 200).json()
    state["refresh_token"] = tokens["refresh_token"]


def code_flow(site: Site, state: dict[str, str]) -> Script:
    """One /authorize with a live session and the exchange of its code: two requests."""
    request = {
        "client_id": site.client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid profile email",
        "state": "a state of 24 characters",
        "nonce": "n-0S6_WzA2Mj",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    cookies = f"Cookie: {state['cookies']}"
    answer = expect((yield get(site, f"/authorize?{urlencode(request)}", cookies)), 303)
    while not answer.headers["location"].startswith(CALLBACK):
        answer = yield from _sign_in(site, state, answer.headers["location"])
    code = re.search(r"[?&]code=([\w-]+)", answer.headers["location"])
    if code is None:
        raise UnexpectedError(answer.headers["location"])
    form = {
        "grant_type": "authorization_code",
        "code": code[1],
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    tokens = expect((yield post(site, "/token", form, site.basic)), 200).json()
    state |= {name: tokens[name] for name in ("access_token", "refresh_token")}


def login(site: Site, state: dict[str, str]) -> Script:
    """A code flow of a browser that nobody is signed in to: five requests, one password hash."""
    state["cookies"] = ""
    yield from code_flow(site, state)


def _sign_in(site: Site, state: dict[str, str], location: str) -> Generator[bytes, Answer, Answer]:
    """Follow a redirect of ours, and fill in the form that it leads to."""
    jar: dict[str, str] = dict(
        pair.split("=", 1) for pair in state["cookies"].split("; ") if "=" in pair
    )
    parts = urlsplit(location)
    path = f"{parts.path}?{parts.query}"
    answer = yield get(site, path, f"Cookie: {state['cookies']}")
    jar |= answer.cookies
    state["cookies"] = "; ".join(f"{name}={value}" for name, value in jar.items())
    if answer.status != 200:
        return expect(answer, 303)
    form = {
        **_hidden_fields(answer.body.decode()),
        "identifier": state["user"],
        "password": site.password,
        "action": "sign_in",
    }
    cookies = f"Cookie: {state['cookies']}"
    answer = expect((yield post(site, parts.path, form, cookies)), 303)
    jar |= answer.cookies
    state["cookies"] = "; ".join(f"{name}={value}" for name, value in jar.items())
    return answer


def _hidden_fields(html: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag in re.findall(r"<input\b[^>]*>", html):
        attributes = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if attributes.get("type") == "hidden":
            found.setdefault(attributes["name"], unescape(attributes.get("value", "")))
    return found


@dataclass(frozen=True, slots=True)
class Operation:
    """A script, what runs before it is measured, and its budget in CPU-ms (DESIGN §5)."""

    name: str
    script: Callable[[Site, dict[str, str]], Script]
    budget: float | None
    signed_in: bool = False
    connections: int = 8


OPERATIONS = (
    Operation("discovery", discovery, 0.015),
    Operation("jwks", jwks, 0.015),
    Operation("client_credentials", client_credentials, 0.20),
    Operation("userinfo", userinfo, 0.33, signed_in=True),
    Operation("userinfo_dpop", userinfo_dpop, None, signed_in=True),
    Operation("introspection", introspection, 0.25, signed_in=True),
    Operation("revocation", revocation, 0.20 + 0.25),
    Operation("refresh", refresh, 0.45, signed_in=True),
    Operation("code_flow", code_flow, 1.0, signed_in=True),
    Operation("login", login, None),
)
