"""The authorization code: once, for one client, for a minute, while the session lives."""

import math
from collections import Counter

import pytest
from sqlalchemy import update

from idp.protocol.clients.service import delete
from idp.store.schema import sessions
from tests.app import CALLBACK, claims_of
from tests.protocol.parties import (
    disable,
    end_session,
    party,
    reasons,
    refused,
    session_of,
    token_error,
)
from tests.support.spec import spec

GRANT = (400, "invalid_grant")
ELSEWHERE = "https://app.example.test/elsewhere"


@spec("RFC 6749 §5.1", "OIDC Core §3.1.3.3")
def test_the_answer_is_json_that_nobody_keeps(rp):
    response = rp.redeem(rp.code())
    answer = response.get_json()

    assert response.status_code == 200
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 300
    assert type(answer["expires_in"]) is int


@spec("RFC 6749 §10.10")
def test_codes_have_more_entropy_than_anyone_can_guess(rp):
    rp.sign_in()
    codes = [rp.answer(rp.authorize())["code"] for _ in range(5)]

    assert len(set(codes)) == 5
    for code in codes:
        body = code.removeprefix("idp_ac_")
        shares = [n / len(body) for n in Counter(body).values()]
        assert -sum(p * math.log2(p) for p in shares) * len(body) > 256
    # Two codes have nothing in common but their prefix.
    assert sum(a == b for a, b in zip(codes[0], codes[1], strict=True)) < 7 + 20


@spec("RFC 6749 §4.1.2", "RFC 9700 §4.2.4", "OIDC Core §3.1.3.2")
def test_a_second_use_is_refused_and_voids_what_the_first_bought(provider, rp):
    code = rp.code()
    tokens = rp.redeem(code).get_json()
    assert rp.userinfo(tokens["access_token"]).status_code == 200

    assert token_error(rp.redeem(code)) == GRANT

    assert rp.userinfo(tokens["access_token"]).status_code == 401
    assert reasons(provider) == ["code_reused"]
    ended = [e.data["reason"] for e in provider.audit() if e.name == "grant.ended"]
    assert ended == ["code_reused"]


@spec("RFC 9700 §2.1.1")
@pytest.mark.parametrize("changed", [{"code_verifier": "w" * 43}, {"redirect_uri": ELSEWHERE}])
def test_a_used_code_that_was_found_somewhere_ends_nothing(provider, changed):
    """Codes stand in logs and histories; what they were asked for with does not."""
    provider.add_user()
    rp = party(provider, redirect_uris=(CALLBACK, ELSEWHERE), token_endpoint_auth_method="none")
    code = rp.code()
    tokens = rp.redeem(code).get_json()

    assert token_error(rp.redeem(code, **changed)) == GRANT

    assert rp.userinfo(tokens["access_token"]).status_code == 200
    assert token_error(rp.redeem(code)) == GRANT
    assert rp.userinfo(tokens["access_token"]).status_code == 401
    assert reasons(provider)[-1] == "code_reused"


@spec("RFC 6749 §4.1.2")
def test_a_used_code_stays_used(provider, rp):
    code = rp.code()
    assert rp.redeem(code).status_code == 200

    for _ in range(3):
        provider.clock.forward(seconds=30)
        assert token_error(rp.redeem(code)) == GRANT

    assert reasons(provider)[0] == "code_reused"
    assert "code" in rp.answer(rp.authorize(prompt="none"))


@spec("RFC 6749 §4.1.3", "OIDC Core §3.1.3.2")
def test_a_code_of_another_client_is_refused_and_not_burnt(provider, rp):
    other = party(provider, redirect_uris=(CALLBACK,))
    code = rp.code()

    assert token_error(other.redeem(code)) == GRANT

    assert reasons(provider) == ["other_client"]
    assert rp.redeem(code).status_code == 200


@spec("RFC 6749 §4.1.3")
def test_another_clients_use_of_a_spent_code_ends_nothing(provider, rp):
    other = party(provider)
    code = rp.code()
    tokens = rp.redeem(code).get_json()

    assert token_error(other.redeem(code)) == GRANT

    assert rp.userinfo(tokens["access_token"]).status_code == 200


@spec("RFC 6749 §4.1.3", "OIDC Core §3.1.3.2")
def test_another_redirect_uri_is_refused_and_burns_nothing(provider):
    provider.add_user()
    rp = party(provider, redirect_uris=(CALLBACK, CALLBACK + "/2"))
    code = rp.code()

    for uri in (CALLBACK + "/2", CALLBACK + "/", "https://evil.example"):
        assert token_error(rp.redeem(code, redirect_uri=uri)) == GRANT

    assert set(reasons(provider)) == {"redirect_uri_differs"}
    assert rp.redeem(code).status_code == 200


