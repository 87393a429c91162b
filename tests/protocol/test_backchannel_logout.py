"""Back-Channel Logout 1.0: a client's server is told that a session is over."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from idp.account import administration
from idp.delivery import dispatch
from idp.delivery.dispatch import LEASE, WAITS, Lane
from idp.kernel.clock import epoch
from idp.protocol.clients import service as clients
from idp.protocol.keys import service as keys
from idp.store.schema import grants, outbox
from idp.worker import courier as courier_room
from idp.worker.courier import Courier
from idp.worker.senders import SENDERS
from tests.account.people import another_browser
from tests.app import claims_of, header_of
from tests.protocol.parties import end_session, party, session_of, verified
from tests.support.site import site
from tests.support.spec import spec

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def provider(provider_with):
    made = provider_with(outgoing_allow="127.0.0.0/8")
    made.add_user()
    return made


@pytest.fixture
def shop():
    with site() as server:
        yield server


def listening(provider, server, browser=None, **metadata):
    traits = {"first_party": True, "backchannel_logout_uri": server.url}
    return party(provider, browser, **(traits | metadata))


def signed_out(rp):
    """Sign in and out; return what the client was told at the sign-in."""
    claims = claims_of(rp.sign_in()["id_token"])
    end_session(rp.provider, claims["sid"])
    return claims


def deliver(provider):
    return Courier(provider.house).deliver_due()


def rows(provider):
    with provider.context() as ctx:
        return list(ctx.db.read(select(outbox).order_by(outbox.c.id)))


def states(provider):
    return [(row.state, row.attempts, row.last_error) for row in rows(provider)]


def tokens_of(server):
    return [posted.form["logout_token"] for posted in server.posts]


@spec("Back-Channel Logout §2.4", "Back-Channel Logout §2.5")
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "PS256", "EdDSA"])
def test_the_client_is_posted_a_token_about_the_session_that_it_knows(provider, shop, algorithm):
    rp = listening(provider, shop, id_token_signed_response_alg=algorithm)
    at_sign_in = signed_out(rp)

    assert deliver(provider) == 1

    (posted,) = shop.posts
    assert (posted.method, posted.path) == ("POST", "/told")
    assert posted.headers["content-type"] == "application/x-www-form-urlencoded"
    assert set(posted.form) == {"logout_token"}
    token = verified(provider, posted.form["logout_token"], algorithm)
    assert token.header["typ"] == "logout+jwt"
    now = epoch(provider.clock.now)
    assert len(token.claims.pop("jti")) >= 20
    assert token.claims == {
        **{name: at_sign_in[name] for name in ("iss", "sub", "aud", "sid")},
        "iat": now,
        "exp": now + 120,
        "events": {EVENT: {}},
    }
    assert states(provider) == [("delivered", 1, None)]


@spec("Back-Channel Logout §2.6")
def test_no_other_token_of_ours_passes_for_it_and_it_passes_for_no_other(provider, shop):
    rp = listening(provider, shop)
    at_sign_in = rp.sign_in()
    signed_out(rp)
    deliver(provider)
    (token,) = tokens_of(shop)

    assert header_of(at_sign_in["id_token"])["typ"] != "logout+jwt"
    assert rp.userinfo(token).status_code == 401
    assert "active" in rp.introspect(token).get_json()
    assert rp.introspect(token).get_json() == {"active": False}
    page = rp.get(f"/logout?id_token_hint={token}&post_logout_redirect_uri=https://x.example/")
    assert "Location" not in page.headers or "x.example" not in page.headers["Location"]


@spec("Back-Channel Logout §2.8")
@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, "delivered"),
        (204, "delivered"),
        (400, "dead"),
        *((status, "waiting") for status in (201, 202, 301, 302, 307, 401, 403, 404, 410, 429)),
        *((status, "waiting") for status in (500, 501, 502, 503, 504)),
    ],
)
def test_an_answer_says_whether_it_is_told_refused_or_tried_again(provider, shop, status, state):
    shop.status, shop.headers = status, {"Location": "http://127.0.0.1:1/"}
    signed_out(listening(provider, shop))

    deliver(provider)

    reason = None if state == "delivered" else f"HTTP {status}"
    assert states(provider) == [(state, 1, reason)]
    (row,) = rows(provider)
    assert (row.payload_sealed is not None) is (state == "waiting")


@spec("Back-Channel Logout §2.5")
def test_a_client_that_is_down_is_told_when_it_returns(provider, shop):
    rp = listening(provider, shop)
    signed_out(rp)
    shop.stop()

    for wait in WAITS[:4]:
        assert deliver(provider) == 1
        assert deliver(provider) == 0
        provider.clock.forward(seconds=wait.total_seconds() * 1.06)
    assert states(provider) == [("waiting", 4, "ConnectError")]
    shop.start()
    assert deliver(provider) == 1

    (token,) = tokens_of(shop)
    assert claims_of(token)["iat"] == epoch(provider.clock.now), "it is signed when it is sent"
    assert states(provider) == [("delivered", 5, None)]


@spec("Back-Channel Logout §2.4")
def test_each_try_has_the_same_jti_and_a_token_of_its_own(provider, shop):
    shop.statuses = [503, 500]
    signed_out(listening(provider, shop))
    for _ in range(3):
        deliver(provider)
        provider.clock.forward(minutes=2)

    said = [claims_of(token) for token in tokens_of(shop)]
    assert len(said) == 3
    assert len({each["jti"] for each in said}) == 1
    assert len({each["iat"] for each in said}) == len({each["exp"] for each in said}) == 3


def test_each_session_and_each_client_has_a_jti_of_its_own(provider, shop):
    first, second = listening(provider, shop), listening(provider, shop)
    for rp in (first, second, first):
        signed_out(rp)
    while deliver(provider):
        pass

    assert len({claims_of(token)["jti"] for token in tokens_of(shop)}) == 3


def test_whoever_is_away_for_a_day_is_given_up_and_can_be_told_later(provider, shop):
    shop.stop()
    rp = listening(provider, shop)
    sid = signed_out(rp)["sid"]
    for wait in (*WAITS, timedelta()):
        deliver(provider)
        provider.clock.forward(seconds=wait.total_seconds() * 1.06)

    assert states(provider) == [("dead", len(WAITS) + 1, "ConnectError")]
    (event,) = [e for e in provider.audit() if e.name == "delivery.failed"]
    assert (event.sid, event.client_id) == (sid, rp.client_id)
    assert event.data["kind"] == "backchannel_logout"


def test_what_is_for_one_client_and_user_goes_in_order(provider, shop):
    rp = listening(provider, shop)
    sids = [signed_out(rp)["sid"] for _ in range(3)]
    shop.statuses = [503]

    assert deliver(provider) == 1
    assert deliver(provider) == 0, "the later ones wait for the first"
    provider.clock.forward(seconds=11)
    deliver(provider)

    assert [claims_of(token)["sid"] for token in tokens_of(shop)] == [sids[0], *sids]


def test_a_dead_client_holds_up_nobody_else(provider, shop):
    with site() as silent:
        silent.manner = "silent"
        dead, alive = listening(provider, silent), listening(provider, shop)
        for rp in (dead, alive, dead, alive):
            signed_out(rp)
        courier = Courier(provider.house)
        thread = threading.Thread(target=courier.run)
        thread.start()
        try:
            silent.wait_for(1)
            shop.wait_for(2, seconds=8)
            assert len(silent.posts) == 1
        finally:
            courier.stopping.set()
            silent.stop()
            thread.join(10)


def test_of_very_many_clients_that_are_silent_only_so_many_are_waited_for(
    provider, shop, monkeypatch
):
    monkeypatch.setattr(courier_room, "CLIENTS_AT_ONCE", 2)
    lanes = {Lane("backchannel_logout", str(number)) for number in range(10)}
    courier = Courier(provider.house)

    chosen = courier._chosen({*lanes, Lane.MAIL, Lane.WORK})

    assert {Lane.MAIL, Lane.WORK} < set(chosen)
    assert len(chosen) == 4
    with courier._lock(chosen[-1]):
        assert len(courier._chosen({*lanes, Lane.MAIL})) == 2
    firsts = {courier._chosen(lanes)[0] for _ in range(100)}
    assert len(firsts) > 5, "each has its turn"


def test_two_workers_at_once_tell_each_client_once(provider, sibling, shop):
    parties = [listening(provider, shop) for _ in range(4)]
    for rp in [*parties, *parties]:
        signed_out(rp)
    couriers = [Courier(provider.house), Courier(sibling.house)] * 2

    with ThreadPoolExecutor(4) as pool:
        tried = sum(pool.map(lambda courier: courier.deliver_due(), couriers))
    while more := deliver(provider):
        tried += more

    said = [claims_of(token)["jti"] for token in tokens_of(shop)]
    assert tried == len(said) == len(set(said)) == 8
    assert {row.state for row in rows(provider)} == {"delivered"}


def test_a_worker_that_dies_between_sending_and_marking_has_told_and_another_tells_again(
    provider, shop
):
    signed_out(listening(provider, shop))
    with provider.context() as ctx:
        (lane,) = dispatch.due(ctx)
        held = dispatch.claim(ctx, lane)
        send = SENDERS[held.kind](ctx, dispatch.unpack(ctx, held))
    send()  # …and no more is heard of this worker

    assert deliver(provider) == 0
    provider.clock.forward(seconds=LEASE.total_seconds() + 1)
    assert deliver(provider) == 1

    first, second = (claims_of(token) for token in tokens_of(shop))
    assert first["jti"] == second["jti"]
    assert states(provider) == [("delivered", 2, None)]


def test_nothing_is_held_while_a_client_is_slow(provider, shop):
    """No transaction is open: on SQLite nobody else could write, on PostgreSQL rows stay locked."""
    shop.manner = "silent"
    rp = listening(provider, shop)
    signed_out(rp)
    worker = threading.Thread(target=deliver, args=[provider])
    worker.start()
    shop.wait_for(1)

    begun = time.monotonic()
    rp.sign_in()
    assert time.monotonic() - begun < 5

    shop.stop()
    worker.join(15)


def test_a_client_that_listens_no_more_or_is_gone_is_given_up(provider, shop):
    stopped, gone = listening(provider, shop), listening(provider, shop)
    signed_out(stopped)
    signed_out(gone)
    with provider.context() as ctx:
        clients.change(ctx, stopped.client_id, {"backchannel_logout_uri": None})
        clients.delete(ctx, gone.client_id)

    deliver(provider)

    assert states(provider) == [("dead", 1, "the client does not listen")] * 2
    assert shop.posts == []


def test_a_client_whose_code_was_never_traded_is_not_told(provider, shop):
    rp = listening(provider, shop)
    rp.code()
    end_session(provider, session_of(provider))
    assert len(rows(provider)) == 1

    deliver(provider)

    assert shop.posts == []
    assert states(provider) == [("delivered", 1, None)]


def test_a_user_who_is_gone_with_all_grants_is_told_of_all_the_same(provider, shop):
    rp = listening(provider, shop)
    claims = claims_of(rp.sign_in()["id_token"])
    with provider.context() as ctx:
        administration.delete_user(ctx, "ada")
        assert list(ctx.db.read(select(grants))) == []

    deliver(provider)

    (token,) = tokens_of(shop)
    assert claims_of(token)["sub"] == claims["sub"]


def test_a_private_address_is_refused_unless_the_operator_allows_it(provider_with, shop):
    provider = provider_with()
    provider.add_user()
    signed_out(listening(provider, shop))

    deliver(provider)

    assert states(provider) == [("waiting", 1, "AddressNotAllowed")]
    assert shop.posts == []


@spec("OIDC Core §10.1.1")
def test_what_is_delivered_after_a_rotation_is_signed_by_the_key_of_then(provider, shop):
    signed_out(listening(provider, shop))
    before = keys.keyring
    provider.clock.forward(minutes=2)
    with provider.context() as ctx:
        active = before(ctx).signer("RS256").kid
        keys.rotate(ctx, "RS256")
    provider.clock.forward(minutes=2)

    deliver(provider)

    (token,) = tokens_of(shop)
    assert header_of(token)["kid"] != active
    verified(provider, token, "RS256")


def test_sessions_elsewhere_are_told_of_one_by_one(provider, shop):
    rp = listening(provider, shop)
    rp.sign_in()
    another_browser(rp).sign_in()
    with provider.context() as ctx:
        administration.disable_user(ctx, "ada")

    while deliver(provider):
        pass

    assert len({claims_of(token)["sid"] for token in tokens_of(shop)}) == 2
