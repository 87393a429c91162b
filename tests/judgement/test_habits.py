"""A user's habits learn in the sign-in, those of all in batches, on any number of nodes."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from idp.judgement import habits
from idp.kernel.secrets import new_id
from idp.policy.risk import Features
from idp.policy.risk.fading import worth
from idp.store import decisions, users
from idp.store import habits as rows
from idp.store.database import Database
from idp.store.decisions import Recorded
from idp.store.purge import BATCH
from idp.store.schema import common_values
from tests.app import NOON, Provider
from tests.machines.statements import overheard

HERE = Features.of(
    at=NOON,
    address="192.0.2.7",
    prefix="192.0.2.0/24",
    asn="AS64500",
    country="NO",
    user_agent="an agent",
    browser="Firefox",
    version="140",
    system="Linux",
    device="desktop",
)
ELSEWHERE = Features.of(at=NOON, address="203.0.113.9", country="RO", asn="AS64999")


@pytest.fixture
def user_id(provider: Provider) -> str:
    return provider.add_user().id


def decided(user_id: str, name: str, features: Features, teaches: float) -> Recorded:
    return Recorded(
        id=name,
        at=NOON,
        moment="sign_in",
        outcome="allow",
        rule="",
        policy_version="v",
        level="low",
        score=0.0,
        user_id=user_id,
        features=features.values(),
        teaches=teaches,
    )


def learned_by_all(provider: Provider) -> dict[tuple[str, str], tuple[float, int]]:
    """What counts now, to a thousandth of a sign-in."""
    with provider.context() as ctx:
        found = ctx.db.read(select(common_values)).mappings()
        one = worth(ctx.now)
        return {
            (row["feature"], row["value"]): (round(row["weight"] / one, 3), row["kinds"])
            for row in found
        }


def taught_to_all(provider: Provider, user_id: str, *lessons: tuple[Features, float]) -> None:
    """Let all learn from some sign-ins of now."""
    with provider.context() as ctx:
        for features, weight in lessons:
            made = decided(user_id, new_id(), features, weight)
            decisions.add(ctx.db, replace(made, at=ctx.now))
    with provider.context() as ctx:
        assert habits.learn_common(ctx) == len(lessons)


def forgotten(provider: Provider) -> int:
    with provider.context() as ctx:
        return habits.forget_common(ctx)


def check_sums(provider: Provider) -> None:
    """Each feature's row without a value is the sum of the others."""
    with provider.context() as ctx:
        rows_ = ctx.db.read(select(common_values)).mappings().all()
    sums = {row["feature"]: row for row in rows_ if row["value"] == rows.SUM}
    assert {row["feature"] for row in rows_} == sums.keys()
    for feature, total in sums.items():
        parts = [row["weight"] for row in rows_ if row["feature"] == feature and row["value"]]
        assert total["weight"] == pytest.approx(sum(parts))
        assert total["kinds"] == len(parts) > 0


def test_what_a_sign_in_taught_is_usual_at_the_next(provider: Provider, user_id):
    with provider.context() as ctx:
        assert habits.usual(ctx, user_id, HERE).learned == 0
        habits.learn(ctx, user_id, HERE, 1.0)
        habits.learn(ctx, user_id, ELSEWHERE, 0.25)

    with provider.context() as ctx:
        usual = habits.usual(ctx, user_id, HERE)
    assert usual.of("country").own == 1.0
    assert usual.of("country").own_all == 1.25


def test_what_teaches_nothing_writes_nothing(provider: Provider, user_id):
    with provider.context() as ctx:
        habits.learn(ctx, user_id, HERE, 0.0)
        habits.unlearn(ctx, user_id, HERE, 0.0)
        assert rows.find(ctx.db, user_id) == rows.Habits()
        assert rows.find(ctx.db, user_id).version == 0


def test_of_two_sign_ins_at_once_neither_lesson_is_lost(provider: Provider, user_id):
    with provider.context() as ctx:
        read_before = rows.find(ctx.db, user_id)
        habits.learn(ctx, user_id, HERE, 1.0)
        late = {"address": {"x": [1.0, 1, 1.0]}}
        assert not rows.save(ctx.db, user_id, read_before, late, learned=1.0, now=NOON)
    with provider.context() as ctx:
        read_before = rows.find(ctx.db, user_id)
        habits.learn(ctx, user_id, ELSEWHERE, 1.0)
        assert not rows.save(ctx.db, user_id, read_before, late, learned=1.0, now=NOON)
        kept = rows.find(ctx.db, user_id).counters["address"]
    assert set(kept) == {"192.0.2.7", "203.0.113.9"}