@spec("RFC 6749 §4.1.3", "RFC 6749 §5.2")
def test_what_is_missing_is_said_and_burns_nothing(rp):
    code = rp.code()

    assert token_error(rp.redeem(code, redirect_uri=None)) == (400, "invalid_request")
    assert token_error(rp.redeem("")) == (400, "invalid_request")
    assert token_error(rp.redeem(code, grant_type=None)) == (400, "invalid_request")
    assert token_error(rp.redeem(code, grant_type="password")) == (400, "unsupported_grant_type")
    assert rp.redeem(code).status_code == 200


@spec("RFC 6749 §4.1.2")
def test_a_code_lives_a_minute(provider, rp):
    young, old = rp.code(), rp.code()
    provider.clock.forward(seconds=59)
    assert rp.redeem(young).status_code == 200

    provider.clock.forward(seconds=1)

    assert token_error(rp.redeem(old)) == GRANT
    assert reasons(provider) == ["code_expired"]


def test_a_forged_code_is_refused_without_a_trace_of_why(provider, rp):
    code = rp.code()
    last = "A" if code[-1] != "A" else "Q"

    for forged in ("x", "idp_ac_", code[:-1] + last, code[:-1], code + "A", code.upper(), "\u00e9"):
        assert token_error(rp.redeem(forged)) == GRANT, forged

    assert reasons(provider) == [], "what anybody can make up does not fill the audit log"
    assert rp.redeem(code).status_code == 200


@spec("RFC 6749 §5.2")
def test_the_client_never_learns_why(provider, rp):
    other = party(provider)
    texts = set()
    for spoil in ("verifier", "client", "reuse", "expiry", "session", "forged"):
        code = rp.code(prompt="login consent")
        if spoil == "verifier":
            response = rp.redeem(code, code_verifier="w" * 43)
        elif spoil == "client":
            response = other.redeem(code)
        elif spoil == "forged":
            response = rp.redeem(code + "A")
        else:
            if spoil == "reuse":
                rp.redeem(code)
            elif spoil == "expiry":
                provider.clock.forward(seconds=61)
            else:
                end_session(provider, session_of(provider))
            response = rp.redeem(code)
        assert token_error(response) == GRANT
        texts.add(response.get_data())

    assert len(texts) == 1
    assert len(set(reasons(provider))) == 5, "all but the forged one, which nobody was granted"


@pytest.mark.parametrize("how", ["ended", "idle", "disabled"])
def test_a_session_that_is_over_takes_its_codes_and_tokens_along(provider, rp, how):
    tokens = rp.sign_in()
    code = rp.answer(rp.authorize(prompt="none"))["code"]
    if how == "ended":
        end_session(provider, session_of(provider))
    elif how == "disabled":
        disable(provider, claims_of(tokens["id_token"])["sub"])
    else:
        provider.clock.forward(seconds=50)
        with provider.context() as ctx:
            ctx.db.write(update(sessions).values(idle_until=ctx.now))

    assert token_error(rp.redeem(code)) == GRANT
    assert rp.userinfo(tokens["access_token"]).status_code == 401
    why = {"idle": "session_idle_too_long", "disabled": "user_disabled"}
    assert len(reasons(provider)) == 1
    assert reasons(provider)[0].startswith(why.get(how, "session_ended:"))


def test_a_client_that_is_gone_takes_its_codes_and_tokens_along(provider, rp):
    tokens = rp.sign_in()
    code = rp.answer(rp.authorize(prompt="none"))["code"]

    with provider.context() as ctx:
        delete(ctx, rp.client_id)

    assert token_error(rp.redeem(code)) == (401, "invalid_client")
    assert rp.userinfo(tokens["access_token"]).status_code == 401


@spec("OIDC Core §3.1.3.3")
def test_without_openid_there_is_no_id_token(rp):
    assert "id_token" not in rp.sign_in(scope="profile")


def test_every_redemption_is_in_the_audit_log_with_its_session(provider, rp):
    rp.sign_in()

    opened, redeemed = [e for e in provider.audit() if e.name in ("grant.opened", "grant.redeemed")]
    assert opened.sid == redeemed.sid == session_of(provider)
    assert opened.client_id == redeemed.client_id == rp.client_id
    assert opened.data["grant_id"] == redeemed.data["grant_id"]


@spec("RFC 6749 §4.1.2.1")
def test_no_code_stands_beside_an_error(rp):
    rp.sign_in()
    response = rp.authorize(prompt="none", max_age="0", response_type="token")

    assert refused(rp, response) == "unsupported_response_type"
    assert "code" not in rp.answer(response)
