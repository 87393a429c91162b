"""A draft policy says what it would have done beside what is done, and changes nothing."""

import pytest

from idp.judgement import service
from idp.policy.terms import Outcome
from idp.store import decisions
from tests.app import make_provider

ASKING = """
[[rules]]
name = "everybody"
then = { outcome = "ask_factor", idle = "30m" }
"""


@pytest.fixture
def provider(database_url, tmp_path):
    draft = tmp_path / "draft.toml"
    draft.write_text(ASKING)
    return make_provider(database_url, tmp_path, policy_draft_file=draft)


@pytest.mark.parametrize(
    ("owned", "outcome"), [(True, Outcome.ASK_FACTOR), (False, Outcome.SHORTEN)]
)
def test_a_draft_that_asks_is_on_record_as_asking_whoever_could_have_answered(
    provider, owned, outcome
):
    user = provider.add_user()
    with provider.context() as ctx:
        decided = service.judge_sign_in(
            ctx, user, ("pwd",), device_id=None, client_id=None, second_step_owned=owned
        )
        ended = service.in_the_end(decided, shown=False)
        decision_id = service.record(ctx, ended, sid=None)
        recorded = decisions.find(ctx.db, decision_id)

    assert recorded.draft["outcome"] == outcome
    assert recorded.draft["rule"] == "everybody"
    assert recorded.draft["limits"]["idle"] == 1800
    assert recorded.outcome != Outcome.ASK_FACTOR
