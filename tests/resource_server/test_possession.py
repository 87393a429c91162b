"""A token that is bound to a key is worth nothing without the key (RFC 9449 §7)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.resource_server import AccessTokens, Challenge, HttpRequest, ReplayMemory, require
from tests.app import NOON
from tests.bad_input.strategies import examples
from tests.resource_server.fake_provider import API, FakeProvider
from tests.support.dpop import Holder, new_key
from tests.support.spec import spec

URL = f"{API}/accounts"
HOLDER = Holder()
ALGS = 'DPoP algs="ES256 PS256 EdDSA Ed25519"'


@pytest.fixture
def provider():
    return FakeProvider()


@pytest.fixture
def reader(provider) -> AccessTokens:
    return provider.reader()


def bound(provider, holder=HOLDER, **claims):
    return provider.token(**({"cnf": {"jkt": holder.jkt}} | claims))


def request_with(*proofs, method="GET", url=URL):
    return HttpRequest(method=method, url=url, proofs=proofs)


def proof_for(token, holder=HOLDER, **said):
    return holder.proof("GET", URL, access_token=token, **said)


def refusal(reader, header, request=None):
    with pytest.raises(Challenge) as caught:
        reader.read(header, request)
    return caught.value


def assert_challenges(refused, error):
    """The error stands with the scheme that was used; the other one would do as well."""
    assert (refused.status, refused.error) == (401, error)
    assert re.match(rf'DPoP error="{error}", error_description="[^"]+", algs="', refused.header)
    assert refused.header.endswith(", Bearer")


@spec("RFC 9449 §7.1")
@pytest.mark.parametrize("scheme", ["DPoP", "dpop", "DPOP"])
def test_the_holder_of_the_key_is_let_in(provider, reader, scheme):
    token = bound(provider)

    claims = reader.read(f"{scheme} {token}", request_with(proof_for(token)))

    assert (claims.subject, claims.jkt) == ("ada", HOLDER.jkt)


def test_a_bearer_token_is_read_as_before_where_proofs_are_taken(provider, reader):
    assert reader.read(provider.header(), request_with()).jkt is None
    assert reader.read(provider.header(), request_with(HOLDER.proof())).jkt is None


@spec("RFC 9449 §7.2")
def test_a_bound_token_is_no_bearer_token(provider, reader):
    token = bound(provider)

    plain = refusal(reader, f"Bearer {token}")
    shown = refusal(reader, f"Bearer {token}", request_with(proof_for(token)))

    assert plain.error == shown.error == "invalid_token"
    assert plain.header.startswith('Bearer error="invalid_token"')
    assert "DPoP" not in plain.header
    assert shown.header == f"{plain.header}, {ALGS}"


@spec("RFC 9449 §7.1")
def test_a_bearer_token_does_not_pass_as_a_bound_one(provider, reader):
    token = provider.token()

    assert_challenges(
        refusal(reader, f"DPoP {token}", request_with(proof_for(token))), "invalid_token"
    )


@spec("RFC 7800 §3.1", "RFC 8705 §3.1")
@pytest.mark.parametrize("cnf", [{}, {"x5t#S256": "x"}, {"jkt": 7}, "jkt", [], {"jwk": {}}, 1])
@pytest.mark.parametrize("scheme", ["Bearer", "DPoP"])
def test_a_token_bound_to_what_we_cannot_ask_for_is_refused(provider, reader, cnf, scheme):
    token = provider.token(cnf=cnf)

    refused = refusal(reader, f"{scheme} {token}", request_with(proof_for(token)))

    assert refused.error == "invalid_token"


@spec("RFC 9449 §7.2")
def test_who_shows_nothing_reads_which_schemes_there_are(provider, reader):
    for header in (None, "Basic YTpi", "Bearer", "Bearer "):
        assert refusal(reader, header, request_with()).header == f"Bearer, {ALGS}"
    assert refusal(reader, "DPoP ", request_with()).header == f"{ALGS}, Bearer"
    token = bound(provider)
    assert refusal(reader, f"DPoP {token}").header == "Bearer"


@spec("RFC 9449 §4.3", "RFC 9449 §7.1")
def test_a_proof_of_something_else_lets_nobody_in(provider, reader):
    token = bound(provider)
    proofs = {
        "none": [],
        "two": [proof_for(token), proof_for(token)],
        "no ath": [HOLDER.proof("GET", URL)],
        "another token's": [proof_for(bound(provider, jti="j2"))],
        "another method's": [HOLDER.proof("POST", URL, access_token=token)],
        "another URL's": [HOLDER.proof("GET", f"{URL}/7", access_token=token)],
        "an old one": [proof_for(token, now=NOON - timedelta(minutes=2))],
        "garbage": ["garbage"],
    }
    for what, shown in proofs.items():
        refused = refusal(reader, f"DPoP {token}", request_with(*shown))
        assert refused.error == "invalid_dpop_proof", what
        assert_challenges(refused, "invalid_dpop_proof")


@spec("RFC 9449 §7.1")
def test_the_proof_of_another_key_lets_nobody_in(provider, reader):
    token = bound(provider)
    thief = Holder(new_key("thief"))

    refused = refusal(reader, f"DPoP {token}", request_with(proof_for(token, thief)))

    assert_challenges(refused, "invalid_token")


@spec("RFC 9449 §11.1")
def test_a_proof_is_good_once(provider, reader):
    token = bound(provider)
    header, request = f"DPoP {token}", request_with(proof_for(token))
    reader.read(header, request)

    for seconds in (0, 30, 29):
        provider.clock.forward(seconds=seconds)
        assert_challenges(refusal(reader, header, request), "invalid_dpop_proof")


def test_a_proof_that_was_refused_is_not_remembered(provider, reader):
    token, other = bound(provider), bound(provider, Holder(new_key("other")))
    request = request_with(proof_for(token))
    refusal(reader, f"DPoP {other}", request)

    assert reader.read(f"DPoP {token}", request).jkt == HOLDER.jkt


def test_an_api_of_several_processes_brings_a_memory_of_its_own(provider):
    class Shared(set):
        def burn(self, key, *, until, now):
            assert now < until
            first = key not in self
            self.add(key)
            return first

    replays = Shared()
    token = bound(provider)
    request = request_with(proof_for(token))
    provider.reader(replays=replays).read(f"DPoP {token}", request)

    assert len(replays) == 1
    assert refusal(provider.reader(replays=replays), f"DPoP {token}", request)


@spec("RFC 9449 §7.1", "RFC 9470 §3")
def test_what_a_bound_token_lacks_is_said_under_its_scheme(provider, reader):
    token = bound(provider)
    claims = reader.read(f"DPoP {token}", request_with(proof_for(token)))

    for demands in ({"scope": "admin"}, {"acr": "phrh"}):
        with pytest.raises(Challenge) as caught:
            require(claims, **demands)
        assert caught.value.header.startswith('DPoP error="insufficient_')


def burnt(memory, key, now):
    return memory.burn(key, until=now + timedelta(seconds=60), now=now)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 120)), max_size=30))
@examples(100)
def test_the_memory_forgets_nothing_that_is_still_good(steps):
    memory, now, seen = ReplayMemory(), NOON, {}
    for key, seconds in steps:
        now += timedelta(seconds=seconds)
        first = burnt(memory, bytes([key]), now)
        if key in seen and now - seen[key] <= timedelta(seconds=75):
            assert not first
        if first:
            seen[key] = now


def test_the_memory_is_bounded_and_full_it_refuses_until_there_is_room():
    memory = ReplayMemory(capacity=3)
    later = NOON + timedelta(minutes=4)

    assert [burnt(memory, bytes([number]), NOON) for number in range(5)] == [True] * 3 + [False] * 2
    assert not burnt(memory, bytes([0]), NOON)
    assert burnt(memory, bytes([0]), later)


def test_of_parallel_uses_of_one_proof_one_is_first():
    memory = ReplayMemory()
    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(lambda number: burnt(memory, bytes([number % 5]), NOON), range(200)))

    assert won.count(True) == 5
