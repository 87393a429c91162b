"""Tokens given back while a hundred others use them, at a real server (I3; RFC 7009 §2.1)."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.app import Provider, RelyingParty, claims_of
from tests.machines.burst import Answer, burst, get, post, send
from tests.machines.installation import relying_party
from tests.protocol.refreshing import BOTH
from tests.support.server import ProviderProcess
from tests.support.spec import spec

pytestmark = pytest.mark.xdist_group("revocation race")

Events = Callable[[], Counter[str]]
PARALLEL = 100


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    return relying_party(provider, grant_types=BOTH, first_party=True)


def refreshing(rp: RelyingParty, token: str) -> bytes:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return post("/token", form, **rp.basic())


def revoking(rp: RelyingParty, token: str) -> bytes:
    return post("/revoke", {"token": token}, **rp.basic())


def asking(rp: RelyingParty, token: str) -> bytes:
    return post("/introspect", {"token": token}, **rp.basic())


def userinfo(token: str) -> bytes:
    return get("/userinfo", Authorization=f"Bearer {token}")


def bought(answers: list[Answer], kind: str) -> set[str]:
    return {a.json()[kind] for a in answers if a.status == 200 and kind.encode() in a.body}


@spec("RFC 7009 §2.1", "RFC 9700 §4.14.2")
def test_after_a_revocation_nothing_of_the_family_is_accepted(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events: Events
):
    """Whoever refreshed before it has tokens that are worth nothing by now."""
    first = rp.sign_in()
    token = first["refresh_token"]
    requests = [refreshing(rp, token)] * PARALLEL
    requests[PARALLEL // 2 : PARALLEL // 2] = [revoking(rp, token)] * 3

    answers = burst(server.port, requests)

    # On a busy disk SQLite's queue of writers turns some away, with nothing done.
    assert {a.status for a in answers} <= {200, 400, 503}
    if not any(a.status == 200 for a in answers[PARALLEL // 2 : PARALLEL // 2 + 3]):
        assert send(server.port, revoking(rp, token)).status == 200
    access = {first["access_token"], *bought(answers, "access_token")}
    refresh = {token, *bought(answers, "refresh_token")}
    assert len(refresh) <= 2
    assert {a.status for a in burst(server.port, [userinfo(each) for each in access])} == {401}
    said = burst(server.port, [asking(rp, each) for each in access | refresh])
    assert [a.json() for a in said] == [{"active": False}] * len(said)
    later = burst(server.port, [refreshing(rp, each) for each in refresh])
    assert {(a.status, a.json()["error"]) for a in later} == {(400, "invalid_grant")}
    counted = events()
    assert (counted["grant.ended"], counted["refresh_token.reused"]) == (1, 0)


@spec("RFC 7009 §2.1", "RFC 7662 §2.2")
def test_once_a_revocation_has_answered_nobody_is_told_active(
    rp: RelyingParty, server: ProviderProcess, events: Events
):
    """Each round gives another token back, among many who ask about it."""
    for _ in range(5):
        token = rp.sign_in()["access_token"]
        requests = [*([asking(rp, token)] * 20), revoking(rp, token), *([userinfo(token)] * 20)]
        answers = burst(server.port, requests)
        assert {a.status for a in answers} <= {200, 401}

        assert send(server.port, asking(rp, token)).json() == {"active": False}
        assert send(server.port, userinfo(token)).status == 401
    assert events()["access_token.revoked"] == 5


@spec("RFC 7009 §2.2")
def test_one_token_given_back_many_times_at_once_is_recorded_once(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events: Events
):
    found = rp.sign_in()

    for kind in ("access_token", "refresh_token"):
        answers = burst(server.port, [revoking(rp, found[kind])] * 40)
        assert {a.status for a in answers} <= {200, 503}
        assert {a.body for a in answers if a.status == 200} == {b"{}"}

    counted = events()
    assert (counted["access_token.revoked"], counted["grant.ended"]) == (1, 1)
    jti = claims_of(found["access_token"])["jti"]
    recorded = [e.data["jti"] for e in provider.audit() if e.name == "access_token.revoked"]
    assert recorded.count(jti) == 1


def test_a_code_given_back_while_it_is_redeemed_buys_nothing_that_lasts(
    rp: RelyingParty, server: ProviderProcess
):
    for _ in range(5):
        code = rp.code()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": rp.redirect_uri,
            "code_verifier": "v" * 43,
        }
        redeeming = post("/token", form, **rp.basic())
        answers = burst(server.port, [redeeming, revoking(rp, code)])
        assert answers[1].status == 200

        tokens = bought(answers, "access_token") | bought(answers, "refresh_token")
        for token in tokens:
            assert send(server.port, asking(rp, token)).json() == {"active": False}
        assert send(server.port, redeeming).status == 400
