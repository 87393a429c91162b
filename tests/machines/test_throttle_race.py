"""Strangers guess at one instant while the owner signs in where she always does (I11)."""

import pytest
from sqlalchemy import select

from idp.credentials.throttle import ACCOUNT
from idp.store.schema import throttles
from tests.app import PASSWORD, Provider, RelyingParty, fields_of
from tests.machines.burst import Answer, burst, cookies_of, post
from tests.machines.installation import relying_party
from tests.support.server import ProviderProcess
from tests.support.spec import spec

pytestmark = pytest.mark.xdist_group("throttle race")

STRANGERS = 40
SESSION_COOKIE = "__Host-idp_session"


def attempt(rp: RelyingParty, password: str) -> bytes:
    """Return the form of a sign-in, filled in."""
    fields = fields_of(rp.authorize()) | {"action": "sign_in"}
    sent = fields | {"identifier": "ada", "password": password}
    return post("/login", sent, cookies=cookies_of(rp.browser))


def statuses(answers: list[Answer]) -> list[int]:
    """Return how they were answered, the most welcome first."""
    return sorted(answer.status for answer in answers)


@spec("NIST SP 800-63B-4 §3.2.2", "ASVS 6.3.1")
def test_no_failure_is_lost_and_a_known_device_signs_in_among_them(
    rp: RelyingParty, provider: Provider, server: ProviderProcess
):
    rp.log_in(rp.authorize())
    rp.browser.delete_cookie(SESSION_COOKIE, domain="id.example.test")
    strangers = [
        RelyingParty(provider, rp.registered, provider.browser()) for _ in range(STRANGERS)
    ]
    guesses = [attempt(each, "wrong") for each in strangers]
    own = attempt(rp, PASSWORD)
    half = STRANGERS // 2

    answers = burst(server.port, [*guesses[:half], own, *guesses[half:]])

    assert answers[half].cookie(SESSION_COOKIE)
    others = [*answers[:half], *answers[half + 1 :]]
    assert statuses(others) == [200] * ACCOUNT.free + [429] * (STRANGERS - ACCOUNT.free)
    with provider.context() as ctx:
        counted = sorted(ctx.db.read(select(throttles.c.attempts)).scalars())
    # Of the account, and of the network; her own start anew with her success.
    assert counted[-2:] == [ACCOUNT.free, ACCOUNT.free]


@spec("ASVS 6.3.1")
def test_a_stranger_with_the_right_password_waits_and_the_known_device_does_not(
    rp: RelyingParty, provider: Provider, server: ProviderProcess
):
    rp.log_in(rp.authorize())
    rp.browser.delete_cookie(SESSION_COOKIE, domain="id.example.test")
    party = relying_party(provider)
    browsers = [RelyingParty(provider, party.registered, provider.browser()) for _ in range(12)]
    burst(server.port, [attempt(each, "wrong") for each in browsers])

    late, own = burst(server.port, [attempt(browsers[0], PASSWORD), attempt(rp, PASSWORD)])

    assert (late.status, late.cookie(SESSION_COOKIE)) == (429, "")
    assert own.cookie(SESSION_COOKIE)
