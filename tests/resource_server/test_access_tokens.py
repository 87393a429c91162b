"""A token is believed when everything about it is proved (RFC 9068 §4, RFC 8725 §3)."""

from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.kernel.encoding import json_bytes
from idp.resource_server import AccessTokens, Challenge
from tests.app import ISSUER, NOON
from tests.resource_server.fake_provider import API, FakeProvider, key_named
from tests.support.spec import spec


@pytest.fixture
def provider():
    return FakeProvider()


def refusal(provider, header, **options):
    with pytest.raises(Challenge) as caught:
        provider.reader(**options).read(header)
    return caught.value


@spec("RFC 9068 §4")
@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "AT+JWT"])
def test_a_sound_token_is_read(provider, scheme, typ):
    claims = provider.reader().read(scheme + provider.token(typ))

    assert (claims.subject, claims.client_id, claims.acr) == ("ada", "app", "mfa")
    assert claims.scope == {"openid", "transfers"}
    assert claims.auth_time == NOON - timedelta(minutes=2)
    assert (claims.read_at, claims.expires_at) == (NOON, NOON + timedelta(minutes=5))
    assert claims.everything["jti"] == "j1"


@pytest.mark.parametrize(
    "said",
    [
        {"aud": [API, "https://other.example.test"]},
        {"aud": ["x", API]},
        {"iat": NOON.timestamp() + 0.5},
        {"nbf": int(NOON.timestamp()) + 9},
        {"exp": int(NOON.timestamp()) - 9},
        {"extra": {"deep": [1, 2]}},
    ],
)
def test_what_a_token_may_also_say(provider, said):
    assert provider.reader().read(provider.header(**said)).subject == "ada"


def test_a_clients_own_token_has_no_sign_in(provider):
    claims = provider.reader().read(provider.header(acr=None, auth_time=None, scope=None))

    assert (claims.acr, claims.auth_time, claims.scope) == (None, None, frozenset())


@spec("RFC 6750 §3.1")
@pytest.mark.parametrize("header", [None, "", "Basic YTpi", "Bearer", "Bearer ", "Bearerx y"])
def test_who_shows_nothing_is_told_the_scheme_and_no_more(provider, header):
    refused = refusal(provider, header)

    assert (refused.status, refused.header, refused.error) == (401, "Bearer", None)
    assert provider.asked == []


NOW = int(NOON.timestamp())
BAD_CLAIMS = [
    {"iss": "https://evil.example.test"},
    {"iss": ISSUER + "/"},
    {"iss": None},
    {"aud": ISSUER},
    {"aud": [ISSUER]},
    {"aud": []},
    {"aud": None},
    {"aud": {API: 1}},
    {"exp": NOW - 10},
    {"exp": None},
    {"exp": str(NOW + 300)},
    {"exp": True},
    {"exp": 1e300},
    {"exp": float("nan")},
    {"iat": NOW + 11},
    {"iat": None},
    {"nbf": NOW + 11},
    {"nbf": "soon"},
    {"sub": None},
    {"sub": ""},
    {"sub": 7},
    {"client_id": None},
    {"jti": None},
]


@spec("RFC 9068 §2.2", "RFC 9068 §4", "RFC 6750 §3.1")
@pytest.mark.parametrize("said", BAD_CLAIMS, ids=str)
def test_a_token_with_a_wrong_claim_is_not_valid(provider, said):
    refused = refusal(provider, provider.header(**said))

    assert (refused.status, refused.error) == (401, "invalid_token")
    assert refused.header.startswith('Bearer error="invalid_token", error_description="')


def unsigned(provider, **header):
    parts = (json_bytes(header), json_bytes(provider.claims()))
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


@spec("RFC 9068 §4", "RFC 8725 §3.1", "RFC 8725 §3.11")
@pytest.mark.parametrize(
    "forged",
    [
        lambda p: p.token("JWT"),
        lambda p: p.token("logout+jwt"),
        lambda p: p.token(key=key_named("k2")),
        lambda p: p.token(key=key_named("k1", "RS256")),
        lambda p: p.token()[:-4] + "AAAA",
        lambda p: p.token().replace(".", "", 1),
        lambda p: p.token() + "x" * 8192,
        lambda p: unsigned(p, typ="at+jwt", alg="none", kid="k1"),
        lambda p: unsigned(p, typ="at+jwt", alg="ES256"),
        lambda p: unsigned(p, typ="at+jwt", alg="ES256", kid=["k1"]),
        lambda p: unsigned(p, typ="at+jwt", alg="ES256", kid="k1", crit=["exp"]),
        lambda p: unsigned(p, alg="ES256", kid="k1"),
        lambda _: "nonsense",
        lambda _: "a.b.c",
        lambda _: "two words",
        lambda _: "täken",
    ],
)
def test_a_token_that_is_not_the_providers_is_not_valid(provider, forged):
    assert refusal(provider, f"Bearer {forged(provider)}").error == "invalid_token"


@spec("RFC 8725 §3.2")
def test_an_algorithm_that_is_not_allowed_is_refused_though_the_key_is_published(provider):
    assert refusal(provider, provider.header(), algorithms=("RS256",)).error == "invalid_token"


@spec("RFC 9068 §2.1")
@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "EdDSA"])
def test_other_algorithms_do_as_well(provider, algorithm):
    provider.keys.append(key_named("other", algorithm))

    assert provider.reader().read(provider.header(key=provider.keys[-1])).subject == "ada"


@pytest.mark.parametrize(
    "options",
    [
        {"issuer": "http://id.example.test"},
        {"issuer": "ftp://localhost"},
        {"issuer": "https://"},
        {"issuer": ""},
        {"algorithms": ()},
        {"algorithms": ("HS256",)},
        {"algorithms": ("none", "ES256")},
    ],
)
def test_what_could_never_be_safe_is_refused_at_once(options):
    with pytest.raises(ValueError, match=r"https|algorithms"):
        AccessTokens(**({"issuer": ISSUER, "audience": API} | options))


@pytest.mark.parametrize("issuer", [ISSUER, "http://localhost:8000", "http://127.0.0.1"])
def test_https_or_this_machine_will_do(issuer):
    AccessTokens(issuer=issuer, audience=API)


@given(st.text() | st.text().map(lambda text: f"Bearer {text}"))
def test_any_header_is_read_or_challenged(header):
    with pytest.raises(Challenge):
        FakeProvider().reader().read(header)