def test_all_learn_each_sign_in_once(provider: Provider, user_id):
    with provider.context() as ctx:
        decisions.add(ctx.db, decided(user_id, "one", HERE, 1.0))
        decisions.add(ctx.db, decided(user_id, "two", HERE, 0.25))
        decisions.add(ctx.db, decided(user_id, "three", ELSEWHERE, 1.0))
        decisions.add(ctx.db, decided(user_id, "none", ELSEWHERE, 0.0))
    counts = []
    for _ in range(2):
        with provider.context() as ctx:
            counts.append(habits.learn_common(ctx))

    assert counts == [3, 0]
    common = learned_by_all(provider)
    assert common["country", "NO"] == (1.25, 0)
    assert common["country", ""] == (2.25, 2)
    assert ("address", "192.0.2.7") not in common
    assert all(weight > 0 for weight, _ in common.values())


def test_two_nodes_that_learn_at_once_count_nothing_twice(provider: Provider, user_id):
    database = provider.house.get(Database)
    with provider.context() as ctx:
        for name in range(20):
            decisions.add(ctx.db, decided(user_id, str(name), HERE, 1.0))
    if database.writers is not None:
        # On SQLite the second waits for the first, and finds nothing left.
        for _ in range(2):
            with provider.context() as ctx:
                habits.learn_common(ctx)
    else:
        with provider.context() as first, provider.context() as second:
            assert len(decisions.take_lessons(first.db)) == 20
            assert decisions.take_lessons(second.db) == []
            first.db.rollback()
        with provider.context() as ctx:
            habits.learn_common(ctx)

    assert learned_by_all(provider)["country", "NO"] == (20.0, 0)


def test_what_all_did_counts_half_after_a_quarter_of_a_year(provider: Provider, user_id):
    taught_to_all(provider, user_id, (HERE, 1.0), (ELSEWHERE, 0.5))
    provider.clock.forward(days=90)
    taught_to_all(provider, user_id, (HERE, 1.0))

    common = learned_by_all(provider)
    assert common["country", "NO"] == (1.5, 0)
    assert common["country", "RO"] == (0.25, 0)
    assert common["country", ""] == (1.75, 2)
    with provider.context() as ctx:
        usual = habits.usual(ctx, user_id, HERE).of("country")
    assert (usual.common, usual.common_all) == (pytest.approx(1.5), pytest.approx(1.75))
    check_sums(provider)


def test_what_nobody_came_with_for_long_is_forgotten_and_the_sums_are_of_the_rest(
    provider: Provider, user_id
):
    taught_to_all(provider, user_id, (HERE, 1.0), (HERE, 1.0), (ELSEWHERE, 1.0))
    provider.clock.forward(days=179)
    assert forgotten(provider) == 0
    provider.clock.forward(days=2)

    # Country, AS number, the hour and the hour of the week are those of both, or only elsewhere.
    assert forgotten(provider) == 2
    assert forgotten(provider) == 0
    common = learned_by_all(provider)
    assert ("country", "RO") not in common
    assert common["country", ""] == (0.496, 1)
    check_sums(provider)


def test_when_all_is_forgotten_nothing_is_left(provider: Provider, user_id):
    taught_to_all(provider, user_id, (HERE, 1.0), (ELSEWHERE, 0.75))
    provider.clock.forward(days=3650)

    assert forgotten(provider) > 0
    assert learned_by_all(provider) == {}
    taught_to_all(provider, user_id, (HERE, 1.0))
    assert learned_by_all(provider)["country", ""] == (1.0, 1)


def test_what_is_forgotten_goes_in_batches(provider: Provider, user_id):
    many = [replace(ELSEWHERE, country=f"{number}") for number in range(BATCH)]
    taught_to_all(provider, user_id, *((each, 1.0) for each in many))
    taught_to_all(provider, user_id, (HERE, 1.0))
    provider.clock.forward(days=365)

    assert forgotten(provider) == BATCH
    check_sums(provider)
    assert 0 < forgotten(provider) < BATCH
    check_sums(provider)
    assert not [value for feature, value in learned_by_all(provider) if feature == "country"]


