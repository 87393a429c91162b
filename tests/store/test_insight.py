"""Figures of what happened: true to the rows, and few rows read for them."""

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from idp.policy.facts import Facts
from idp.policy.terms import Moment, RiskLevel
from idp.store import known_devices
from idp.store.insight import decided, lives, people
from idp.store.insight.decided import Answered, Daily
from idp.store.known_devices import KnownDevice
from idp.store.schema import audit_events
from tests.support.judged import a_decision, a_session, add_decisions, add_sessions

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AT = {level: Facts(moment=Moment.SIGN_IN, risk=level) for level in RiskLevel}


@pytest.fixture
def db(provider):
    with provider.context() as ctx:
        yield ctx.db


def test_decisions_are_counted_by_day_moment_level_and_outcome(provider, db):
    ada = provider.add_user().id
    late = NOON.replace(hour=23, minute=59)
    add_decisions(
        db,
        [
            *(a_decision(ada, late) for _ in range(3)),
            a_decision(ada, late + HOUR, outcome="ask_factor", sid="s", facts=AT[RiskLevel.HIGH]),
            a_decision(ada, late + HOUR, outcome="end", moment="refresh"),
            a_decision(ada, NOON - DAY),
        ],
    )

    assert decided.daily(db, NOON, NOON + DAY) == [
        Daily(day="2030-01-01", moment="sign_in", level="low", outcome="allow", count=3),
        Daily(day="2030-01-02", moment="refresh", level="low", outcome="end", count=1),
        Daily(day="2030-01-02", moment="sign_in", level="high", outcome="ask_factor", count=1),
    ]


def test_prompts_of_sign_ins_are_counted_by_whether_anybody_went_on_or_still_may(provider, db):
    ada = provider.add_user().id
    prompt = {"outcome": "ask_factor"}
    add_decisions(
        db,
        [
            a_decision(ada, NOON, **prompt, sid="s"),
            a_decision(ada, NOON, **prompt),
            a_decision(ada, NOON, outcome="ask_again"),
            a_decision(ada, NOON + HOUR, **prompt),
            a_decision(ada, NOON, outcome="refuse"),
            a_decision(ada, NOON, outcome="ask_again", moment="account", sid="s"),
        ],
    )

    told = {
        (row.moment, row.outcome, row.unfinished, row.given_up): row.count
        for row in decided.daily(db, NOON - DAY, NOON)
    }

    assert told == {
        ("sign_in", "ask_factor", False, False): 1,
        ("sign_in", "ask_factor", True, True): 1,
        ("sign_in", "ask_again", True, True): 1,
        ("sign_in", "ask_factor", True, False): 1,
        ("sign_in", "refuse", False, False): 1,
        ("account", "ask_again", False, False): 1,
    }


def test_wrong_proofs_are_counted_by_day(db):
    def event(at, name):
        row = {"at": at, "name": name, "actor": "visitor", "reference": "r", "data": {}}
        db.write(insert(audit_events).values(row))

    event(NOON, "login.failed")
    event(NOON + HOUR, "login.failed")
    event(NOON + DAY, "login.failed")
    event(NOON - DAY, "login.failed")
    event(NOON, "session.opened")

    assert decided.failures(db, NOON) == {"2030-01-01": 2, "2030-01-02": 1}


def test_answers_tell_false_alarms_from_true_ones(provider, db):
    ada = provider.add_user().id
    asked = a_decision(ada, NOON, outcome="ask_factor", answer="me")
    add_decisions(
        db,
        [
            asked,
            replace(asked, id="2"),
            replace(asked, id="3", answer="not_me"),
            replace(asked, id="4", answer=None),
            replace(asked, id="5", outcome="allow"),
        ],
    )

    assert decided.answers(db, NOON) == [
        Answered(level="low", asked=False, answer="me", count=1),
        Answered(level="low", asked=True, answer="me", count=2),
        Answered(level="low", asked=True, answer="not_me", count=1),
    ]


def test_prompts_are_counted_by_user_and_week(provider, db):
    ada, eve = provider.add_user("ada").id, provider.add_user("eve").id
    prompt = {"outcome": "ask_factor"}
    add_decisions(
        db,
        [
            a_decision(ada, NOON, **prompt),
            a_decision(ada, NOON + 6 * DAY, outcome="ask_again", moment="account"),
            a_decision(ada, NOON + 8 * DAY, **prompt),
            a_decision(eve, NOON),
            a_decision(eve, NOON + 9 * DAY),
        ],
    )

    assert decided.prompts_per_week(db, NOON) == {0: 2, 1: 1, 2: 1}


def test_high_risk_that_was_let_in_by_one_factor_is_counted(provider, db):
    ada = provider.add_user().id
    high = a_decision(ada, NOON, sid="s", facts=AT[RiskLevel.HIGH])
    proved = Facts(moment=Moment.SIGN_IN, risk=RiskLevel.HIGH, acr="mfa")
    said = {"outcome": "allow"}
    add_decisions(
        db,
        [
            high,
            replace(high, id="2", sid=None),
            replace(high, id="3", draft=said, facts=a_decision(ada, NOON, facts=proved).facts),
            a_decision(ada, NOON, sid="t"),
        ],
    )

    assert decided.high_without_second_step(db, NOON) == 1


