"""`idp policy simulate` and `compare`: what another policy would have said, to whom, how often."""

from datetime import timedelta
from typing import Any

from sqlalchemy import event

from idp.policy.facts import Facts
from idp.policy.terms import DeviceStanding, Moment, RiskLevel
from idp.store import decision_pages
from idp.store.database import Database
from tests.cli.conftest import Idp
from tests.support.judged import LIMITS, a_decision, add_decisions

DAY = timedelta(days=1)
KNOWN = Facts(
    moment=Moment.SIGN_IN,
    device=DeviceStanding.KNOWN,
    second_step_owned=True,
    client_id="shop",
    groups=frozenset({"staff"}),
)
NEW = Facts(moment=Moment.SIGN_IN, device=DeviceStanding.NEW, second_step_owned=True)
STRICT = """
[[rules]]
name = "new browsers are asked"
when = { devices = ["new"] }
then = { outcome = "ask_factor" }

[[rules]]
name = "staff is back sooner"
when = { groups = ["staff"] }
then = { idle = "30m", absolute = "8h" }
"""


ASKING = """
[[rules]]
name = "all are asked"
when = {}
then = { outcome = "ask_factor", idle = "10m" }
"""


def with_a_past(idp: Idp) -> Any:
    """Ada signs in twice by her own browser, Eve twice by a new one, once long ago."""
    ada, eve = idp.add_user("ada"), idp.add_user("eve")
    with idp.inside() as ctx:
        now = ctx.now - timedelta(minutes=1)
        rows = [
            a_decision(ada, now, facts=KNOWN, sid="a1"),
            a_decision(ada, now, facts=KNOWN, sid="a2", outcome="ask_factor"),
            a_decision(eve, now, facts=NEW, sid="e1"),
            a_decision(eve, now, facts=NEW, outcome="refuse", policy_version="v0"),
            a_decision(eve, now - 40 * DAY, facts=NEW, sid="e0"),
            a_decision(eve, now, facts={"moment": "noon"}),
        ]
        add_decisions(ctx.db, rows)
    return now


def the_policy(idp: Idp, text: str = STRICT) -> str:
    file = idp.data_dir / "draft.toml"
    file.write_text(text)
    return str(file)


def test_a_draft_is_judged_by_what_was_recorded(idp: Idp) -> None:
    with_a_past(idp)

    told = idp.json("policy", "simulate", the_policy(idp))

    counts = told["overall"]
    expected = {
        "decisions": 4,
        "prompts_done": 1,
        "prompts_then": 2,
        "prompts_added": 2,
        "prompts_removed": 1,
        "refusals_removed": 1,
        "sessions": 3,
        "shortened": 3,
        "lengthened": 0,
    }
    assert {name: counts[name] for name in expected} == expected
    shorter = counts["moved"]["absolute_shorter"]
    assert (shorter["count"], shorter["most_seconds"]) == (3, 6 * 3600)
    assert counts["moved"]["idle_shorter"] == {
        "count": 2,
        "mean_seconds": 1800,
        "most_seconds": 1800,
    }
    assert told["unreadable"] == 1
    assert told["policies"] == {"v1": 3, "v0": 1}
    assert told["by"]["group"]["staff"]["shortened"] == 2
    assert told["by"]["group"]["(no group)"]["prompts_added"] == 2
    assert told["by"]["client"]["shop"]["prompts_removed"] == 1
    assert told["by"]["level"]["low"]["decisions"] == 4
    assert told["by"]["rule"]["new browsers are asked"]["decisions"] == 2
    assert [each["username"] for each in told["hardest"]] == ["eve", "ada"]
    assert told["not_known"]
    assert (
        idp.json("policy", "simulate", the_policy(idp), "--since", "60d")["overall"]["decisions"]
        == 5
    )


def test_a_prompt_that_nobody_answered_is_judged_again_and_is_no_session(idp: Idp) -> None:
    ada = idp.add_user("ada")
    with idp.inside() as ctx:
        asked = {"facts": KNOWN, "outcome": "ask_factor"}
        given_up = a_decision(ada, ctx.now - timedelta(minutes=1), **asked)
        add_decisions(ctx.db, [given_up])

    calm = idp.json("policy", "simulate", the_policy(idp))["overall"]
    strict = idp.json("policy", "simulate", the_policy(idp, ASKING))["overall"]

    assert (calm["prompts_done"], calm["prompts_removed"], calm["sessions"]) == (1, 1, 0)
    assert (strict["prompts_then"], strict["prompts_removed"], strict["sessions"]) == (1, 0, 0)
    assert calm["shortened"] == strict["shortened"] == 0


def test_the_difference_reads_as_tables_and_says_what_it_cannot_know(idp: Idp) -> None:
    with_a_past(idp)

    shown = idp("policy", "simulate", the_policy(idp))

    for said in (
        "against what was done",
        "4 (3 by v1, 1 by v0)",
        "2 instead of 1: 2 added, 1 removed",
        "GROUP",
        "staff",
        "CLIENT",
        "HIT HARDEST",
        "3, by 4 h 40 m in the mean, 6 h at most",
        "cannot know",
        "Not readable",
    ):
        assert said in shown, said


