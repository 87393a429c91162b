"""Proof Key for Code Exchange: S256, offered to all, demanded where it must be."""

import pytest

from idp.kernel.encoding import b64url
from idp.protocol.pkce import challenge_of
from tests.app import CHALLENGE, VERIFIER
from tests.protocol.parties import party, reasons, refused, token_error
from tests.support.spec import spec

NO_PKCE = {"code_challenge": None, "code_challenge_method": None}


@spec("RFC 7636 §4.6")
def test_the_challenge_is_the_one_of_the_rfc():
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@spec("OIDC Core §3.1.2.1", "RFC 9700 §2.1.1")
def test_a_confidential_client_may_do_without(rp):
    code = rp.code(**NO_PKCE)

    assert rp.redeem(code, code_verifier=None).status_code == 200


@spec("RFC 7636 §4.4", "RFC 7636 §4.6")
def test_a_confidential_client_may_use_it(rp):
    assert rp.redeem(rp.code()).status_code == 200


@spec("RFC 7636 §4.4.1", "RFC 9700 §2.1.1", "RFC 8252 §8.1")
def test_a_public_client_must_use_it(provider):
    provider.add_user()
    rp = party(provider, token_endpoint_auth_method="none")

    assert refused(rp, rp.authorize(**NO_PKCE)) == "invalid_request"
    assert rp.sign_in()["access_token"]


@spec("OAuth 2.1 §4.1.1")
def test_a_client_of_the_stricter_profile_must_use_it(provider):
    provider.add_user()
    rp = party(provider, profile="oauth21")

    assert refused(rp, rp.authorize(**NO_PKCE)) == "invalid_request"
    assert rp.sign_in()["access_token"]


@spec("RFC 7636 §4.4.1", "RFC 9700 §2.1.1")
def test_plain_and_malformed_challenges_are_refused(rp):
    for changed in (
        {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge_method": "s256"},
        {"code_challenge": None},
        {"code_challenge": CHALLENGE + "="},
        {"code_challenge": CHALLENGE[:-1]},
        {"code_challenge": CHALLENGE + "A"},
        {"code_challenge": CHALLENGE[:-1] + "\u00e9"},
    ):
        assert refused(rp, rp.authorize(**changed)) == "invalid_request", changed


@spec("RFC 7636 §4.6", "RFC 9700 §4.8.2")
@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({}, {"code_verifier": "w" * 43}),
        ({}, {"code_verifier": None}),
        ({}, {"code_verifier": CHALLENGE}),
        (NO_PKCE, {"code_verifier": VERIFIER}),
    ],
    ids=["wrong", "missing", "the challenge itself", "unsolicited"],
)
def test_a_verifier_that_does_not_fit_is_refused_and_burns_nothing(provider, rp, asked, sent):
    code = rp.code(**asked)

    assert token_error(rp.redeem(code, **sent)) == (400, "invalid_grant")

    assert reasons(provider) == ["code_verifier_differs"]
    right = {"code_verifier": None} if asked else {}
    assert rp.redeem(code, **right).status_code == 200


@spec("RFC 7636 §4.1")
def test_a_verifier_of_another_form_is_refused_and_burns_nothing(rp):
    code = rp.code()

    for verifier in ("v" * 42, "v" * 129, "v" * 42 + "!", "v" * 42 + "\u00e9"):
        assert token_error(rp.redeem(code, code_verifier=verifier)) == (400, "invalid_request")

    assert rp.redeem(code).status_code == 200


@spec("RFC 7636 §4.1")
def test_every_form_of_verifier_is_taken():
    for verifier in ("~" * 43, "A-._~" * 25 + "zzz"):
        assert len(challenge_of(verifier)) == 43
    assert challenge_of(None) is None
    assert b64url(b"\xff") == "_w"
