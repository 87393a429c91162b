"""Offline access asked for while what it rests on is being ended (I3): none is overlooked."""

import threading
from collections.abc import Callable
from functools import partial

import pytest

from idp.account import administration
from idp.context import RequestContext
from idp.kernel.secrets import new_id
from idp.store import grants
from idp.store.grants import Which
from tests.app import PASSWORD, Provider
from tests.protocol.parties import party
from tests.protocol.refreshing import BOTH, OFFLINE

pytestmark = pytest.mark.xdist_group("offline race")

WAIT = 0.5
Act = Callable[[RequestContext, str], object]


def set_password(ctx: RequestContext, name: str) -> None:
    administration.set_password(ctx, name, f"another {PASSWORD}")


@pytest.mark.parametrize("act", [set_password, administration.disable_user])
def test_no_offline_access_is_opened_behind_the_back_of_an_end(provider: Provider, act: Act):
    """The authorization comes when all was ended, and before that is committed."""
    user = provider.add_user(new_id())
    rp = party(provider, grant_types=BOTH, scope=OFFLINE)
    asked = {"scope": "openid offline_access"}
    rp.allow(rp.log_in(rp.authorize(**asked), user.username))
    answers = []
    asking = threading.Thread(target=lambda: answers.append(rp.authorize(**asked)))

    with provider.context() as ctx:
        act(ctx, user.username)
        asking.start()
        asking.join(WAIT)
        assert asking.is_alive(), "it waits for the end"
    asking.join(10)

    assert rp.answer(answers[0])["error"] == "login_required"
    end = partial(grants.end_all, which=Which(user_id=user.id, offline=True), reason="looked for")
    with provider.context() as ctx:
        assert end(ctx.db, now=ctx.now) == []
