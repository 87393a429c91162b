"""`idp insight`: what goes on, in figures that name nobody."""

from datetime import timedelta
from typing import Any

from idp.policy.facts import Facts
from idp.policy.terms import Moment, RiskLevel
from tests.cli.conftest import Idp
from tests.support.judged import a_decision, a_session, add_decisions, add_sessions

DAY = timedelta(days=1)
HIGH = Facts(moment=Moment.SIGN_IN, risk=RiskLevel.HIGH)


def with_a_week(idp: Idp) -> Any:
    """Two users, and what was decided about them; return the instant of the newest.

    It is long enough ago for nobody to go on from a prompt any more.
    """
    ada, eve = idp.add_user("ada"), idp.add_user("eve")
    idp("user", "set-groups", "eve", "staff")
    with idp.inside() as ctx:
        now = ctx.now - timedelta(minutes=20)
        prompt = {"outcome": "ask_factor", "facts": HIGH}
        rows = [
            a_decision(ada, now),
            a_decision(ada, now, **prompt, sid="a", answer="me"),
            a_decision(eve, now, **prompt, answer="not_me"),
            a_decision(eve, now, **prompt, sid="b"),
            a_decision(eve, now, **prompt, sid="c"),
            a_decision(eve, now, outcome="refuse"),
            a_decision(eve, now, outcome="ask_again", moment="account"),
            a_decision(eve, now, outcome="refuse", moment="authorize"),
            a_decision(eve, now, outcome="end", moment="authorize"),
            a_decision(eve, now, outcome="shorten", moment="refresh"),
            a_decision(ada, now - 20 * DAY),
        ]
        add_decisions(ctx.db, rows)
        over = {"ended_at": now, "end_reason": "user_logout"}
        lives = {"ended_at": None, "end_reason": None}
        add_sessions(ctx.db, [a_session(ada, now - timedelta(minutes=30), **over)])
        add_sessions(ctx.db, [a_session(eve, now, **lives)])
    return now


def test_a_week_is_told_in_figures(idp: Idp) -> None:
    now = with_a_week(idp)

    told = idp.json("insight")

    (day,) = told["days"]
    assert day == {
        "day": f"{now:%Y-%m-%d}",
        "sign_ins": 4,
        "failures": 0,
        "refusals": 2,
        "prompts": 4,
        "given_up": 1,
        "step_ups": 1,
        "ended": 1,
        "low": 2,
        "elevated": 0,
        "high": 4,
    }
    assert told["false_alarms"] == {"me": 1, "not_me": 1, "share": 0.5}
    assert told["prompts_per_week"] == {"1": 1, "4": 1}
    assert [each["reason"] for each in told["lengths"]] == ["user_logout"]
    assert told["alive"] == [{"risk": "low", "acr": "sfa", "challenged": False, "count": 1}]
    assert len(idp.json("insight", "--since", "30d")["days"]) == 2


def test_the_figures_read_as_tables_and_name_nobody(idp: Idp) -> None:
    with_a_week(idp)

    shown = idp("insight")

    for said in (
        "SIGN-INS",
        "GIVEN-UP",
        "1 of 4 prompts",
        "its user signed out",
        "30 m",
        "50% of those answered",
        "staff",
    ):
        assert said in shown, said
    assert "ada" not in shown
    assert "eve" not in shown


def test_a_prompt_counts_as_soon_as_it_asks_and_is_given_up_when_its_time_is_over(idp: Idp) -> None:
    ada = idp.add_user("ada")
    with idp.inside() as ctx:
        add_decisions(ctx.db, [a_decision(ada, ctx.now, outcome="ask_factor", facts=HIGH)])

    (day,) = idp.json("insight")["days"]

    counted = {name: count for name, count in day.items() if count and name != "day"}
    assert counted == {"prompts": 1, "high": 1}
    assert "0 of 1 prompts" in idp("insight")


def test_an_empty_house_has_figures_too(idp_on_sqlite: Idp) -> None:
    shown = idp_on_sqlite("insight")

    assert "Nobody signed in" in shown
    assert "Nobody is signed in." in shown
    assert "nobody answered" in shown


def test_a_span_is_said_in_days_hours_or_minutes(idp_on_sqlite: Idp) -> None:
    for span in ("30", "0d", "a week", "-7d", "1y"):
        assert "30d, 12h or 45m" in idp_on_sqlite.refused("insight", "--since", span, status=2)
