"""Nonces of ours in proofs, so that none can be made ahead (RFC 9449 §8, §9)."""

import pytest

from idp.protocol.dpop import NONCE_STRETCH
from tests.app import RelyingParty
from tests.protocol.parties import party, token_error
from tests.support.dpop import USERINFO, Holder
from tests.support.spec import spec

HOLDER = Holder()
STRETCH = NONCE_STRETCH.total_seconds()


@pytest.fixture
def provider(provider_with):
    return provider_with(dpop_nonces=True)


@pytest.fixture
def rp(provider) -> RelyingParty:
    return party(
        provider, grant_types=("authorization_code", "client_credentials"), scope=("openid", "api")
    )


def token(rp: RelyingParty, nonce: str | None = None, **said):
    proof = HOLDER.proof(nonce=nonce, now=rp.provider.clock.now, **said)
    return rp.token(proof, grant_type="client_credentials")


@spec("RFC 9449 §8", "RFC 9449 §8.1")
def test_a_proof_without_a_nonce_is_sent_back_with_one(rp):
    refused = token(rp)

    assert token_error(refused) == (400, "use_dpop_nonce")
    assert "DPoP-Nonce" in refused.headers["Access-Control-Expose-Headers"]
    accepted = token(rp, refused.headers["DPoP-Nonce"])
    assert accepted.status_code == 200
    assert "DPoP-Nonce" not in accepted.headers


@spec("RFC 9449 §8.2")
def test_a_nonce_is_replaced_before_it_is_refused(provider, rp):
    first = token(rp).headers["DPoP-Nonce"]

    provider.clock.forward(seconds=STRETCH)
    accepted = token(rp, first)
    assert accepted.status_code == 200
    second = accepted.headers["DPoP-Nonce"]
    assert second != first

    provider.clock.forward(seconds=STRETCH)
    refused = token(rp, first)
    assert token_error(refused) == (400, "use_dpop_nonce")
    assert token(rp, second).status_code == 200
    assert token(rp, refused.headers["DPoP-Nonce"]).status_code == 200


@spec("RFC 9449 §8")
@pytest.mark.parametrize("nonce", ["x", "x" * 22, "x" * 256, "ü"])
def test_a_nonce_that_we_never_gave_is_refused(rp, nonce):
    assert token_error(token(rp, nonce)) == (400, "use_dpop_nonce")


def test_a_machine_whose_clock_is_behind_takes_the_nonce_of_the_other(provider, rp, sibling):
    behind = RelyingParty(sibling, rp.registered, sibling.browser())
    nonce = token(rp).headers["DPoP-Nonce"]
    provider.clock.forward(seconds=-2)

    assert token(behind, nonce).status_code == 200


def test_a_proof_that_lacks_its_nonce_is_not_used_up_nor_is_the_code(provider, rp):
    provider.add_user()
    code = rp.code()
    refused = rp.redeem(code, HOLDER.proof(jti="the same", now=provider.clock.now))
    assert token_error(refused) == (400, "use_dpop_nonce")

    nonce = refused.headers["DPoP-Nonce"]
    proof = HOLDER.proof(jti="the same", nonce=nonce, now=provider.clock.now)
    assert rp.redeem(code, proof).status_code == 200


def test_who_sends_no_proof_needs_no_nonce(rp):
    assert rp.token(grant_type="client_credentials").get_json()["token_type"] == "Bearer"


@spec("RFC 9449 §9")
def test_our_resource_asks_for_one_as_a_resource_does(provider, rp):
    provider.add_user()
    nonce = token(rp).headers["DPoP-Nonce"]
    proof = HOLDER.proof(nonce=nonce, now=provider.clock.now)
    access = rp.redeem(rp.code(), proof).get_json()["access_token"]

    def ask(nonce):
        said = HOLDER.proof(
            "GET", USERINFO, access_token=access, nonce=nonce, now=provider.clock.now
        )
        return rp.userinfo(access, said, scheme="DPoP")

    refused = ask(None)
    assert token_error(refused) == (401, "use_dpop_nonce")
    assert refused.headers["WWW-Authenticate"].startswith('DPoP error="use_dpop_nonce"')
    assert ask(refused.headers["DPoP-Nonce"]).status_code == 200
    provider.clock.forward(seconds=STRETCH)
    assert ask(nonce).headers["DPoP-Nonce"] not in ("", nonce)


@spec("RFC 9449 §8")
def test_where_none_is_demanded_one_that_is_sent_must_be_good(provider_with):
    relaxed = provider_with()
    here = party(relaxed, grant_types=("client_credentials",), scope=("api",), redirect_uris=())

    assert token(here).status_code == 200
    refused = token(here, "never given")
    assert token_error(refused) == (400, "use_dpop_nonce")
    assert token(here, refused.headers["DPoP-Nonce"]).status_code == 200