def test_what_comes_again_while_it_is_forgotten_is_in_the_sums(provider: Provider, user_id):
    """Whoever learns holds the sums first, whoever forgets does too: neither counts half."""
    taught_to_all(provider, user_id, (HERE, 1.0), (ELSEWHERE, 1.0))
    provider.clock.forward(days=365)
    with provider.context() as ctx:
        decisions.add(ctx.db, replace(decided(user_id, "again", HERE, 1.0), at=ctx.now))
    finished = []

    def learn() -> None:
        with provider.context() as second:
            finished.append(habits.learn_common(second))

    with provider.context() as first:
        assert habits.forget_common(first) > 0
        learner = threading.Thread(target=learn)
        learner.start()
        learner.join(0.5)
        assert finished == []
    learner.join(10)

    assert finished == [1]
    assert learned_by_all(provider)["country", ""] == (1.0, 1)
    check_sums(provider)


def test_a_full_batch_leaves_the_rest_for_the_next(provider: Provider, user_id):
    with provider.context() as ctx:
        for name in range(BATCH + 1):
            decisions.add(ctx.db, decided(user_id, str(name), HERE, 1.0))
    counts = []
    for _ in range(2):
        with provider.context() as ctx:
            counts.append(habits.learn_common(ctx))

    assert counts == [BATCH, 1]


def test_who_says_it_was_them_teaches_what_was_held_back(provider: Provider, user_id):
    with provider.context() as ctx:
        habits.learn(ctx, user_id, ELSEWHERE, 1.0)
        decisions.add(ctx.db, decided(user_id, "one", HERE, 0.25))
        habits.learn(ctx, user_id, HERE, 0.25)
    with provider.context() as ctx:
        habits.learn_common(ctx)
    with provider.context() as ctx:
        decision = decisions.find(ctx.db, "one")
        assert decision is not None
        habits.confirm(ctx, decision)
    with provider.context() as ctx:
        habits.learn_common(ctx)
        assert habits.usual(ctx, user_id, HERE).of("country").own == 1.0
    assert learned_by_all(provider)["country", "NO"] == (1.0, 0)


def test_what_was_not_the_users_teaches_nobody(provider: Provider, user_id):
    with provider.context() as ctx:
        decisions.add(ctx.db, decided(user_id, "one", ELSEWHERE, 0.25))
        habits.learn(ctx, user_id, HERE, 1.0)
        habits.learn(ctx, user_id, ELSEWHERE, 0.25)
    with provider.context() as ctx:
        decision = decisions.find(ctx.db, "one")
        assert decision is not None
        habits.disown(ctx, decision)
    with provider.context() as ctx:
        assert habits.learn_common(ctx) == 0
        assert habits.usual(ctx, user_id, ELSEWHERE).of("country").own == 0


def test_habits_go_with_their_user(provider: Provider, user_id):
    with provider.context() as ctx:
        habits.learn(ctx, user_id, HERE, 1.0)
        users.remove(ctx.db, user_id)
    with provider.context() as ctx:
        assert habits.usual(ctx, user_id, HERE).learned == 0


def test_one_statement_tells_what_is_usual(provider: Provider, user_id):
    with overheard(provider) as heard, provider.context() as ctx:
        habits.usual(ctx, user_id, HERE)

    assert len(heard.work) == 1


def test_common_values_are_found_by_their_key(provider: Provider, user_id):
    with provider.context() as ctx:
        habits.learn(ctx, user_id, HERE, 1.0)
        asked = tuple(feature for feature, _ in habits.common_names(HERE))
        rows.usual(ctx.db, user_id, habits.common_names(HERE))
        statement = rows._USUAL[asked].statement
    engine = provider.house.get(Database).engine
    sql = str(statement.compile(engine, compile_kwargs={"literal_binds": False}))
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            plan = connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {sql}", tuple("x" for _ in range(sql.count("?")))
            ).fetchall()
        assert not [line for line in plan if "SCAN" in str(line[-1])], plan
