"""What comes next for an authorization request: one pure function over facts.

Steps do not know one another; each comes back here. `prompt=none` turns every question into the
error that names it (OIDC Core §3.1.2.6).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from idp.policy.acr import satisfies
from idp.protocol.authorization.acr_request import AcrRequest
from idp.protocol.errors import (
    AccessDenied,
    AccountSelectionRequired,
    ConsentRequired,
    InteractionRequired,
    LoginRequired,
    PolicyRefused,
    ProtocolError,
    UnmetAuthenticationRequirements,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What the request asks of the person."""

    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    acr: AcrRequest = field(default_factory=AcrRequest)
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policed:
    """What the operator's policy makes of the request, beside what the client asks for.

    `stopped` says why a session that was here is not good for it: `session_challenged`, or
    `session_ended`. `again` wants a proof for this very request, `step` a second step, `acr` a
    level, `max_age` a proof that is no older.
    """

    stopped: str | None = None
    refused: bool = False
    again: bool = False
    step: bool = False
    acr: str | None = None
    max_age: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who is there, since when, how surely, and what could still be proved.

    `step_missing` says that a trusted browser stood in for the second step.
    """

    sid: str
    user_id: str
    authenticated_at: datetime
    acr: str
    reachable_acr: tuple[str, ...] = ()
    step_missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What steps of this very request have done, each naming the session it was done in.

    `step_up` says that more was asked for, whatever came of it.
    """

    login: str | None = None
    step_up: str | None = None
    selection: str | None = None
    consent: str | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """Ask the person to sign in, and say why."""

    reason: str


@dataclass(frozen=True, slots=True)
class StepUp:
    """Ask for more than the session has shown: one of these levels, the liked one first.

    `reason` is said where it is not the client who wants it.
    """

    acr: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SelectAccount:
    """Ask which account it shall be."""


@dataclass(frozen=True, slots=True)
class Consent:
    """Ask for agreement."""


@dataclass(frozen=True, slots=True)
class Issue:
    """Nothing is missing."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """It cannot be."""

    error: type[ProtocolError]


@dataclass(frozen=True, slots=True)
class Forbid:
    """Tell the person that it cannot be here and now; the client hears it when they go back."""


Step = Login | StepUp | SelectAccount | Consent | Issue | Refuse | Forbid


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything that the rules look at."""

    demands: Demands
    session: SignedIn | None
    done: Done
    consent_missing: bool
    now: datetime
    policy: Policed = field(default_factory=Policed)

    @property
    def just_proved(self) -> bool:
        """Whether the person signed in for this very request."""
        return self.session is not None and self.done.login == self.session.sid


Rule = Callable[[Situation], Step | None]


def a_no_is_a_no(at: Situation) -> Step | None:
    """RFC 6749 §4.1.2.1 access_denied."""
    return Refuse(AccessDenied) if at.done.refused else None


def policy_lets_it_happen(at: Situation) -> Step | None:
    """The operator's policy refuses: not here, not now (RFC 6749 §4.1.2.1 access_denied)."""
    if not at.policy.refused:
        return None
    return Refuse(PolicyRefused) if at.done.refused else Forbid()


def account_is_chosen(at: Situation) -> Step | None:
    """OIDC Core §3.1.2.1 prompt=select_account; signing in is a choice as well."""
    if "select_account" not in at.demands.prompt or at.session is None or at.just_proved:
        return None
    return None if at.done.selection == at.session.sid else SelectAccount()


def somebody_is_there(at: Situation) -> Step | None:
    """OIDC Core §3.1.2.3."""
    return Login(at.policy.stopped or "no_session") if at.session is None else None


def the_right_one_is_there(at: Situation) -> Step | None:
    """OIDC Core §3.1.2.1 id_token_hint: another account is no answer, even after a sign-in."""
    wanted = at.demands.subject
    if wanted is None or at.session is None or wanted == at.session.user_id:
        return None
    return Refuse(LoginRequired) if at.just_proved else Login("other_account")


def login_is_fresh_when_asked(at: Situation) -> Step | None:
    """OIDC Core §3.1.2.1 prompt=login."""
    return Login("client_asks") if "login" in at.demands.prompt and not at.just_proved else None


