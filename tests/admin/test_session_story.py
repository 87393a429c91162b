"""What operators read of a sign-in that really was: its story, its explanation, its draft."""

from datetime import timedelta

import pytest

from idp.admin import session_desk, what_if
from idp.admin.insight import insight
from idp.admin.session_policy import explanation_of
from idp.store import sessions
from tests.app import RelyingParty, make_provider

DAY = timedelta(days=1)
STRICT = """
[[rules]]
name = "short"
then = { outcome = "refuse", idle = "10m" }
"""


@pytest.fixture
def rp(database_url, tmp_path):
    draft = tmp_path / "draft.toml"
    draft.write_text(STRICT)
    provider = make_provider(database_url, tmp_path, policy_draft_file=draft)
    provider.add_user()
    return RelyingParty(provider, provider.add_client(), provider.browser())


def test_a_sign_in_is_told_explained_counted_and_compared_with_a_draft(rp):
    rp.sign_in()
    rp.provider.clock.forward(seconds=1)

    with rp.provider.context() as ctx:
        (user_id,) = {row.user_id for row in rp.provider.audit() if row.name == "session.opened"}
        (session,) = sessions.list_live_of_user(ctx.db, user_id, ctx.now)
        story = session_desk.story_of(ctx, session.sid)
        found = explanation_of(ctx, story)
        compared = what_if.compared(ctx, ctx.now - DAY)
        figures = insight(ctx, ctx.now - DAY)

    (decision,) = story.decisions
    assert decision.id == session.decision_id
    assert [grant.client_id for grant in story.grants] == [rp.client_id]
    assert found.policy.version == session.policy_version
    assert compared is not None
    assert compared.overall.counts["refusals_added"] == 1
    assert list(compared.by["client"]) == [rp.client_id]
    assert figures.days[0].sign_ins == 1
    assert figures.alive_by_client == {rp.client_id: 1}
