"""Answers to “Was this you?” that come at one instant, with each other and with sign-ins (I8)."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import TestResponse

from idp.store import habits, sessions
from tests.account.decided import a_strange_one
from tests.account.people import another_browser, at_once, visit
from tests.account.test_was_this_you import ME, NEW, NOT_ME, found, go_to_not_me
from tests.app import PASSWORD, submit


def together(acts: Sequence[Callable[[], TestResponse]]) -> list[TestResponse]:
    """Do several things in the same instant."""
    start = threading.Barrier(len(acts))

    def one(act: Callable[[], TestResponse]) -> TestResponse:
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def saying_no(rp, page):
    return lambda: submit(rp.browser, page, NOT_ME, new_password=NEW)


def signing_in(rp):
    page = visit(rp)
    form = {"identifier": "ada", "password": PASSWORD, "action": "sign_in"}
    return lambda: submit(rp.browser, page, **form)


def test_of_several_yes_at_once_one_teaches(rp, ada):
    rp.sign_in()
    strange = a_strange_one(rp.provider, ada, features={"country": "NO"})
    with rp.provider.context() as ctx:
        before = habits.find(ctx.db, ada.id).version

    assert set(at_once(rp, visit(rp), ME, [{"decision": strange.id}] * 4)) == {303}

    assert rp.provider.event_names().count("sign_in.confirmed") == 1
    with rp.provider.context() as ctx:
        assert habits.find(ctx.db, ada.id).version == before + 1


def test_of_two_no_at_once_one_stays_signed_in(rp, ada):
    """Each would end the other; who comes second finds that it was said."""
    strange = a_strange_one(rp.provider, ada)
    other = another_browser(rp)
    pages = [(each, go_to_not_me(each, strange)) for each in (rp, other)]

    together([saying_no(*each) for each in pages])

    assert rp.provider.event_names().count("sign_in.disowned") == 1
    with rp.provider.context() as ctx:
        assert len(sessions.list_live_of_user(ctx.db, ada.id, ctx.now)) == 1


@pytest.mark.parametrize("strangers", [1, 3])
def test_no_sign_in_with_the_old_password_slips_past_a_no(rp, ada, strangers):
    strange = a_strange_one(rp.provider, ada)
    page = go_to_not_me(rp, strange)
    others = [signing_in(another_browser(rp)) for _ in range(strangers)]

    together([*others, saying_no(rp, page)])

    assert found(rp, strange).answer == "not_me"
    with rp.provider.context() as ctx:
        assert len(sessions.list_live_of_user(ctx.db, ada.id, ctx.now)) == 1


def test_a_yes_and_a_no_at_once_come_to_a_no(rp, ada):
    rp.sign_in()
    strange = a_strange_one(rp.provider, ada, features={"country": "NO"})
    page = go_to_not_me(rp, strange)
    overview = visit(rp)

    together(
        [
            saying_no(rp, page),
            lambda: submit(rp.browser, overview, ME, decision=strange.id),
        ]
    )

    assert found(rp, strange).answer == "not_me"
