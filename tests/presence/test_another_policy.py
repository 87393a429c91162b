"""Changed limits reach the sessions that stand: at their next use, and by the worker (I4, I5)."""

from datetime import timedelta

import pytest
from sqlalchemy import event, update

from idp.judgement import in_session
from idp.policy.book import Rule, Then, When
from idp.policy.terms import Outcome
from idp.presence.upkeep import apply_policy
from idp.sessions import service as session_service
from idp.store.database import Database
from idp.store.schema import sessions
from tests.app import Provider, RelyingParty
from tests.presence.places import decided, how_it_ended, in_force, ruled, session_in
from tests.protocol.parties import page_of, party

HOURS = timedelta(hours=1)


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    provider.add_user()
    made = party(provider)
    made.sign_in()
    made.authorize()
    return made


def by_use(provider: Provider, rp: RelyingParty) -> None:
    del provider
    rp.authorize(prompt="none")


def by_worker(provider: Provider, rp: RelyingParty) -> None:
    del rp
    with provider.context() as ctx:
        assert apply_policy(ctx) == 1
    with provider.context() as ctx:
        assert apply_policy(ctx) == 0


BOTH_WAYS = pytest.mark.parametrize("reach", [by_use, by_worker])


@BOTH_WAYS
def test_shorter_limits_count_from_the_opening(provider: Provider, rp: RelyingParty, reach):
    opened = session_in(provider).opened_at
    provider.clock.forward(minutes=5)
    policy = ruled(provider, idle=HOURS / 2, absolute=2 * HOURS)

    reach(provider, rp)

    after = session_in(provider)
    assert after.policy_version == policy.version
    assert after.absolute_until <= opened + 2 * HOURS
    assert after.idle_seconds == 1800
    assert [outcome for outcome, _ in decided(provider)] == ["shorten"]
    assert "session.limits_changed" in provider.event_names()


@BOTH_WAYS
def test_what_is_too_old_by_them_is_over_at_once_and_stays_so(
    provider: Provider, rp: RelyingParty, reach
):
    before = ruled(provider)
    rp.authorize()
    provider.clock.forward(minutes=50)
    ruled(provider, idle=HOURS / 2, absolute=HOURS / 2)

    reach(provider, rp)
    assert page_of(rp.authorize()) == "login"

    in_force(provider, before)
    with provider.context() as ctx:
        assert apply_policy(ctx) == 0
    assert page_of(rp.authorize()) == "login"


@BOTH_WAYS
def test_longer_limits_put_no_end_off_of_which_nothing_is_known(
    provider: Provider, rp: RelyingParty, reach
):
    """A session that goes on from another one ends with that one's absolute limit."""
    with provider.context() as ctx:
        end = ctx.now + 3 * HOURS
        ctx.db.write(update(sessions).values(absolute_until=end))
    ruled(provider, absolute=48 * HOURS, idle=2 * HOURS)

    reach(provider, rp)

    after = session_in(provider)
    assert after.absolute_until == end
    assert after.idle_seconds == 7200


@BOTH_WAYS
@pytest.mark.parametrize(
    ("outcome", "end"),
    [
        (Outcome.END, "policy:nobody"),
        (Outcome.ASK_AGAIN, None),
        (Outcome.ASK_FACTOR, None),
    ],
)
def test_what_a_new_policy_would_not_have_let_in(
    provider: Provider, rp: RelyingParty, reach, outcome, end
):
    ruled(provider, Rule("nobody", When(), Then(outcome=outcome)))

    reach(provider, rp)

    assert session_in(provider).challenge is None
    assert how_it_ended(provider) == end


@BOTH_WAYS
def test_a_level_that_a_new_policy_wants_is_asked_for(provider: Provider, rp: RelyingParty, reach):
    policy = ruled(provider, Rule("sure", When(), Then(acr="mfa")))

    reach(provider, rp)

    after = session_in(provider)
    assert (after.challenge, after.policy_version) == ("sure", policy.version)
    assert page_of(rp.authorize()) == "login"


def test_a_refusal_is_a_question_to_who_is_away(provider: Provider, rp: RelyingParty):
    ruled(provider, Rule("no", When(), Then(outcome=Outcome.REFUSE)))

    by_worker(provider, rp)

    assert session_in(provider).challenge == "no"


def test_what_is_used_in_between_does_not_make_the_worker_stop(
    provider: Provider, rp: RelyingParty, monkeypatch
):
    del rp
    other = party(provider)
    other.sign_in()
    other.authorize()
    ruled(provider, idle=HOURS / 2)
    before = in_session.look
    looked = []

    def slowly(ctx, session, *visit, **traits):
        if not looked:
            with provider.context() as another:
                assert session_service.end(another, session.sid, because="user_logout")
        looked.append(session.sid)
        return before(ctx, session, *visit, **traits)

    monkeypatch.setattr(in_session, "look", slowly)
    with provider.context() as ctx:
        assert apply_policy(ctx) == len(looked) == 2
    with provider.context() as ctx:
        assert apply_policy(ctx) == 0


def test_the_sessions_of_another_policy_are_found_by_an_index(provider: Provider):
    said = []

    def listen(*call):
        said.append(call[2:4])

    engine = provider.house.get(Database).engine
    event.listen(engine, "before_cursor_execute", listen)
    with provider.context() as ctx:
        assert apply_policy(ctx) == 0
    event.remove(engine, "before_cursor_execute", listen)
    finding = [
        each for each in said if "policy_version <" in each[0] or "policy_version >" in each[0]
    ]
    assert len(finding) == 2
    for statement, parameters in finding:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            else:
                # A table of a few rows is read whole, whatever index there is.
                connection.exec_driver_sql("SET enable_seqscan = off")
                connection.exec_driver_sql("SET enable_sort = off")
                plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
            lines = "\n".join(" ".join(map(str, row)) for row in plan)
            connection.invalidate()
        assert "ix_sessions_policy_version" in lines, lines
        assert "TEMP B-TREE" not in lines, lines
