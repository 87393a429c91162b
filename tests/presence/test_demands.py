"""What the policy wants of one request joins what its client wants; each refusal has its error."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from idp.policy.book import Rule, Then, When
from idp.policy.terms import Moment, Outcome
from idp.store import users
from tests.app import CALLBACK, Provider, RelyingParty, text_of
from tests.presence.places import decided, how_it_ended, ruled, session_in
from tests.protocol.parties import page_of, party, reasons, token_error
from tests.protocol.refreshing import BOTH, GRANT, refresh, refreshed
from tests.sessions.challenged import challenge_browser

HOUR = timedelta(hours=1)
ASKS = Then(outcome=Outcome.ASK_AGAIN)


@pytest.fixture
def two(provider: Provider) -> tuple[RelyingParty, RelyingParty]:
    """Two clients in one browser, in which ada is signed in by her password."""
    provider.add_user()
    easy = party(provider, grant_types=BOTH)
    strict = party(provider, easy.browser, grant_types=BOTH)
    for each in (easy, strict):
        each.sign_in()
    return easy, strict


def of(client: RelyingParty, **then: object) -> Rule:
    return Rule("of the client", When(clients=frozenset({client.client_id})), Then(**then))


def silent(rp: RelyingParty) -> str:
    return rp.answer(rp.authorize(prompt="none")).get("error", "code")


def test_a_client_of_which_no_rule_speaks_goes_on_as_before(provider: Provider, two):
    easy, strict = two
    ruled(provider, of(strict, outcome=Outcome.REFUSE))

    assert [silent(easy), silent(strict)] == ["code", "access_denied"]
    assert decided(provider) == [("refuse", "of the client")]


def test_a_proof_for_each_request_is_asked_for_once(provider: Provider, two):
    easy, strict = two
    ruled(provider, of(strict, outcome=Outcome.ASK_AGAIN))

    assert [silent(easy), silent(strict)] == ["code", "login_required"]
    page = strict.authorize()
    assert page_of(page) == "login"
    assert "ask you to confirm that it is you" in page.get_data(as_text=True)
    assert strict.answer(strict.log_in(page))["code"]
    assert silent(strict) == "login_required"


def test_a_proof_may_be_as_old_as_the_rule_of_the_client_says(provider: Provider, two):
    easy, strict = two
    ruled(provider, of(strict, reauthentication=timedelta(minutes=20)))
    provider.clock.forward(minutes=20)
    assert [silent(easy), silent(strict)] == ["code", "code"]

    provider.clock.forward(seconds=1)

    assert [silent(easy), silent(strict)] == ["code", "login_required"]
    page = strict.authorize()
    assert "want a recent sign-in" in page.get_data(as_text=True)
    assert strict.answer(strict.log_in(page))["code"]
    assert silent(strict) == "code"


def test_how_old_the_last_proof_is_is_said_where_that_is_why_somebody_is_asked(
    provider: Provider, two
):
    easy, strict = two
    for_all = Rule("each time", When(clients=frozenset({strict.client_id})), ASKS)
    late = Rule("late", When(proof_older_than=timedelta(minutes=5)), ASKS)
    recent = of(strict, reauthentication=timedelta(minutes=5))
    provider.clock.forward(minutes=10)
    said = []
    for rule in (for_all, late, recent):
        ruled(provider, rule)
        said.append(text_of(strict.authorize(max_age="3600")))
    ruled(provider)
    challenge_browser(provider, easy)
    said.append(text_of(strict.authorize(max_age="3600")))
    said.append(text_of(easy.follow(easy.get("/account"))))

    aged = "You last proved who you are 10 minutes ago."
    assert [aged in each for each in said] == [False, True, True, False, False]
    assert [each for each in said if "10 minutes old" in each or "1 hour old" in each] == []
    assert "Something about your session changed." in said[-1]


def test_a_level_is_stepped_up_to_by_who_can(provider: Provider, two):
    easy, strict = two
    with provider.context() as ctx:
        ada = users.find_by_username(ctx.db, "ada")
    secret = provider.add_totp(ada)
    ruled(provider, of(strict, acr="mfa"))

    assert [silent(easy), silent(strict)] == ["code", "interaction_required"]
    page = strict.authorize()
    assert page_of(page) == "login-code"
    assert "ask for a surer proof" in page.get_data(as_text=True)
    assert strict.answer(strict.submit(page, code=provider.code(secret)))["code"]
    assert silent(strict) == "code"


@pytest.mark.parametrize(
    ("wants", "besides"),
    [
        ({"acr": "mfa"}, {"outcome": Outcome.ASK_FACTOR}),
        ({"reauthentication": timedelta(minutes=5)}, {"idle": timedelta(minutes=20)}),
    ],
    ids=["a level", "a recent proof"],
)
def test_the_rule_that_wants_it_says_why_and_no_other_that_applies(
    provider: Provider, two, wants: dict[str, Any], besides: dict[str, Any]
):
    _, strict = two
    with provider.context() as ctx:
        provider.add_totp(users.find_by_username(ctx.db, "ada"))
    of_it = replace(of(strict, **wants), because="Salaries stand there")
    here = When(moments=frozenset({Moment.AUTHORIZE}))
    ruled(provider, Rule("other", here, Then(**besides), because="It rains"), of_it)
    provider.clock.forward(minutes=6)

    said = text_of(strict.authorize())

    assert "Salaries stand there." in said
    assert "It rains" not in said


def test_a_level_that_cannot_be_shown_is_refused(provider: Provider, two):
    easy, strict = two
    ruled(provider, of(strict, acr="phrh"))

    assert silent(easy) == "code"
    assert silent(strict) == "unmet_authentication_requirements"


def test_a_client_of_its_own_limits_shortens_the_session_and_nothing_lengthens_it(
    provider: Provider, two
):
    easy, strict = two
    ruled(provider, of(strict, idle=timedelta(minutes=10)))
    before = session_in(provider)

    easy.authorize()
    assert session_in(provider).idle_seconds == before.idle_seconds
    strict.authorize()
    easy.authorize()

    after = session_in(provider)
    assert after.idle_seconds == 600
    assert after.absolute_until == before.absolute_until
    assert after.limited_by == "of the client"
    assert ("shorten", "of the client") in decided(provider)
    assert "session.limits_changed" in provider.event_names()


def test_a_proof_that_is_too_old_ends_the_session_where_a_rule_says_so(provider: Provider, two):
    easy, _ = two
    ruled(
        provider,
        Rule("old", When(proof_older_than=timedelta(minutes=30)), Then(outcome=Outcome.END)),
    )
    provider.clock.forward(minutes=30)
    assert silent(easy) == "code"

    provider.clock.forward(seconds=1)

    assert silent(easy) == "login_required"
    assert how_it_ended(provider) == "policy:old"


# Refreshing


def at_refresh(**then: object) -> Rule:
    moments = frozenset({Moment.REFRESH})
    return Rule("at refresh", When(moments=moments, proof_older_than=HOUR / 2), Then(**then))


def aged(provider: Provider, rp: RelyingParty) -> str:
    token = rp.sign_in()["refresh_token"]
    provider.clock.forward(minutes=31)
    return str(token)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome.REFUSE, "policy_refuses:at refresh"),
        (Outcome.ASK_AGAIN, "session_challenged:at refresh"),
        (Outcome.END, "session_ended:policy:at refresh"),
    ],
)
def test_a_refresh_is_judged_where_a_rule_speaks_of_it(
    provider: Provider, two, outcome: Outcome, reason: str
):
    easy, _ = two
    ruled(provider, at_refresh(outcome=outcome))
    easy.authorize()
    token = aged(provider, easy)

    answer = refresh(easy, token)

    assert token_error(answer) == GRANT
    assert reasons(provider) == [reason]
    assert decided(provider) == [(outcome.value, "at refresh")]
    assert (how_it_ended(provider) is not None) is (outcome is Outcome.END)
    assert "grant.ended" not in provider.event_names()


def test_a_client_that_is_refused_again_and_again_is_recorded_once(provider: Provider, two):
    easy, _ = two
    ruled(provider, at_refresh(outcome=Outcome.REFUSE))
    token = aged(provider, easy)

    assert [refresh(easy, token).status_code for _ in range(3)] == [400] * 3

    assert decided(provider).count(("refuse", "at refresh")) == 1


def test_a_refused_refresh_is_good_again_after_a_new_proof(provider: Provider, two):
    easy, _ = two
    ruled(provider, at_refresh(outcome=Outcome.ASK_AGAIN))
    token = aged(provider, easy)
    assert refresh(easy, token).status_code == 400

    page = easy.authorize()
    assert page_of(page) == "login"
    easy.log_in(page)

    assert refreshed(easy, token)["access_token"]


def test_what_a_client_is_asked_each_time_is_not_asked_of_its_refreshes(provider: Provider, two):
    _, strict = two
    ruled(provider, of(strict, outcome=Outcome.ASK_AGAIN))
    token = strict.redeem(strict.answer(strict.log_in(strict.authorize()))["code"]).get_json()[
        "refresh_token"
    ]

    assert refreshed(strict, token)["access_token"]
    assert strict.redirect_uri == CALLBACK
