"""Strangers guess at one instant while the owner signs in where she always does (I11)."""

import math
import time
from collections import Counter

import pytest
from sqlalchemy import select

from idp.credentials.throttle import ACCOUNT
from idp.store.schema import throttles
from tests.app import PASSWORD, Provider, RelyingParty, fields_of
from tests.machines.burst import burst, cookies_of, post
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

    began = time.monotonic()
    answers = burst(server.port, [*guesses[:half], own, *guesses[half:]])
    # However slow this machine is: whoever came when a wait was over was let in, and waits doubled.
    waits_over = int(math.log2(time.monotonic() - began + 1)) + 1

    assert answers[half].cookie(SESSION_COOKIE)
    others = Counter(each.status for each in [*answers[:half], *answers[half + 1 :]])
    assert others.keys() == {200, 429}
    assert ACCOUNT.free <= others[200] <= ACCOUNT.free + waits_over
    with provider.context() as ctx:
        counted = sorted(ctx.db.read(select(throttles.c.attempts)).scalars())
    # Of the account, and of the network; her own start anew with her success.
    assert counted[-2:] == [others[200], others[200]]
