"""Who may take things back, how often, and how it is told."""

from datetime import timedelta

import pytest

from idp.protocol.clients import service as clients
from idp.protocol.keys import service as keys
from idp.protocol.tokens import access
from idp.protocol.tokens.access import Shape
from tests.admin.world import (
    BOTH,
    GLOBAL,
    MACHINE,
    REASON,
    REVOCATIONS,
    SCOPE,
    Admin,
    an_admin,
    own_token,
    sign_in,
)
from tests.app import ISSUER, Provider, claims_of, make_provider
from tests.protocol.parties import party, token_error
from tests.support.dpop import Holder
from tests.support.spec import spec

NOTHING = {"sid": "nobody", "reason": REASON}
FORBIDDEN, UNKNOWN = (403, "insufficient_scope"), (401, "invalid_token")


def made(provider: Provider, admin: Admin, **changed) -> str:
    """A token that we would not issue like that."""
    traits = {"scope": (SCOPE,), "audience": (), "subject": admin.rp.client_id}
    shape = Shape(opaque=False, algorithm="ES256", lifetime=timedelta(minutes=5))
    with provider.context() as ctx:
        ring = keys.keyring(ctx)
        client_id = admin.rp.client_id
        return access.issue(ctx, ring, shape, client_id=client_id, **(traits | changed)).token


def refusal(admin: Admin, token: str) -> tuple[int, str]:
    """What the holder of a token is told, at both endpoints alike."""
    admin.token = token
    first, second = admin.post(NOTHING), admin.post({"sub_id": {}}, GLOBAL)
    assert token_error(first) == token_error(second)
    challenge = first.headers["WWW-Authenticate"]
    assert challenge.startswith("Bearer error=")
    assert ('scope="idp:tokens.revoke"' in challenge) is (first.status_code == 403)
    return token_error(first)


@spec("RFC 6750 §3", "RFC 6750 §3.1")
def test_who_shows_no_token_is_told_what_to_show(provider, admin):
    for path in (REVOCATIONS, GLOBAL):
        client = provider.app.test_client()
        response = client.post(path, json=NOTHING, base_url=ISSUER)

        assert response.status_code == 401
        bearer, dpop = response.headers.getlist("WWW-Authenticate")
        assert bearer == "Bearer"
        assert dpop.startswith("DPoP algs=")


@spec("RFC 6750 §3.1")
def test_a_token_without_the_scope_is_not_enough(provider, admin):
    assert refusal(admin, own_token(admin.rp, "api")) == FORBIDDEN


@spec("RFC 6749 §3.3")
def test_no_user_can_hand_the_power_on(provider, admin):
    provider.add_user()
    rp = party(provider, grant_types=BOTH, scope=("openid", SCOPE))
    tokens = sign_in(rp, "ada", scope=f"openid {SCOPE}")

    assert tokens["scope"] == "openid"
    assert refusal(admin, tokens["access_token"]) == FORBIDDEN
    grant_id = claims_of(tokens["access_token"])["jti"].partition(".")[0]
    assert refusal(admin, made(provider, admin, grant_id=grant_id)) == FORBIDDEN


@spec("RFC 9068 §4", "RFC 6750 §3.1")
def test_what_is_no_live_token_for_us_is_unknown(provider, admin):
    assert refusal(admin, made(provider, admin, audience=("https://api.test",))) == UNKNOWN
    assert refusal(admin, made(provider, admin, jkt="A" * 43)) == UNKNOWN
    assert refusal(admin, "idp_at_" + "A" * 60) == UNKNOWN
    assert refusal(admin, own_token(admin.rp)[:-2]) == UNKNOWN
    token = own_token(admin.rp)
    provider.clock.forward(minutes=6)
    assert refusal(admin, token) == UNKNOWN


def test_an_opaque_token_of_ours_is_as_good(provider):
    admin = an_admin(provider, access_token_format="opaque")

    assert admin.token.startswith("idp_at_")
    assert admin.revoke(sid="nobody")["found"] is False


@spec("RFC 7009 §2.1")
def test_a_token_that_was_taken_back_takes_nothing_back(provider, admin):
    other = own_token(admin.rp)

    assert admin.revoke(token=admin.token)["tokens"] == 1

    assert refusal(admin, admin.token) == UNKNOWN
    admin.token = other
    assert admin.revoke(sid="nobody")