def login_is_young_enough(at: Situation) -> Step | None:
    """OIDC Core §3.1.2.1 max_age; 0 says the same as prompt=login."""
    if at.demands.max_age is None or at.session is None or at.just_proved:
        return None
    age, limit = at.now - at.session.authenticated_at, timedelta(seconds=at.demands.max_age)
    return Login("too_long_ago") if age > limit or not limit else None


def policy_asks_again(at: Situation) -> Step | None:
    """A rule wants a proof for this very request, or one that is not as old as this."""
    if at.session is None or at.just_proved:
        return None
    if at.policy.again:
        return Login("policy_asks")
    limit = at.policy.max_age
    too_old = limit is not None and at.now - at.session.authenticated_at > limit
    return Login("policy_wants_recent") if too_old else None


def policy_wants_more(at: Situation) -> Step | None:
    """A rule wants a level, which is shown or refused, or a second step of whoever has one."""
    session, wanted = at.session, at.policy
    if session is None:
        return None
    tried = at.done.step_up == session.sid
    least = wanted.acr or ("mfa" if wanted.step else None)
    if least is None or satisfies(session.acr, least):
        return None
    higher = tuple(level for level in session.reachable_acr if satisfies(level, least))
    if higher and not tried:
        return StepUp(higher, "policy_wants_more")
    return Refuse(UnmetAuthenticationRequirements) if wanted.acr else None


def sure_enough(at: Situation) -> Step | None:
    """OIDC Core §5.5.1.1: an essential acr is met or refused, a voluntary one is tried once."""
    acr, session = at.demands.acr, at.session
    if session is None:
        return None
    if worth_asking(at.demands, at.done, session.sid, session.acr):
        higher = tuple(
            level
            for level in acr.levels
            if level in session.reachable_acr and not satisfies(session.acr, level)
        )
        if higher:
            return StepUp(higher)
    return None if acr.allowed_by(session.acr) else Refuse(UnmetAuthenticationRequirements)


def worth_asking(demands: Demands, done: Done, sid: str, held: str) -> bool:
    """Tell whether a person at the level `held` is to be asked for more, if there is more.

    A sign-in for this very request was told of the wish already, and nobody is asked twice; what
    must be met is asked for once more after it.
    """
    if not demands.acr.allowed_by(held):
        return done.step_up != sid
    asked = sid in (done.login, done.step_up) or "none" in demands.prompt
    return not asked and not demands.acr.fulfilled_by(held)


def nothing_stands_in(at: Situation) -> Step | None:
    """A trusted browser stands for no fresh proof, however short ago it was used."""
    if at.demands.max_age is None or at.session is None or at.just_proved:
        return None
    tried = at.done.step_up == at.session.sid
    return StepUp(("mfa",)) if at.session.step_missing and not tried else None


def agreed(at: Situation) -> Step | None:
    """OIDC Core §3.1.2.4; prompt=consent asks again."""
    asked_now = at.session is not None and at.done.consent == at.session.sid
    again = "consent" in at.demands.prompt
    return Consent() if (at.consent_missing or again) and not asked_now else None


RULES: tuple[Rule, ...] = (
    policy_lets_it_happen,
    a_no_is_a_no,
    account_is_chosen,
    somebody_is_there,
    the_right_one_is_there,
    login_is_fresh_when_asked,
    login_is_young_enough,
    policy_asks_again,
    policy_wants_more,
    sure_enough,
    nothing_stands_in,
    agreed,
)

_SILENT: dict[type, type[ProtocolError]] = {
    Login: LoginRequired,
    StepUp: InteractionRequired,
    SelectAccount: AccountSelectionRequired,
    Consent: ConsentRequired,
    Forbid: PolicyRefused,
}


def next_step(at: Situation) -> Step:
    """Decide what comes next; the first rule with an opinion wins."""
    step = next((step for rule in RULES if (step := rule(at)) is not None), Issue())
    if "none" in at.demands.prompt and type(step) in _SILENT:
        return Refuse(_SILENT[type(step)])
    return step
