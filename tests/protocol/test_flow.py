"""What comes next: every rule by a table, and what holds for any situation."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.acr import LEVELS, satisfies
from idp.protocol.authorization.acr_request import AcrRequest
from idp.protocol.authorization.flow import (
    RULES,
    Consent,
    Demands,
    Done,
    Forbid,
    Issue,
    Login,
    Policed,
    Refuse,
    SelectAccount,
    SignedIn,
    Situation,
    StepUp,
    next_step,
)
from idp.protocol.errors import (
    AccessDenied,
    AccountSelectionRequired,
    ConsentRequired,
    InteractionRequired,
    LoginRequired,
    PolicyRefused,
    UnmetAuthenticationRequirements,
)
from tests.app import NOON
from tests.support.spec import spec

ADA = SignedIn(sid="s1", user_id="ada", authenticated_at=NOON - timedelta(minutes=10), acr="sfa")
HERE = Done(login="s1")
ELSEWHERE = Done(login="s0", selection="s0", consent="s0")


def at(session=ADA, done=None, *, consent_missing=False, **demands):
    if isinstance(demands.get("prompt"), str):
        demands["prompt"] = frozenset(demands["prompt"].split())
    return Situation(
        demands=Demands(**demands),
        session=session,
        done=done or Done(),
        consent_missing=consent_missing,
        now=NOON,
    )


def ruled(session=ADA, done=None, **policy):
    return replace(at(session, done), policy=Policed(**policy))


def could(*levels):
    return replace(ADA, reachable_acr=levels)


def wishing(*levels, needed=()):
    return AcrRequest(wished=levels, needed=needed)


MFA = replace(ADA, acr="mfa")
NEEDED = wishing("mfa", needed=("mfa",))
MFA_BUT_PHR_IN_REACH = replace(MFA, reachable_acr=("sfa", "mfa", "phr"))

TABLE = [
    ("nothing is missing", at(), Issue()),
    ("a rule refuses", ruled(refused=True), Forbid()),
    ("a rule refused", ruled(done=Done(refused=True), refused=True), Refuse(PolicyRefused)),
    ("a rule asks again", ruled(again=True), Login("policy_asks")),
    ("a rule asked again", ruled(done=HERE, again=True), Issue()),
    (
        "a rule wants it recent",
        ruled(max_age=timedelta(minutes=5)),
        Login("policy_wants_recent"),
    ),
    (
        "a rule wants a level",
        ruled(replace(ADA, reachable_acr=("sfa", "mfa")), acr="mfa"),
        StepUp(("mfa",), "policy_wants_more"),
    ),
    ("nobody can show it", ruled(acr="mfa"), Refuse(UnmetAuthenticationRequirements)),
    ("who has no second step goes on", ruled(step=True), Issue()),
    ("a no is a no", at(done=Done(refused=True)), Refuse(AccessDenied)),
    ("a no without a session", at(None, Done(refused=True)), Refuse(AccessDenied)),
    ("nobody is there", at(None), Login("no_session")),
    ("nobody is there to select", at(None, prompt="select_account"), Login("no_session")),
    ("an account is to be chosen", at(prompt="select_account"), SelectAccount()),
    ("it is chosen", at(done=Done(selection="s1"), prompt="select_account"), Issue()),
    ("another was chosen", at(done=ELSEWHERE, prompt="select_account"), SelectAccount()),
    ("signing in is choosing", at(done=HERE, prompt="select_account"), Issue()),
    ("the right one is there", at(subject="ada"), Issue()),
    ("another one is there", at(subject="grace"), Login("other_account")),
    ("another one came", at(done=HERE, subject="grace"), Refuse(LoginRequired)),
    ("nobody can be the one", at(subject=""), Login("other_account")),
    ("login is asked for", at(prompt="login"), Login("client_asks")),
    ("login is done", at(done=HERE, prompt="login"), Issue()),
    ("login was done elsewhere", at(done=ELSEWHERE, prompt="login"), Login("client_asks")),
    ("young enough", at(max_age=600), Issue()),
    ("a second too old", at(max_age=599), Login("too_long_ago")),
    ("just proved", at(done=HERE, max_age=0), Issue()),
    (
        "a proof of this instant was not for this request",
        at(replace(ADA, authenticated_at=NOON), max_age=0),
        Login("too_long_ago"),
    ),
    ("held", at(acr=wishing("sfa")), Issue()),
    ("more than wanted", at(MFA, acr=wishing("sfa")), Issue()),
    ("voluntary, out of reach", at(acr=wishing("mfa")), Issue()),
    ("voluntary, within reach", at(could("mfa"), acr=wishing("mfa")), StepUp(("mfa",))),
    ("voluntary, first choice held", at(could("mfa"), acr=wishing("sfa", "mfa")), Issue()),
    ("voluntary, second choice held", at(could("mfa"), acr=wishing("mfa", "sfa")), Issue()),
    (
        "voluntary, several within reach",
        at(could(*LEVELS), acr=wishing("phr", "mfa")),
        StepUp(("phr", "mfa")),
    ),
    ("voluntary, told at sign-in", at(could("mfa"), HERE, acr=wishing("mfa")), Issue()),
    ("voluntary, tried", at(could("mfa"), Done(step_up="s1"), acr=wishing("mfa")), Issue()),
    (
        "voluntary, tried in another session",
        at(could("mfa"), Done(step_up="s0"), acr=wishing("mfa")),
        StepUp(("mfa",)),
    ),
    ("essential, held", at(MFA, acr=NEEDED), Issue()),
    ("essential, within reach", at(could(*LEVELS), acr=NEEDED), StepUp(("mfa",))),
    ("essential, out of reach", at(acr=NEEDED), Refuse(UnmetAuthenticationRequirements)),
    ("essential, after a sign-in", at(could("mfa"), HERE, acr=NEEDED), StepUp(("mfa",))),
    (
        "essential, tried in vain",
        at(could("mfa"), Done(step_up="s1"), acr=NEEDED),
        Refuse(UnmetAuthenticationRequirements),
    ),
    (
        "a wish above the floor",
        at(MFA_BUT_PHR_IN_REACH, acr=wishing("phr", needed=("mfa",))),
        StepUp(("phr",)),
    ),
    ("the floor will do", at(MFA, acr=wishing("phr", needed=("mfa",))), Issue()),
    (
        "the floor alone is within reach",
        at(could("sfa", "mfa"), acr=wishing("phr", needed=("mfa",))),
        StepUp(("mfa",)),
    ),
    (
        "an old proof is renewed first, which brings the level too",
        at(could("mfa"), acr=NEEDED, max_age=1),
        Login("too_long_ago"),
    ),
    (
        "a trusted browser stood in for a step, and a fresh proof is asked",
        at(replace(ADA, step_missing=True), max_age=3600),
        StepUp(("mfa",)),
    ),
    (
        "the same, tried in vain",
        at(replace(ADA, step_missing=True), Done(step_up="s1"), max_age=3600),
        Issue(),
    ),
    ("the same, nothing fresh asked", at(replace(ADA, step_missing=True)), Issue()),
    ("consent is missing", at(consent_missing=True), Consent()),
    ("consent is given", at(done=Done(consent="s1"), consent_missing=True), Issue()),
    ("consent of another session", at(done=ELSEWHERE, consent_missing=True), Consent()),
    ("consent is asked for again", at(prompt="consent"), Consent()),
    ("and given again", at(done=Done(consent="s1"), prompt="consent"), Issue()),
    ("login before consent", at(prompt="login consent"), Login("client_asks")),
    ("account before login", at(prompt="login select_account"), SelectAccount()),
    ("acr before consent", at(could("mfa"), consent_missing=True, acr=NEEDED), StepUp(("mfa",))),
]


@spec("OIDC Core §3.1.2.3", "OIDC Core §3.1.2.4", "OIDC Core §5.5.1.1")
@pytest.mark.parametrize(
    ("situation", "step"), [row[1:] for row in TABLE], ids=[t[0] for t in TABLE]
)
def test_each_situation_has_its_step(situation, step):
    assert next_step(situation) == step


SILENT = [
    ("nothing is missing", at(prompt="none"), Issue()),
    ("nobody is there", at(None, prompt="none"), Refuse(LoginRequired)),
    ("another one is there", at(subject="grace", prompt="none"), Refuse(LoginRequired)),
    ("too old", at(max_age=1, prompt="none"), Refuse(LoginRequired)),
    ("consent is missing", at(consent_missing=True, prompt="none"), Refuse(ConsentRequired)),
    (
        "essential, within reach",
        at(could("mfa"), prompt="none", acr=NEEDED),
        Refuse(InteractionRequired),
    ),
    (
        "essential, out of reach",
        at(prompt="none", acr=NEEDED),
        Refuse(UnmetAuthenticationRequirements),
    ),
    ("voluntary, within reach", at(could("mfa"), acr=wishing("mfa"), prompt="none"), Issue()),
    (
        "select and none, which the checks refuse before",
        at(prompt="none select_account"),
        Refuse(AccountSelectionRequired),
    ),
]


@spec("OIDC Core §3.1.2.6")
@pytest.mark.parametrize(
    ("situation", "step"), [row[1:] for row in SILENT], ids=[t[0] for t in SILENT]
)
def test_where_nobody_may_be_asked_each_question_is_its_error(situation, step):
    assert next_step(situation) == step


def test_every_rule_decides_some_row_of_the_tables():
    rows = [row[1] for row in (*TABLE, *SILENT)]
    decided = {next((rule for rule in RULES if rule(row)), None) for row in rows}

    assert decided == {None, *RULES}


SIDS = st.sampled_from([None, "s1", "s2"])
ACRS = st.lists(st.sampled_from(LEVELS), max_size=3).map(tuple)
SESSIONS = st.none() | st.builds(
    SignedIn,
    sid=st.sampled_from(["s1", "s2"]),
    user_id=st.sampled_from(["ada", "grace"]),
    authenticated_at=st.integers(0, 100).map(lambda s: NOON - timedelta(seconds=s)),
    acr=st.sampled_from(LEVELS),
    reachable_acr=st.sampled_from([(), LEVELS]),
)
SITUATIONS = st.builds(
    Situation,
    demands=st.builds(
        Demands,
        prompt=st.frozensets(st.sampled_from(["none", "login", "consent", "select_account"])),
        max_age=st.none() | st.integers(0, 100),
        acr=st.builds(AcrRequest, wished=ACRS, needed=ACRS),
        subject=st.sampled_from([None, "", "ada", "grace"]),
    ),
    session=SESSIONS,
    done=st.builds(
        Done, login=SIDS, step_up=SIDS, selection=SIDS, consent=SIDS, refused=st.booleans()
    ),
    consent_missing=st.booleans(),
    now=st.just(NOON),
)


@spec("OIDC Core §3.1.2.1")
@given(SITUATIONS)
def test_prompt_none_never_asks_anybody(situation):
    demands = replace(situation.demands, prompt=situation.demands.prompt | {"none"})

    assert isinstance(next_step(replace(situation, demands=demands)), Issue | Refuse)


@given(SITUATIONS)
def test_nothing_is_issued_without_the_right_person_proof_and_consent(situation):
    if not isinstance(next_step(situation), Issue):
        return
    demands, session, done = situation.demands, situation.session, situation.done
    assert session is not None
    assert not done.refused
    assert demands.subject in (None, session.user_id)
    if "login" in demands.prompt:
        assert done.login == session.sid
    if demands.max_age is not None and done.login != session.sid:
        assert NOON - session.authenticated_at <= timedelta(seconds=demands.max_age)
    if situation.consent_missing or "consent" in demands.prompt:
        assert done.consent == session.sid
    if "select_account" in demands.prompt:
        assert session.sid in (done.selection, done.login)
    needed = demands.acr.needed
    assert not needed or any(satisfies(session.acr, level) for level in needed)


@given(SITUATIONS)
def test_more_is_asked_for_only_where_it_is_wanted_missing_and_within_reach(situation):
    step, session = next_step(situation), situation.session
    if not isinstance(step, StepUp):
        return
    acr, done = situation.demands.acr, situation.done
    assert step.acr
    assert set(step.acr) <= set(acr.levels) & set(session.reachable_acr)
    assert not any(satisfies(session.acr, level) for level in step.acr)
    assert list(step.acr) == [level for level in acr.levels if level in step.acr]
    assert done.step_up != session.sid
    assert done.login != session.sid or not acr.allowed_by(session.acr)


@given(SITUATIONS, st.sampled_from(LEVELS))
def test_what_a_step_up_reached_is_enough_whatever_it_was(situation, reached):
    """One step-up for one request: it is answered or refused, never followed by another."""
    session = situation.session
    if session is None:
        return
    done = replace(situation.done, step_up=session.sid)
    after = replace(situation, session=replace(session, acr=reached), done=done)

    assert not isinstance(next_step(after), StepUp)


@given(SITUATIONS)
def test_whoever_does_what_is_asked_arrives(situation):
    """No loop: after each step is done, another one follows, and at last an answer."""
    for _ in range(6):
        step, session = next_step(situation), situation.session
        if isinstance(step, Issue | Refuse):
            return
        done = situation.done
        if isinstance(step, Login):
            session = session or SignedIn(sid="s3", user_id="ada", authenticated_at=NOON, acr="sfa")
            session = replace(session, authenticated_at=NOON)
            done = replace(done, login=session.sid)
        elif isinstance(step, StepUp):
            session = replace(session, acr=step.acr[0], authenticated_at=NOON)
            done = replace(done, step_up=session.sid)
        elif isinstance(step, SelectAccount):
            done = replace(done, selection=session.sid)
        else:
            done = replace(done, consent=session.sid)
        situation = replace(situation, session=session, done=done)
    raise AssertionError(situation)