@spec("RFC 9449 §7.1", "RFC 9449 §7.2")
def test_a_token_that_is_bound_to_a_key_takes_the_key(provider):
    holder, url = Holder(), ISSUER + REVOCATIONS
    rp = party(provider, **MACHINE)
    proof = holder.proof(now=provider.clock.now)
    answer = rp.token(proof, grant_type="client_credentials", scope=SCOPE).get_json()
    admin = Admin(provider, rp, answer["access_token"])
    token = admin.token
    proof = holder.proof("POST", url, access_token=token, now=provider.clock.now)

    assert admin.post(NOTHING).status_code == 401
    shown = {"Authorization": f"DPoP {token}", "DPoP": proof}
    assert admin.post(NOTHING, **shown).status_code == 200
    assert admin.post(NOTHING, **shown).status_code == 401


def test_a_disabled_or_removed_client_takes_nothing_back(provider, admin):
    other = an_admin(provider)
    with provider.context() as ctx:
        clients.disable(ctx, admin.rp.client_id)
        clients.delete(ctx, other.rp.client_id)

    assert refusal(admin, admin.token) == UNKNOWN
    assert refusal(other, other.token) == UNKNOWN


def test_a_client_that_lost_the_scope_takes_nothing_back_by_a_token_of_before(provider, admin):
    with provider.context() as ctx:
        clients.change(ctx, admin.rp.client_id, {"scope": ("api",)})

    assert refusal(admin, admin.token) == FORBIDDEN


def test_whoever_takes_back_its_own_gets_the_answer_and_can_go_on(provider, admin):
    answer = admin.revoke(client_id=admin.rp.client_id)

    assert answer["ids"]["clients"] == [admin.rp.client_id]
    assert refusal(admin, admin.token) == UNKNOWN
    provider.clock.forward(seconds=1)
    admin.token = own_token(admin.rp)
    assert admin.revoke(issued_before=provider.clock.now.isoformat())["clients"] == 1


@spec("RFC 6585 §4")
def test_a_client_asks_so_often_in_a_minute(database_url, tmp_path):
    provider = make_provider(database_url, tmp_path, revocations_per_minute=3)
    admin, other = an_admin(provider), an_admin(provider)
    provider.clock.forward(seconds=20)
    for body in (NOTHING, {}, NOTHING):
        assert admin.post(body).status_code in (200, 400)

    late = admin.post(NOTHING)

    assert token_error(late) == (429, "temporarily_unavailable")
    assert late.headers["Retry-After"] == "40"
    assert other.post(NOTHING).status_code == 200
    provider.clock.forward(seconds=40)
    assert admin.post(NOTHING).status_code == 200


def test_it_is_told_who_took_what_back_and_why(provider, admin):
    provider.add_user()
    rp = party(provider, grant_types=BOTH, scope=("openid", "offline_access"))
    sign_in(rp, "ada")
    before = len(provider.audit())

    admin.revoke(user="ada")

    *ended, told = provider.audit()[before:]
    assert [e.name for e in ended] == ["session.ended", "grant.ended"]
    assert {e.data["reason"] for e in ended} == {f"admin:{REASON}"}
    assert {e.actor for e in (*ended, told)} == {f"client:{admin.rp.client_id}"}
    assert told.name == "tokens.revoked"
    assert told.user_id == ended[0].user_id
    assert told.data == {
        "reason": REASON,
        "selector": {"user": "ada"},
        "sessions": 1,
        "grants": 1,
        "tokens": 0,
        "clients": 0,
    }


def test_no_token_stands_in_what_is_told(provider, admin):
    token = own_token(admin.rp)

    admin.revoke(token=token)
    admin.revoke(token="not-one-of-ours")

    told = [e.data["selector"] for e in provider.audit() if e.name == "tokens.revoked"]
    assert told == [{"token": "access_token"}, {"token": "unknown"}]
    assert token not in str([tuple(e) for e in provider.audit()])


@pytest.mark.parametrize("path", [REVOCATIONS, GLOBAL])
def test_other_methods_are_refused_in_json(provider, path):
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        response = provider.app.test_client().open(path, method=method, base_url=ISSUER)
        assert response.status_code == 405
        assert response.content_type == "application/json"