def test_todays_policy_may_be_what_a_draft_is_compared_with(idp_on_sqlite: Idp) -> None:
    with_a_past(idp_on_sqlite)
    simulate = ("policy", "simulate", the_policy(idp_on_sqlite, ""), "--against", "current")

    told = idp_on_sqlite.json(*simulate)

    assert told["overall"]["prompts_added"] == told["overall"]["prompts_removed"] == 0
    assert told["overall"]["shortened"] == 0
    assert "today's policy" in told["against"]
    assert told["hardest"] == []
    assert "HIT HARDEST" not in idp_on_sqlite(*simulate)


def test_a_draft_with_faults_is_refused_with_their_lines(idp_on_sqlite: Idp) -> None:
    file = the_policy(idp_on_sqlite, '[defaults]\nidle = "a while"\n')

    assert "line 2: defaults.idle" in idp_on_sqlite.refused("policy", "simulate", file)
    missing = str(idp_on_sqlite.data_dir / "nothing.toml")
    assert "it cannot be read" in idp_on_sqlite.refused("policy", "simulate", missing)


def test_nothing_recorded_is_nothing_compared(idp_on_sqlite: Idp) -> None:
    shown = idp_on_sqlite("policy", "simulate", the_policy(idp_on_sqlite))

    assert "Nothing was decided" in shown


def test_what_a_draft_said_at_the_time_is_compared_with_what_was_done(idp: Idp) -> None:
    now = with_a_past(idp)
    ada = idp.add_user("bob")
    draft = {"rule": "all", "version": "d2", "level": "low", "limits": LIMITS | {"acr": None}}
    with idp.inside() as ctx:
        add_decisions(
            ctx.db,
            [
                a_decision(ada, now, facts=KNOWN, sid="b", draft=draft | {"outcome": "allow"}),
                a_decision(ada, now, facts=KNOWN, draft=draft | {"outcome": "refuse"}),
                a_decision(
                    ada, now - DAY, facts=NEW, draft=draft | {"outcome": "end", "version": "d1"}
                ),
            ],
        )

    told = idp.json("policy", "compare")
    assert (told["version"], told["overall"]["decisions"]) == ("d2", 2)
    assert told["overall"]["refusals_added"] == 1
    assert told["hardest"][0]["username"] == "bob"
    before = idp.json("policy", "compare", "--version", "d1")
    assert before["overall"]["decisions"] == 1
    assert "d2 against what was done" in idp("policy", "compare")
    assert "of version d3" in idp.refused("policy", "compare", "--version", "d3")


def test_where_no_draft_had_its_say_there_is_nothing_to_compare(idp_on_sqlite: Idp) -> None:
    with_a_past(idp_on_sqlite)

    assert "IDP_POLICY_DRAFT_FILE" in idp_on_sqlite.refused("policy", "compare")


def test_decisions_are_read_a_page_at_a_time(idp: Idp, monkeypatch: Any) -> None:
    """However many there are, and a user's are together."""
    users = [idp.add_user(name) for name in ("ada", "eve")]
    with idp.inside() as ctx:
        now, since = ctx.now, ctx.now - DAY
        rows = [
            a_decision(user, now - timedelta(seconds=second // 3 + 1))
            for user in users
            for second in range(25)
        ]
        add_decisions(ctx.db, rows)
    page = 10
    monkeypatch.setattr(decision_pages, "PAGE", page)
    limited = decision_pages._PAGE.limit(page)
    monkeypatch.setattr(decision_pages, "_PAGE", limited)
    with idp.inside() as ctx:
        asked: list[str] = []
        event.listen(
            ctx.house.get(Database).engine,
            "before_cursor_execute",
            lambda *said: asked.append(said[2]),
        )
        read = list(decision_pages.pages(ctx.db, since, now))

    assert [len(each) for each in read] == [10, 10, 10, 10, 10]
    assert len(asked) == 6
    everything = [made for each in read for made in each]
    assert {made.id for made in everything} == {row.id for row in rows}
    keys = [(made.user_id, made.at, made.id) for made in everything]
    assert keys == sorted(keys)


def test_risk_is_what_a_draft_makes_of_the_score(idp_on_sqlite: Idp) -> None:
    ada = idp_on_sqlite.add_user("ada")
    high = Facts(
        moment=Moment.SIGN_IN,
        device=DeviceStanding.KNOWN,
        risk=RiskLevel.HIGH,
        second_step_owned=True,
    )
    with idp_on_sqlite.inside() as ctx:
        made = a_decision(ada, ctx.now, facts=high, score=5.0, outcome="ask_factor", sid="a")
        add_decisions(ctx.db, [made])
    lenient = the_policy(idp_on_sqlite, "[risk]\nelevated = 6.0\nhigh = 9.0\n")

    told = idp_on_sqlite.json("policy", "simulate", lenient)

    assert told["overall"]["prompts_removed"] == 1
