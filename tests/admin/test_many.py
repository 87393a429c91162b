"""A great many end some at a time, each with one record, and without waiting in a crowd (I7)."""

import threading
from collections import Counter

from sqlalchemy import update

from idp.admin import endings
from idp.store.schema import grants
from tests.admin.world import BOTH, sign_in
from tests.app import Provider, claims_of
from tests.protocol.parties import party


def test_each_of_many_ends_once_with_its_record(provider: Provider, admin, monkeypatch):
    monkeypatch.setattr(endings, "AT_ONCE", 2)
    provider.add_user()
    rp = party(provider, grant_types=BOTH, scope=("openid",))
    tokens = [sign_in(rp, "ada") for _ in range(5)]

    answer = admin.revoke(user="ada")

    assert (answer["grants"], answer["sessions"]) == (5, 1)
    told = Counter(e.data["grant_id"] for e in provider.audit() if e.name == "grant.ended")
    assert told == Counter(answer["ids"]["grants"])
    assert {rp.userinfo(each["access_token"]).status_code for each in tokens} == {401}


def test_what_another_request_holds_is_ended_as_soon_as_it_lets_go(provider: Provider, admin):
    provider.add_user()
    rp = party(provider, grant_types=BOTH, scope=("openid",))
    tokens = [sign_in(rp, "ada") for _ in range(3)]
    held = str(claims_of(tokens[0]["access_token"])["jti"]).partition(".")[0]
    holding, letting_go = threading.Event(), threading.Event()

    def hold() -> None:
        with provider.context() as ctx:
            ctx.db.write(update(grants).where(grants.c.id == held).values(retries=7))
            holding.set()
            letting_go.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    holding.wait(10)
    threading.Timer(0.3, letting_go.set).start()

    answer = admin.revoke(client_id=rp.client_id)

    holder.join()
    assert answer["grants"] == 3
    assert {rp.userinfo(each["access_token"]).status_code for each in tokens} == {401}
