"""Whatever ends a session, its clients are told (OIDC Back-Channel Logout §2.2, §2.5; I4, I7)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import event, insert, select

from idp.account import administration
from idp.admin import revocation
from idp.admin.selection import Order, Selection
from idp.admission import reset
from idp.protocol.clients import service as clients
from idp.sessions import endings, service
from idp.store.database import Database
from idp.store.schema import grants, outbox, sessions, users
from idp.worker.jobs import JOBS
from idp.worker.loop import Loop
from tests.account.people import act, another_browser
from tests.app import NOON, PASSWORD, Provider, RelyingParty, submit
from tests.protocol.parties import end_session, log_in_as_another, party, session_of
from tests.support.spec import spec

HEARS = {"backchannel_logout_uri": "https://app.example.test/backchannel", "first_party": True}
ANOTHER_PASSWORD = "slow kites over the marsh"


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    provider.add_user()
    return party(provider, **HEARS)


def notices(provider: Provider) -> list[tuple[str, str]]:
    """Who is to be told of which session, the oldest first."""
    with provider.context() as ctx:
        query = select(outbox).where(outbox.c.kind == "backchannel_logout").order_by(outbox.c.id)
        rows = list(ctx.db.read(query))
    assert all(row.state == "waiting" and row.payload_sealed for row in rows)
    return [(row.sid, row.client_id) for row in rows]


def ended(provider: Provider) -> list[tuple[str, str]]:
    return [(e.sid, e.data["reason"]) for e in provider.audit() if e.name == "session.ended"]


def end_expired(provider: Provider) -> int:
    with provider.context() as ctx:
        return endings.end_expired(ctx)


# Every cause


def by_hint(rp, tokens):
    rp.follow(rp.get(f"/logout?{urlencode({'id_token_hint': tokens['id_token']})}"))


def by_question(rp, tokens):
    page = rp.follow(rp.get("/logout"))
    submit(rp.browser, page, "/logout/confirm", action="logout")


def by_account_page(rp, tokens):
    act(rp, "/account/sign-out")


def by_devices_page(rp, tokens):
    act(rp, "/account/sessions/end", sid=session_of(rp.provider))


def by_ending_all(rp, tokens):
    act(rp, "/account/sessions/end-all")


def elsewhere(rp):
    here = another_browser(rp)
    here.log_in(here.follow(here.get("/login")))
    return here


def by_ending_others(rp, tokens):
    act(elsewhere(rp), "/account/sessions/end-others")


def by_another_password(rp, tokens):
    act(
        elsewhere(rp),
        "/account/password",
        current_password=PASSWORD,
        new_password=ANOTHER_PASSWORD,
    )


def by_another_account(rp, tokens):
    rp.provider.add_user("grace")
    log_in_as_another(rp, rp.authorize(prompt="login"), "grace", PASSWORD)


def by_time(rp, tokens):
    rp.provider.clock.forward(hours=2)
    Loop(rp.provider.house).run_due()


def operator(call):
    def end(rp, tokens):
        with rp.provider.context() as ctx:
            call(ctx)

    return end


def revoked(**selected):
    def end(rp, tokens):
        rp.provider.clock.forward(seconds=1)
        what = {"sid": session_of(rp.provider)} if selected == {"sid": ...} else selected
        with rp.provider.context() as ctx:
            revocation.revoke(ctx, Order(Selection(**what), "stolen"))

    return end


def reset_factors(ctx):
    reset.reset_factors(ctx, administration.require_user(ctx, "ada"), "lost")


CAUSES = {
    "client_logout": by_hint,
    "user_logout": by_question,
    "user_logout at the account page": by_account_page,
    "user_logout from the list": by_devices_page,
    "user_ended": by_ending_all,
    "user_ended elsewhere": by_ending_others,
    "password_changed": by_another_password,
    "another_account": by_another_account,
    "idle_timeout": by_time,
    "password_reset": operator(
        lambda ctx: administration.set_password(ctx, "ada", ANOTHER_PASSWORD)
    ),
    "user_disabled": operator(lambda ctx: administration.disable_user(ctx, "ada")),
    "user_deleted": operator(lambda ctx: administration.delete_user(ctx, "ada")),
    "factors_reset": operator(reset_factors),
    "admin:stolen session": revoked(sid=...),
    "admin:stolen user": revoked(user="ada"),
    "admin:stolen age": revoked(issued_before=NOON + timedelta(seconds=1)),
}


@spec("Back-Channel Logout §2.2", "Back-Channel Logout §2.7")
@pytest.mark.parametrize("cause", CAUSES)
def test_whatever_ends_a_session_its_client_is_told_once(provider, rp, cause):
    tokens = rp.sign_in()
    sid = session_of(provider)

    CAUSES[cause](rp, tokens)

    reason = "user_ended" if cause == "user_logout from the list" else cause.split()[0]
    assert (sid, reason) in ended(provider)
    assert notices(provider) == [(sid, rp.client_id)]


@spec("Back-Channel Logout §2.2")
def test_told_is_who_listens_and_was_signed_in_to(provider, rp):
    rp.sign_in()
    sid = session_of(provider)
    second = party(provider, rp.browser, **HEARS)
    second.sign_in()
    second.sign_in()
    deaf = party(provider, rp.browser, first_party=True)
    deaf.sign_in()
    party(provider, rp.browser, **HEARS)
    another = party(provider, **HEARS)
    another.sign_in()

    end_session(provider, sid)

    assert sorted(notices(provider)) == sorted([(sid, rp.client_id), (sid, second.client_id)])


@spec("Back-Channel Logout §2.2")
def test_a_code_that_may_just_be_being_traded_counts_and_a_stale_one_does_not(provider, rp):
    rp.code()
    sid = session_of(provider)
    late = party(provider, rp.browser, **HEARS)
    provider.clock.forward(minutes=2)
    late.code()

    end_session(provider, sid)

    assert notices(provider) == [(sid, late.client_id)]


def test_an_end_that_is_rolled_back_tells_nobody(provider, rp):
    rp.sign_in()
    sid = session_of(provider)

    with provider.context() as ctx:
        service.end(ctx, sid, because="user_logout")
        ctx.db.rollback()

    assert notices(provider) == ended(provider) == []


def test_a_session_ends_once_and_is_told_of_once(provider, rp):
    rp.sign_in()
    sid = session_of(provider)
    end_session(provider, sid)

    provider.clock.forward(days=1)
    with provider.context() as ctx:
        assert not service.end(ctx, sid, because="user_logout")
    assert end_expired(provider) == 0

    assert ended(provider) == [(sid, "admin")]
    assert notices(provider) == [(sid, rp.client_id)]


def test_what_is_told_is_in_order_for_each_user_and_client(provider, rp):
    other = party(provider, rp.browser, **HEARS)
    rp.sign_in()
    other.sign_in()
    another_browser(rp).sign_in()
    act(rp, "/account/sessions/end-all")

    with provider.context() as ctx:
        rows = list(ctx.db.read(select(outbox.c.subject, outbox.c.client_id)))
        (user_id,) = ctx.db.read(select(users.c.id)).scalars()

    assert [row.client_id for row in rows].count(rp.client_id) == 2
    assert {row.subject for row in rows} == {f"{user_id}:{row.client_id}" for row in rows}


def test_a_client_that_is_deleted_leaves_nothing_to_find(provider, rp):
    rp.sign_in()
    with provider.context() as ctx:
        clients.delete(ctx, rp.client_id)

    end_session(provider, session_of(provider))

    assert notices(provider) == []


# By time


@spec("ASVS 5.0 §7.3.1", "ASVS 5.0 §7.3.2")
def test_a_session_ends_by_the_limit_that_comes_first_and_at_that_instant(provider, rp):
    rp.sign_in()
    idle = session_of(provider)
    busy = another_browser(rp)
    busy.sign_in()
    lasting = session_of(provider)
    for _ in range(13):
        provider.clock.forward(minutes=55)
        busy.authorize()
    provider.clock.forward(minutes=10)

    assert end_expired(provider) == 2

    assert dict(ended(provider)) == {idle: "idle_timeout", lasting: "absolute_timeout"}
    with provider.context() as ctx:
        rows = ctx.db.read(select(sessions.c.sid, sessions.c.ended_at)).all()
    assert dict(map(tuple, rows)) == {
        idle: NOON + timedelta(hours=1),
        lasting: NOON + timedelta(hours=12),
    }
    assert len(notices(provider)) == 2


def test_what_lives_is_left_alone(provider, rp):
    rp.sign_in()
    provider.clock.forward(minutes=59)

    assert end_expired(provider) == 0
    assert ended(provider) == []
    assert "code" in rp.answer(rp.authorize(prompt="none"))


def many_over(provider: Provider, rp: RelyingParty, count: int) -> None:
    """Copy the session and its grant, and let time pass."""
    rp.sign_in()
    with provider.context() as ctx:
        session = dict(ctx.db.read(select(sessions)).mappings().one())
        grant = dict(ctx.db.read(select(grants)).mappings().one())
        numbers = [str(number) for number in range(1, count)]
        ctx.db.write_all(
            insert(sessions), [session | {"sid": n, "secret_hash": n.encode()} for n in numbers]
        )
        ctx.db.write_all(insert(grants), [grant | {"id": n, "sid": n} for n in numbers])
    provider.clock.forward(hours=2)


def test_a_great_many_end_in_batches(provider, rp, monkeypatch):
    monkeypatch.setattr(endings, "AT_ONCE", 4)
    many_over(provider, rp, 10)

    assert [end_expired(provider) for _ in range(4)] == [4, 4, 2, 0]

    told = notices(provider)
    assert len(told) == len(set(told)) == 10
    job = next(job for job in JOBS if job.run is endings.end_expired)
    assert job.full == 500


def test_on_two_nodes_at_once_each_end_is_recorded_and_told_once(
    provider, sibling, rp, monkeypatch
):
    monkeypatch.setattr(endings, "AT_ONCE", 7)
    many_over(provider, rp, 60)
    together = threading.Barrier(4)

    def work(node: Provider) -> int:
        together.wait()
        done = 0
        while batch := end_expired(node):
            done += batch
        return done

    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(work, [provider, sibling, provider, sibling]))

    assert done == 60
    assert len(ended(provider)) == len(set(ended(provider))) == 60
    assert len(set(notices(provider))) == len(notices(provider)) == 60


def test_a_batch_costs_as_many_statements_as_one(provider, rp):
    many_over(provider, rp, 50)
    said = []
    engine = provider.house.get(Database).engine
    event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))

    assert end_expired(provider) == 50

    assert [statement.split()[0] for statement in said if "INSERT" in statement] == ["INSERT"] * 2
    assert len(said) == 4
