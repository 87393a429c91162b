"""What a judgement comes to in a session that stands already: only what is new is held against it.

What a sign-in was let in with stays let in. Asked, refused or ended is a session for what changed
in it since, for a level that it has not shown, and for what a rule wants of one request: for one
client, at one moment, by a proof of a certain age.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from idp.policy.acr import satisfies, two_steps
from idp.policy.book import Judgement, Policy, Rule
from idp.policy.facts import Facts
from idp.policy.terms import Change, DeviceStanding, Moment, Outcome, RiskLevel

# Each of these happens to honest people all day.
HARMLESS = frozenset({Change.NETWORK, Change.COUNTRY, Change.BROWSER})
# What a new address alone can bring about: it ends nothing, whatever a policy says (DESIGN §1).
ADDRESS = frozenset({Change.NETWORK, Change.COUNTRY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a session has shown, and whether its user has more to show."""

    amr: tuple[str, ...]
    acr: str
    more_owned: bool = False

    def lacks(self, judgement: Judgement) -> bool:
        """Tell whether the level, or the second step, that a judgement asks for is missing."""
        if judgement.acr is not None and not satisfies(self.acr, judgement.acr):
            return True
        wants_step = judgement.outcome is Outcome.ASK_FACTOR
        return wants_step and not two_steps(self.amr) and self.more_owned


def calmed(facts: Facts, known: RiskLevel) -> Facts:
    """Return the facts with the risk that the session was let in with, where nothing bad changed.

    A new network is unusual for many a user each time, and no reason to doubt who is there. What
    was doubtful once stays so until there is a new proof.
    """
    if facts.changes <= HARMLESS:
        return replace(facts, risk=known)
    return replace(facts, risk=max(facts.risk, known))


def as_before(facts: Facts, known: RiskLevel, place: Facts) -> Facts:
    """Return the facts as they would be had nothing changed; `place` has those of where it was."""
    device = facts.device
    if Change.DEVICE in facts.changes:
        device = DeviceStanding.KNOWN
    return replace(
        facts,
        changes=frozenset(),
        risk=known,
        device=device,
        network=place.network,
        prefix=place.prefix,
        country=place.country,
        hosting=place.hosting,
        tor=place.tor,
    )


def after_a_change(
    before: Judgement, now: Judgement, changes: frozenset[Change], proof: Proof
) -> Outcome:
    """Return what happens to a session in which something changed, by the same policy."""
    if now.outcome.severity <= before.outcome.severity and now.rule == before.rule:
        return Outcome.ALLOW
    if now.outcome is Outcome.END and changes <= ADDRESS:
        return Outcome.ASK_AGAIN
    if now.outcome is Outcome.ASK_FACTOR and not proof.lacks(now):
        return Outcome.ALLOW
    return now.outcome if now.outcome.severity > Outcome.SHORTEN.severity else Outcome.ALLOW


def under_another_policy(now: Judgement, proof: Proof) -> Outcome:
    """Return what happens to a session that was let in by another policy.

    What it showed counts: a rule that asks for a proof has one.
    """
    if now.outcome in (Outcome.END, Outcome.REFUSE):
        return now.outcome
    return Outcome.ASK_FACTOR if proof.lacks(now) else Outcome.ALLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the policy wants of one request, beside what its client wants.

    `outcome` is what the rule says, where it says something for this request; `acr` is a level
    that has to be shown, `max_age` how old the last proof may be, each by a rule of its own.
    """

    outcome: Outcome = Outcome.ALLOW
    rule: str = ""
    acr: str | None = None
    acr_by: str = ""
    max_age: timedelta | None = None
    max_age_by: str = ""


NOTHING = Wanted()


def speaks_at(policy: Policy, moment: Moment, client_id: str | None) -> bool:
    """Tell whether a rule wants something of this moment, of this client, or by a proof's age."""
    return any(_speaks_at(rule, moment, client_id) for rule in policy.rules)


def _speaks_at(rule: Rule, moment: Moment, client_id: str | None) -> bool:
    when = rule.when
    if when.moments is not None and moment not in when.moments:
        return False
    if when.clients is not None:
        return client_id in when.clients
    return when.moments is not None or when.proof_older_than is not None


def as_at_sign_in(facts: Facts, client_id: str | None) -> Facts:
    """Return the facts as the session's own sign-in had them, as far as the request goes."""
    return replace(facts, moment=Moment.SIGN_IN, client_id=client_id, proof_age=timedelta(0))


def as_let_in(facts: Facts, client_id: str | None) -> Facts:
    """Return the facts by which the request was let in before: at the sign-in, by its grant."""
    if facts.moment is Moment.REFRESH:
        return replace(facts, moment=Moment.AUTHORIZE, proof_age=timedelta(0))
    return as_at_sign_in(facts, client_id)


def wanted_of_request(
    policy: Policy, before: Judgement, now: Judgement, facts: Facts, proof: Proof
) -> Wanted:
    """Return what the policy wants of this request that it did not want of the sign-in."""
    same = now.outcome.severity <= before.outcome.severity and now.rule == before.rule
    outcome = Outcome.ALLOW if same else now.outcome
    if outcome is Outcome.SHORTEN or (outcome is Outcome.ASK_FACTOR and not proof.lacks(now)):
        outcome = Outcome.ALLOW
    level = now.acr
    if level is not None and (satisfies(proof.acr, level) or facts.moment is Moment.REFRESH):
        level = None
    recent = _wants_recent(policy, now, facts)
    return Wanted(
        outcome=outcome,
        rule=now.rule,
        acr=level,
        acr_by=now.acr_by if level else "",
        max_age=now.limits.reauthentication if recent else None,
        max_age_by=recent.name if recent else "",
    )


def _wants_recent(policy: Policy, now: Judgement, facts: Facts) -> Rule | None:
    """Return the rule that says how old a proof may be, where it speaks of this very client."""
    by = dict(now.limited_by).get("reauthentication")
    rule = next((rule for rule in policy.rules if rule.name == by), None)
    speaks = rule is not None and _speaks_at(rule, facts.moment, facts.client_id)
    return rule if speaks else None
