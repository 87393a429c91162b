"""What operators read of a sign-in that really was: its story, its explanation, its draft."""

from datetime import timedelta

import pytest

from idp.admin import session_desk, what_if
from idp.admin.insight import insight
from idp.admin.session_policy import explanation_of
from idp.policy.on_record import terms_as_json
from idp.store import decisions, known_devices, sessions
from tests.app import BUILT_IN, RelyingParty, make_provider
from tests.support.judged import CHROME

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
    assert found.holds.policy.version == session.policy_version
    assert compared is not None
    assert compared.overall.counts["refusals_added"] == 1
    assert list(compared.by["client"]) == [rp.client_id]
    assert figures.days[0].sign_ins == 1
    assert figures.alive_by_client == {rp.client_id: 1}


@pytest.mark.parametrize("second_step", [False, True], ids=["no second step", "a second step"])
def test_what_holds_is_what_was_decided_and_a_sign_in_is_told_apart(
    database_url, tmp_path, second_step
):
    provider = make_provider(database_url, tmp_path, policy=BUILT_IN)
    user = provider.add_user()
    secret = provider.add_totp(user) if second_step else None
    rp = RelyingParty(provider, provider.add_client(), provider.browser())
    rp.browser.environ_base["HTTP_USER_AGENT"] = CHROME
    page = rp.log_in(rp.authorize())
    if secret is not None:
        rp.submit(page, code=provider.code(secret))

    found = the_explanation(provider, user)

    holds, opening = found.holds.judgement, found.opening
    assert (holds.outcome, holds.rule) == (opening.outcome, opening.rule)
    assert terms_as_json(holds) == opening.limits
    assert opening.outcome == ("ask_factor" if second_step else "shorten")
    # The browser was new then, and is known by now.
    assert (found.sign_in.outcome, found.sign_in.rule) == ("allow", "defaults")


@pytest.mark.parametrize("second_step", [False, True], ids=["no second step", "a second step"])
@pytest.mark.parametrize("known", [True, False], ids=["known browser", "forgotten browser"])
@pytest.mark.parametrize("failures", [0, 8])
def test_what_a_sign_in_would_meet_is_what_it_meets(
    database_url, tmp_path, second_step, known, failures
):
    provider = make_provider(database_url, tmp_path, policy=BUILT_IN)
    user = provider.add_user()
    secret = provider.add_totp(user) if second_step else None
    rp = RelyingParty(provider, provider.add_client(), provider.browser())
    rp.browser.environ_base["HTTP_USER_AGENT"] = CHROME

    def sign_in():
        page = rp.log_in(rp.authorize())
        if secret is not None and b'name="code"' in page.data:
            provider.clock.forward(seconds=30)
            rp.submit(page, code=provider.code(secret))

    sign_in()
    rp.browser.delete_cookie("__Host-idp_session", domain="id.example.test")
    for _ in range(failures):
        rp.log_in(rp.authorize(), password="wrong")
    if not known:
        with provider.context() as ctx:
            known_devices.remove_others(ctx.db, user.id, None)
    said = the_explanation(provider, user).sign_in
    provider.clock.forward(seconds=1)
    sign_in()

    with provider.context() as ctx:
        (met, *_) = decisions.list_of_user(ctx.db, user.id, limit=1)
        assert len(sessions.list_live_of_user(ctx.db, user.id, ctx.now)) == 2
    assert (said.outcome, said.rule) == (met.outcome, met.rule)


def the_explanation(provider, user):
    with provider.context() as ctx:
        (session,) = sessions.list_live_of_user(ctx.db, user.id, ctx.now)
        return explanation_of(ctx, session_desk.story_of(ctx, session.sid))
