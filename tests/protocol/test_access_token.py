"""Access tokens: JWTs by RFC 9068, for five minutes."""

import math
from collections import Counter

from tests.app import ISSUER, claims_of, header_of
from tests.protocol.parties import session_of, token_error, verified
from tests.support.spec import spec


@spec("RFC 9068 §2.1", "RFC 9068 §2.2", "RFC 9068 §2.2.1", "RFC 9470 §6.1")
def test_it_says_who_for_whom_and_how_long(provider, rp):
    tokens = rp.sign_in(scope="openid email")
    claims = verified(provider, tokens["access_token"], "ES256").claims
    now = int(provider.clock.now.timestamp())

    assert header_of(tokens["access_token"])["typ"] == "at+jwt"
    assert claims == {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": claims_of(tokens["id_token"])["sub"],
        "client_id": rp.client_id,
        "iat": now,
        "exp": now + 300,
        "jti": claims["jti"],
        "scope": "openid email",
        "auth_time": now,
        "acr": "sfa",
        "amr": ["pwd"],
        "sid": session_of(provider),
    }


@spec("RFC 9068 §2.2", "RFC 6749 §10.10")
def test_no_two_are_alike_and_none_can_be_guessed(rp):
    rp.sign_in()
    tokens = [
        rp.redeem(rp.answer(rp.authorize())["code"]).get_json()["access_token"] for _ in range(3)
    ]

    assert len({claims_of(token)["jti"] for token in tokens}) == 3
    for token in tokens:
        shares = [n / len(token) for n in Counter(token).values()]
        assert -sum(p * math.log2(p) for p in shares) * len(token) > 128


@spec("RFC 6750 §3.1", "RFC 9068 §4")
def test_it_is_refused_when_it_has_expired(provider, rp):
    token = rp.sign_in()["access_token"]
    provider.clock.forward(seconds=299)
    assert rp.userinfo(token).status_code == 200

    provider.clock.forward(seconds=1)

    assert token_error(rp.userinfo(token)) == (401, "invalid_token")


@spec("RFC 9068 §4", "RFC 6750 §3.1")
def test_what_we_did_not_sign_is_refused(rp):
    token = rp.sign_in()["access_token"]
    head, body, signature = token.split(".")

    for forged in (
        "x",
        "x.y.z",
        f"{head}.{body}.",
        f"{head}.{body}.{signature[::-1]}",
        f"eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{body}.",
        f"{head}.{body[::-1]}.{signature}",
        token + "A",
        "a" * 9000,
        "\u00e9",
    ):
        assert token_error(rp.userinfo(forged)) == (401, "invalid_token"), forged
