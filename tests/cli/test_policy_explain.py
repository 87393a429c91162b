"""`idp policy explain`: what today's policy makes of a session, rule by rule."""

from pathlib import Path
from typing import Any

from sqlalchemy import update

from idp.sessions import service as sessions
from idp.store.schema import sessions as table
from tests.cli.conftest import Idp
from tests.support.judged import CHROME

POLICY = """
[[rules]]
name = "admins"
when = { groups = ["admins"], proof_older_than = "1h" }
then = { idle = "15m", acr = "phr" }
"""


def open_session(idp: Idp, **columns: str) -> str:
    ada = idp.add_user("ada")
    where = {"address": "198.51.100.7", "seen_address": "198.51.100.7"}
    agent = {"user_agent": CHROME, "seen_user_agent": CHROME}
    with idp.inside() as ctx:
        sid = sessions.open_session(ctx, ada, ("pwd",), None).session.sid
        mine = update(table).where(table.c.sid == sid)
        ctx.db.write(mine.values(**where, **agent, **columns))
    return sid


def rules_of(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {rule["name"]: rule for rule in told["rules"]}


def test_each_rule_says_whether_it_applies_and_what_it_decided(idp: Idp) -> None:
    sid = open_session(idp, risk="high", policy_version="0a1b2c")

    told = idp.json("policy", "explain", "--session", sid)

    rules = rules_of(told)
    assert told["judged_by"] == "0a1b2c"
    assert told["rule"] == "high_risk"
    assert rules["high_risk"]["applies"] == "yes"
    assert set(rules["high_risk"]["decided"]) >= {"outcome", "idle", "absolute"}
    assert rules["elevated_risk"]["applies"] == "if_calmer"
    assert rules["copied_cookie"]["applies"] == "no"
    assert told["limits"]["limited_by"]["idle"] == "high_risk"
    assert "sessions" in told["by_defaults"]


def test_the_explanation_reads_in_words_and_notes_nothing(idp: Idp) -> None:
    sid = open_session(idp)
    before = idp.events()

    shown = idp("policy", "explain", "--session", sid)

    for said in (
        "new_browser: applies",
        "high_risk: does not apply",
        "wants risks = high, and it is low",
        "absolute",
        "(by new_browser)",
        "as many as they like",
        "decided outcome, absolute",
        "Today it would be by  shorten (by new_browser)",
        "A sign-in now meets   shorten (by elevated_risk)",
    ):
        assert said in shown, said
    assert idp.events() == before


def test_a_policy_of_ones_own_is_explained_by_its_names(idp_on_sqlite: Idp, tmp_path: Path) -> None:
    sid = open_session(idp_on_sqlite)
    file = tmp_path / "policy.toml"
    file.write_text(POLICY)
    idp_on_sqlite.environment["IDP_POLICY_FILE"] = str(file)

    shown = idp_on_sqlite("policy", "explain", "--session", sid)
    assert "admins: does not apply" in shown
    assert "wants groups = admins, and it is none" in shown
    assert "says acr = phr, idle = 15m" in shown
    (unmet, _) = rules_of(idp_on_sqlite.json("policy", "explain", "--session", sid))["admins"][
        "unmet"
    ]
    assert unmet == {"condition": "groups", "wanted": "admins", "is": ""}


def test_a_session_that_nobody_knows_is_refused(idp_on_sqlite: Idp) -> None:
    said = idp_on_sqlite.refused("policy", "explain", "--session", "nothing")
    assert "There is no session of this id" in said
