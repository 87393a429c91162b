"""The provider's keys are fetched with care, kept for a while, and never taken from others."""

import json
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from idp.resource_server import Challenge, Unreachable, documents
from idp.resource_server.documents import MAX_BYTES
from tests.app import ISSUER
from tests.resource_server.fake_provider import JWKS, METADATA, FakeProvider, answering, key_named
from tests.support.spec import spec


@pytest.fixture
def provider():
    return FakeProvider()


def saying(value, status=200, **headers):
    return answering(json.dumps(value).encode(), status, **headers)


def test_keys_are_read_once_for_many_tokens(provider):
    reader = provider.reader()
    for _ in range(5):
        reader.read(provider.header())
        provider.clock.forward(seconds=50)

    assert provider.asked == [METADATA, JWKS]


def test_keys_are_read_again_when_they_are_old(provider):
    reader = provider.reader()
    reader.read(provider.header())
    provider.clock.forward(minutes=5)
    reader.read(provider.header())

    assert provider.asked == [METADATA, JWKS] * 2


def test_a_new_key_is_found_at_once_and_an_invented_one_asks_seldom(provider):
    reader = provider.reader()
    reader.read(provider.header())
    provider.clock.forward(seconds=10)
    provider.keys.append(key_named("k2"))
    assert reader.read(provider.header(key=key_named("k2"))).subject == "ada"

    for _ in range(20):
        with pytest.raises(Challenge):
            reader.read(provider.header(key=key_named("invented")))
    assert provider.asked == [METADATA, JWKS] * 2


def test_a_key_that_is_published_no_more_verifies_nothing_after_a_while(provider):
    reader = provider.reader()
    provider.keys.append(key_named("k2"))
    reader.read(provider.header())
    provider.keys.pop(0)
    provider.clock.forward(minutes=5)

    with pytest.raises(Challenge):
        reader.read(provider.header(key=key_named("k1")))


def test_while_the_provider_is_away_known_keys_serve_and_not_for_ever(provider):
    reader = provider.reader()
    reader.read(provider.header())
    provider.away = True
    provider.clock.forward(minutes=59)
    assert reader.read(provider.header()).subject == "ada"

    provider.clock.forward(minutes=2)
    for _ in range(2):
        with pytest.raises(Unreachable) as caught:
            reader.read(provider.header())
    assert caught.value.status == 503


def test_a_provider_that_was_never_reached_is_asked_again_after_a_pause(provider):
    reader = provider.reader()
    provider.away = True
    for _ in range(5):
        with pytest.raises(Unreachable):
            reader.read(provider.header())
    assert provider.asked == [METADATA]

    provider.away = False
    provider.clock.forward(seconds=10)
    assert reader.read(provider.header()).subject == "ada"


def test_a_clock_that_was_set_back_has_the_keys_read_again(provider):
    reader = provider.reader()
    reader.read(provider.header())
    provider.clock.forward(hours=-1)

    assert reader.read(provider.header(auth_time=None)).subject == "ada"
    assert provider.asked == [METADATA, JWKS] * 2


@spec("RFC 8414 §3.3", "RFC 8414 §2")
@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (METADATA, saying({"issuer": "https://evil.example.test", "jwks_uri": ISSUER + JWKS})),
        (METADATA, saying({"jwks_uri": ISSUER + JWKS})),
        (METADATA, saying({"issuer": ISSUER})),
        (METADATA, saying({"issuer": ISSUER, "jwks_uri": "http://id.example.test/keys"})),
        (METADATA, saying({"issuer": ISSUER, "jwks_uri": "http://127.0.0.1/keys"})),
        (METADATA, saying({"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"})),
        (METADATA, saying({"issuer": ISSUER, "jwks_uri": 7})),
        (METADATA, saying([])),
        (METADATA, saying({}, 302, Location=ISSUER + JWKS)),
        (METADATA, saying({}, 404)),
        (JWKS, saying({}, 500)),
        (JWKS, saying({})),
        (JWKS, saying({"keys": {}})),
        (JWKS, answering(b"no json")),
        (JWKS, answering(b"[" * 100_000)),
        (JWKS, answering(b" " * (MAX_BYTES + 1))),
    ],
)
def test_a_document_that_is_not_as_it_should_be_is_none(provider, path, answer):
    provider.answers[path] = answer

    with pytest.raises(Unreachable):
        provider.reader().read(provider.header())


@spec("RFC 7517 §5")
def test_keys_of_other_kinds_are_passed_over(provider):
    sound = key_named("k1").public_jwk()
    odd = [
        "text",
        {**sound, "kid": "enc", "use": "enc"},
        {**sound, "kid": 7},
        {**sound, "kid": "none", "alg": "none"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "k1", "alg": "HS256"},
        {"kty": "RSA", "kid": "k1b", "alg": "RS256"},
        {"kty": "OKP", "kid": "k1d", "alg": "EdDSA", "crv": "Ed448", "x": "A" * 76},
        {"kty": "OKP", "kid": "k1e", "alg": "EdDSA", "crv": "X25519", "x": "A" * 43},
        {"kty": "EC", "kid": "k1c", "alg": "ES256", "crv": "P-256", "x": "AA", "y": "AA"},
        {key: value for key, value in sound.items() if key != "alg"},
    ]
    provider.answers[JWKS] = saying({"keys": [*odd, sound]})

    assert provider.reader().read(provider.header()).subject == "ada"


@contextmanager
def on_this_machine(send):
    """A provider on a socket; `send` writes the body of each answer."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                send(self.wfile, self.path)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_provider_on_this_machine_is_read_over_plain_http(provider):
    def send(out, path):
        issuer = urls[0]
        published = {
            METADATA: {"issuer": issuer, "jwks_uri": issuer + JWKS},
            JWKS: {"keys": [key_named("k1").public_jwk()]},
        }
        out.write(json.dumps(published[path]).encode())

    urls = []
    with on_this_machine(send) as issuer:
        urls.append(issuer)
        with documents.new_client() as client:
            reader = provider.reader(issuer=issuer, client=client)
            assert reader.read(provider.header(iss=issuer)).subject == "ada"


def test_a_body_that_trickles_is_cut_off(provider, monkeypatch):
    monkeypatch.setattr(documents, "TIMEOUT_SECONDS", 0.1)

    def send(out, _path):
        for _ in range(100):
            out.write(b" ")
            time.sleep(0.05)

    with on_this_machine(send) as issuer, documents.new_client() as client:
        began = time.monotonic()
        with pytest.raises(Unreachable):
            provider.reader(issuer=issuer, client=client).read(provider.header(iss=issuer))
        assert time.monotonic() - began < 3


def test_many_threads_at_the_beginning_read_the_keys_once(provider):
    reader, header, answers = provider.reader(), provider.header(), []
    start = threading.Barrier(8)

    def read():
        start.wait()
        answers.append(reader.read(header).subject)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert answers == ["ada"] * 8
    assert provider.asked == [METADATA, JWKS]