def test_the_length_of_sessions_is_told_by_how_they_ended(provider, db):
    ada = provider.add_user().id
    began = NOON - 20 * HOUR
    signed_out = [
        a_session(
            ada,
            began,
            idle_until=began + 12 * HOUR,
            ended_at=began + timedelta(minutes=minutes),
            end_reason="user_logout",
        )
        for minutes in range(10, 110, 10)
    ]
    unnoted = a_session(ada, began, ended_at=None, end_reason=None)
    others = [
        unnoted,
        # Whoever notes it late does not make it longer.
        a_session(ada, began, ended_at=began + 9 * HOUR, end_reason="idle_timeout"),
        a_session(ada, began, idle_until=began + 12 * HOUR, ended_at=None, end_reason=None),
        a_session(ada, began, ended_at=began + HOUR / 2, end_reason="admin:a laptop was stolen"),
        # This one lives, and that one ended too long ago.
        a_session(ada, NOON, ended_at=None, end_reason=None),
        a_session(ada, NOON - 9 * DAY, ended_at=None, end_reason=None),
    ]
    add_sessions(db, [*signed_out, *others])

    told = {each.reason: each for each in lives.lengths(db, NOON - DAY, NOON)}

    assert {reason: each.count for reason, each in told.items()} == {
        "user_logout": 10,
        "idle_timeout": 2,
        "absolute_timeout": 1,
        "admin": 1,
    }
    minute = 60
    ends = told["user_logout"]
    assert (ends.median, ends.p90) == (
        pytest.approx(50 * minute, abs=1),
        pytest.approx(5400, abs=1),
    )
    assert told["idle_timeout"].p90 == pytest.approx(3600, abs=1)
    assert told["absolute_timeout"].median == pytest.approx(12 * 3600, abs=1)
    assert told["admin"].median == pytest.approx(1800, abs=1)


def test_live_sessions_are_counted_by_what_they_are(provider, db):
    ada = provider.add_user().id
    began = NOON - HOUR / 2
    row = {"decision_id": None, "challenged_at": None, "risk": "low", "idle_seconds": 3600}
    add_sessions(
        db,
        [
            a_session(ada, began, **row | {"decision_id": "norway"}),
            a_session(ada, began, **row | {"risk": "high", "challenged_at": NOON}),
            a_session(ada, began, **row | {"idle_seconds": 7200}),
            a_session(ada, began, **row | {"absolute_until": NOON + 30 * HOUR}),
            a_session(ada, NOON - 2 * HOUR, **row),
        ],
    )
    norway = Facts(moment=Moment.SIGN_IN, country="NO")
    add_decisions(db, [a_decision(ada, began, id="norway", facts=norway)])

    shown = [asdict(each) for each in lives.alive(db, NOON)]
    assert shown == [
        {"risk": "high", "acr": "sfa", "challenged": True, "count": 1},
        {"risk": "low", "acr": "sfa", "challenged": False, "count": 3},
    ]
    assert lives.alive_by_country(db, NOON) == {"": 3, "NO": 1}
    assert lives.alive_by_client(db, NOON) == {}
    found = lives.too_long(db, NOON, idle=3600, absolute=24 * 3600)
    assert asdict(found) == {"live": 4, "idle": 1, "absolute": 1}
    assert lives.over_without_record(db, NOON - HOUR / 2) == 1


def test_the_live_sessions_of_a_client_are_counted_once_each(provider, rp):
    rp.sign_in()
    rp.sign_in()
    with provider.context() as ctx:
        counted = lives.alive_by_client(ctx.db, ctx.now)
    assert counted == {rp.client_id: 1}


def test_who_lacks_a_second_factor_is_counted_by_groups(provider, db):
    provider.add_user("ada", groups=["admins", "staff"])
    provider.add_totp(provider.add_user("eve", groups=["staff"]))
    provider.add_user("bob", groups=["staff"], phone_number_verified=True)
    provider.add_user("gone", groups=["staff"], disabled_at=NOON)
    provider.add_user("mae", email_verified=False)

    told = {each.groups: each for each in people.strengths(db)}

    assert {k: (each.users, each.weak) for k, each in told.items()} == {
        (): (1, 1),
        ("admins", "staff"): (1, 1),
        ("staff",): (2, 1),
    }
    assert (told["staff",].text, told["staff",].mail, told[()].mail) == (1, 1, 0)


def test_browsers_of_many_and_trust_that_nobody_uses_are_found(provider, db):
    names = ("ada", "eve", "bob")
    users = [provider.add_user(name).id for name in names]
    for user in users:
        kiosk = KnownDevice(
            device_id="kiosk", user_id=user, first_seen_at=NOON - 90 * DAY, last_seen_at=NOON
        )
        own = replace(kiosk, device_id=f"of {user}", last_seen_at=NOON - 40 * DAY)
        known_devices.add(db, kiosk)
        known_devices.add(db, replace(own, trusted_until=NOON + DAY))
    known_devices.trust(db, "kiosk", users[0], NOON + DAY)

    (shared,) = people.shared_browsers(db, NOON, more_than=2)
    one = min(users)
    assert asdict(shared) == {"device_id": "kiosk", "user_id": one, "users": 3, "trusted": 1}
    assert people.shared_browsers(db, NOON, more_than=3) == []
    assert people.trusted_unused(db, NOON, since=NOON - 30 * DAY) == 3
