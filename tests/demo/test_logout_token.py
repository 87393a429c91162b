"""What the demo's clients take for a logout token, and what comes of it."""

import time

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from idp.demo import logout_token
from idp.demo.client import create_client
from idp.demo.logout_token import EVENT, LoggedOut, NotALogoutToken, Reader
from idp.demo.memory import Memory, SignedIn
from idp.kernel.encoding import b64url, json_bytes
from tests.support.ports import free_port
from tests.support.spec import spec

ISSUER, CLIENT = "http://localhost:8000", "notes"
OURS, OTHER, NEXT = (
    RSAKey.generate_key(2048, {"kid": kid}, private=True) for kid in ("ours", "ours", "next")
)


def jwks(*keys):
    return KeySet(list(keys)).as_dict(private=False)


def reader(anew=None):
    return Reader(ISSUER, CLIENT, lambda wanted: anew if wanted and anew else jwks(OURS))


def a_token(key=OURS, header=None, **changed):
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "ada",
        "sid": "s1",
        "jti": "j1",
        "iat": now,
        "exp": now + 120,
        "events": {EVENT: {}},
    }
    claims = {name: value for name, value in (claims | changed).items() if value is not None}
    head = {"alg": "RS256", "typ": "logout+jwt", "kid": key.kid} | (header or {})
    return jwt.encode(head, claims, key, algorithms=["RS256", "PS256"])


def signed(header):
    """A token with any header at all, under our key."""
    payload = a_token().split(".")[1]
    said = f"{b64url(json_bytes(header))}.{payload}"
    signature = OURS.private_key.sign(said.encode(), PKCS1v15(), SHA256())
    return f"{said}.{b64url(signature)}"


@spec("Back-Channel Logout §2.6")
def test_a_logout_token_says_whose_session_is_over():
    assert reader().read(a_token()) == LoggedOut("ada", "s1", "j1")
    assert reader().read(a_token(sid=None)) == LoggedOut("ada", None, "j1")
    assert reader().read(a_token(sub=None)) == LoggedOut(None, "s1", "j1")
    assert reader().read(a_token(aud=["other", CLIENT])) == LoggedOut("ada", "s1", "j1")


@spec("Back-Channel Logout §2.6")
@pytest.mark.parametrize(
    ("step", "made"),
    [
        ("signature", lambda: "garbage"),
        ("signature", lambda: ""),
        ("signature", lambda: a_token(OTHER)),
        ("signature", lambda: a_token(header={"alg": "PS256"})),
        ("signature", lambda: a_token()[:-8] + "AAAAAAAA"),
        ("typ", lambda: a_token(header={"typ": "JWT"})),
        ("signature", lambda: signed({"alg": "RS256", "kid": "ours", "typ": 7})),
        ("signature", lambda: signed({"alg": "none"})),
        ("iss", lambda: a_token(iss="https://evil.example")),
        ("aud", lambda: a_token(aud="calendar")),
        ("aud", lambda: a_token(aud=None)),
        ("iat", lambda: a_token(iat=1)),
        ("iat", lambda: a_token(iat=int(time.time()) + 9999)),
        ("iat", lambda: a_token(iat="now")),
        ("exp", lambda: a_token(exp=int(time.time()) - 600)),
        ("exp", lambda: a_token(exp=None)),
        ("sub or sid", lambda: a_token(sub=None, sid=None)),
        ("events", lambda: a_token(events=None)),
        ("events", lambda: a_token(events={})),
        ("events", lambda: a_token(events={EVENT: "x"})),
        ("nonce", lambda: a_token(nonce="n")),
        ("jti", lambda: a_token(jti=None)),
    ],
)
def test_what_fails_a_step_is_refused(step, made):
    with pytest.raises(NotALogoutToken, match=f"^{step}$"):
        reader().read(made())


def test_a_repetition_is_known_and_does_nothing():
    read = reader().read
    assert read(a_token()) is not None
    assert read(a_token()) is None


def test_of_very_many_the_newest_are_known(monkeypatch):
    monkeypatch.setattr(logout_token, "MOST", 2)
    read = reader().read
    tokens = [a_token(jti=f"j{number}") for number in range(3)]
    assert all(map(read, tokens))

    assert read(tokens[2]) is None
    assert read(tokens[1]) is None
    assert read(tokens[0]) is not None


class Unreadable(requests.RequestException, ValueError):
    """As requests has it where an answer is no JSON."""


def test_a_provider_whose_keys_cannot_be_read_is_no_reason_to_refuse_a_token():
    """What is refused is never said again; what could not be checked is."""

    def keys(anew):
        raise Unreadable

    with pytest.raises(Unreadable):
        Reader(ISSUER, CLIENT, keys).read(a_token())


def test_a_key_that_is_newer_than_our_copy_is_looked_for():
    assert reader(anew=jwks(OURS, NEXT)).read(a_token(NEXT)) is not None


def test_a_session_ends_in_each_browser_and_no_other_persons():
    memory, mine, also_mine, theirs = Memory(), {}, {}, {}
    ada, grace = ({"sub": "ada", "sid": "s1"}, {"sub": "grace", "sid": "s2"})
    for browser, claims in ((mine, ada), (also_mine, ada), (theirs, grace)):
        memory.keep(browser, "notes", SignedIn("token", claims, {}))

    assert memory.end("calendar", sid="s1", sub="ada") == 0
    assert memory.end("notes", sid="s1", sub="ada") == 2
    assert memory.find(mine, "notes") is None
    assert memory.find(theirs, "notes") is not None
    assert memory.was_ended(mine, "notes")
    assert not memory.was_ended(mine, "notes")
    assert not memory.was_ended(theirs, "notes")
    assert memory.end("notes", sid=None, sub="grace") == 1


def registrations(*names):
    return [
        {"name": name, "path": path, "client_id": name, "client_secret": "x"}
        for name, path in zip(names, ("", "/second"), strict=False)
    ]


@spec("Back-Channel Logout §2.8")
def test_what_is_no_logout_token_is_answered_with_400_and_an_absent_provider_with_503():
    app = create_client(f"http://localhost:{free_port()}", registrations("notes", "calendar"))
    for path in ("/backchannel-logout", "/second/backchannel-logout"):
        answer = app.test_client().post(path, data={"logout_token": a_token()})
        assert answer.status_code == 503
        assert answer.headers["Cache-Control"] == "no-store"
        assert app.test_client().get(path).status_code == 405


@spec("Front-Channel Logout §2")
def test_a_frame_is_for_the_provider_alone_and_ends_only_the_session_that_it_names():
    app = create_client(ISSUER, registrations("notes"))
    page = app.test_client().get(f"/frontchannel-logout?iss={ISSUER}&sid=s1")

    assert page.status_code == 200
    assert page.headers["Content-Security-Policy"].endswith(f"frame-ancestors {ISSUER}")
    assert "frame-ancestors 'none'" in app.test_client().get("/").headers["Content-Security-Policy"]
