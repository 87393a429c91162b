"""A token is no better than the sign-in behind it (RFC 9470), here at the UserInfo endpoint."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from idp.protocol.clients import service as clients
from idp.protocol.clients.metadata import ClientMetadata
from idp.protocol.errors import InsufficientUserAuthentication
from idp.protocol.grants.still_enough import check_grant
from idp.store.grants import Grant
from tests.app import NOON
from tests.machines.statements import overheard
from tests.protocol.parties import page_of, party, token_error
from tests.support.spec import spec

TOKEN_LIFETIME = timedelta(minutes=5)
GRANT = Grant(
    id="g",
    client_id="c",
    user_id="u",
    sid="s",
    scope=("openid",),
    claims={},
    consented=False,
    redirect_uri="https://app.example.test/callback",
    code_challenge=None,
    nonce=None,
    auth_time=NOON,
    acr="mfa",
    amr=("pwd", "otp"),
    opened_at=NOON,
    code_expires_at=NOON,
    idle_until=NOON,
    absolute_until=NOON,
)


def judged(minutes=0.0, *, acr="mfa", own_max_age=None, **demands):
    """What a grant's client is told after so many minutes; None when the grant is good enough."""
    own = {} if own_max_age is None else {"max_age": own_max_age}
    grant = replace(GRANT, acr=acr, claims=own)
    metadata = ClientMetadata(client_name="A", **demands)
    try:
        check_grant(grant, metadata, NOON + timedelta(minutes=minutes), TOKEN_LIFETIME)
    except InsufficientUserAuthentication as error:
        return error.acr, error.max_age
    return None


@spec("RFC 9470 §3")
@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        (judged(600), None),
        (judged(require_acr="mfa"), None),
        (judged(require_acr="sfa"), None),
        (judged(require_acr="phr"), ("phr", None)),
        (judged(acr="sfa", require_acr="mfa"), ("mfa", None)),
        (judged(10, default_max_age=600), None),
        (judged(10.1, default_max_age=600), (None, 600)),
        (judged(10.1, default_max_age=600, require_acr="sfa"), ("sfa", 600)),
        (judged(require_acr="phr", default_max_age=600), ("phr", 600)),
        (judged(5, default_max_age=0), None),
        (judged(5.1, default_max_age=0), (None, 0)),
        (judged(20, default_max_age=600, own_max_age=1200), None),
        (judged(21, default_max_age=600, own_max_age=1200), (None, 1200)),
        (judged(600, own_max_age=1), None),
    ],
)
def test_a_grant_is_measured_by_what_its_client_asks_for_now(told, wanted):
    assert told == wanted


@pytest.fixture
def signed_in(provider):
    """A client at which ada signed in by password, with its tokens; she has an authenticator."""
    ada = provider.add_user()
    rp = party(provider, first_party=True)
    tokens = rp.sign_in()
    return rp, tokens["access_token"], provider.add_totp(ada)


def change(provider, rp, **changes):
    with provider.context() as ctx:
        clients.change(ctx, rp.client_id, changes)


def demands(response):
    header = response.headers["WWW-Authenticate"]
    assert header.startswith("Bearer ")
    return dict(re.findall(r'(\w+)="([^"]*)"', header))


@spec("RFC 9470 §3", "RFC 9470 §4", "RFC 6750 §3")
def test_a_client_that_asks_for_more_by_now_is_told_what_and_gets_it(provider, signed_in):
    rp, token, secret = signed_in
    change(provider, rp, require_acr="mfa", default_max_age=600)

    response = rp.userinfo(token)

    assert token_error(response) == (401, "insufficient_user_authentication")
    said = demands(response)
    assert said.pop("error_description") == response.get_json()["error_description"]
    assert said == {
        "error": "insufficient_user_authentication",
        "acr_values": "mfa",
        "max_age": "600",
    }
    page = rp.authorize(acr_values=said["acr_values"], max_age=said["max_age"])
    assert page_of(page) == "login-code"
    answer = rp.answer(rp.submit(page, code=provider.code(secret)))
    better = rp.redeem(answer["code"]).get_json()["access_token"]
    assert rp.userinfo(better).status_code == 200
    assert rp.userinfo(token).status_code == 401


@spec("RFC 9470 §3")
def test_a_browser_app_reads_the_challenge_and_no_cache_keeps_it(provider, signed_in):
    rp, token, _ = signed_in
    change(provider, rp, require_acr="phr")

    response = rp.userinfo(token)

    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Expose-Headers"] == "WWW-Authenticate, DPoP-Nonce"
    assert response.headers["Cache-Control"] == "no-store"


def test_another_process_hears_of_it_within_the_time_of_its_copies(provider, sibling, signed_in):
    rp, token, _ = signed_in
    there = replace(rp, provider=sibling, browser=sibling.browser())
    assert there.userinfo(token).status_code == 200
    change(provider, rp, require_acr="mfa")

    provider.clock.forward(seconds=2)

    assert there.userinfo(token).status_code == 401


def test_the_question_takes_no_statement(provider, signed_in):
    rp, token, _ = signed_in
    rp.userinfo(token)

    with overheard(provider) as heard:
        assert rp.userinfo(token).status_code == 200

    assert len(heard.work) == 1
