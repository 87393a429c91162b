"""Many requests of one browser at the instant when its cookies take another turn (I4, I5).

All of them are the honest owner's, however they come: none may be asked for anything. Of those that
come with what was left behind before, the first one stops the session, and it is stopped once.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import update

from idp.policy.turns import EVERY, SETTLES
from idp.sessions import service as session_service
from idp.store import sessions as rows
from idp.store.schema import sessions
from idp.store.sessions import Session
from tests.app import Provider, RelyingParty
from tests.machines.burst import Answer, burst, get
from tests.machines.installation import relying_party
from tests.machines.test_challenge_race import said
from tests.support.server import ProviderProcess

pytestmark = pytest.mark.xdist_group("turn race")

SESSION, TURN = "__Host-idp_session", "__Host-idp_turn"
AT_ONCE = 24
LONG_AGO = EVERY + timedelta(minutes=1)


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    """A client of the house, which asks nobody for consent."""
    return relying_party(provider, first_party=True)


def signed_in(provider: Provider) -> tuple[str, str]:
    """Open a session; return its sid, and the cookie with its secret."""
    user = provider.add_user(f"person-{len(provider.audit())}")
    with provider.context() as ctx:
        opened = session_service.open_session(ctx, user.id, ("pwd",), None)
    return opened.session.sid, f"{SESSION}={opened.secret}"


def silent(rp: RelyingParty, *cookies: str) -> bytes:
    query = urlencode(rp.parameters(prompt="none"))
    return get(f"/authorize?{query}", cookies="; ".join(each for each in cookies if each))


def let_pass(provider: Provider, sid: str, waited: timedelta) -> None:
    """Set back what the session remembers, as if so much time had passed."""
    session = session_of(provider, sid)
    before: Any = {
        "opened_at": session.opened_at - waited,
        "authenticated_at": session.authenticated_at - waited,
        "turned_at": session.turned_at and session.turned_at - waited,
    }
    with provider.context() as ctx:
        ctx.db.write(update(sessions).where(sessions.c.sid == sid).values(**before))


def session_of(provider: Provider, sid: str) -> Session:
    with provider.context() as ctx:
        past = rows.find(ctx.db, sid)
    assert past is not None
    return past.session


def turns_in(answers: list[Answer]) -> set[str]:
    return {f"{TURN}={given}" for each in answers if (given := each.cookie(TURN))}


def test_all_requests_of_one_browser_get_in_while_its_cookies_take_another_turn(
    rp: RelyingParty,
    provider: Provider,
    server: ProviderProcess,
    events: Callable[[], Counter[str]],
):
    sid, secret = signed_in(provider)
    turn = ""
    for number in range(1, 5):
        let_pass(provider, sid, LONG_AGO)
        answers = burst(server.port, [silent(rp, secret, turn)] * AT_ONCE)
        assert {said(each) for each in answers} == {"code"}
        # The same number to all, each with the instant at which it was given.
        following = max(turns_in(answers))
        assert {given.split(".")[0] for given in turns_in(answers)} == {f"{TURN}={number}"}
        assert session_of(provider, sid).turn == number

        # Some windows have the new one by now, others still come with the old one.
        let_pass(provider, sid, SETTLES / 2)
        mixed = [silent(rp, secret, turn), silent(rp, secret, following)] * (AT_ONCE // 2)
        assert {said(each) for each in burst(server.port, mixed)} == {"code"}

        let_pass(provider, sid, SETTLES)
        answers = burst(server.port, [silent(rp, secret, following)] * AT_ONCE)
        assert {said(each) for each in answers} == {"code"}
        assert session_of(provider, sid).turn_kept
        turn = following
    assert events()["session.challenged"] == 0


def test_a_copy_that_was_left_behind_stops_the_session_once(
    rp: RelyingParty,
    provider: Provider,
    server: ProviderProcess,
    events: Callable[[], Counter[str]],
):
    sid, secret = signed_in(provider)
    let_pass(provider, sid, LONG_AGO)
    (turn,) = turns_in(burst(server.port, [silent(rp, secret)]))
    let_pass(provider, sid, SETTLES)
    assert said(burst(server.port, [silent(rp, secret, turn)])[0]) == "code"

    copies = [silent(rp, secret)] * (AT_ONCE // 2)
    answers = burst(server.port, [*copies, *[silent(rp, secret, turn)] * (AT_ONCE // 2)])

    assert {said(each) for each in answers[: len(copies)]} == {"login_required"}
    assert session_of(provider, sid).challenge == "stale_cookie"
    assert events()["session.challenged"] == 1
    assert said(burst(server.port, [silent(rp, secret, turn)])[0]) == "login_required"
