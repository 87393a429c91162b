"""Weak spots of the policy: how long sessions may live, and what nothing keeps anybody from."""

from collections.abc import Iterator
from datetime import timedelta

from idp.admin.assessment.figures import CROWDED_BY, Figures
from idp.admin.assessment.weakness import Check, Severity, Weakness
from idp.policy.durations import in_short
from idp.policy.extent import longest
from idp.policy.presets import AAL2_ABSOLUTE, AAL2_IDLE
from idp.policy.terms import Change, RiskLevel

# Beyond this nobody can speak of a limit (NIST SP 800-63B-4 §2.1.3: even AAL1 ends after 30 days).
NO_LIMIT = timedelta(days=30)


def idle_too_long(figures: Figures) -> Iterator[Weakness]:
    """NIST SP 800-63B-4 §2.2.3 recommends an hour at AAL2."""
    found = figures.too_long
    most = longest(figures.policy, "idle")
    if most > AAL2_IDLE or found.idle:
        yield Weakness(
            name="idle_too_long",
            severity=Severity.MEDIUM,
            count=found.idle,
            total=found.live,
            what=f"Sessions may be unused for up to {in_short(most)}. Live ones that may for more "
            f"than an hour: {found.idle} of {found.live}.",
            why="Whoever finds an open browser has all that its user had (NIST SP 800-63B-4 "
            "§2.2.3 recommends one hour at most).",
            advice="Lower IDP_SESSION_IDLE or `idle` in the policy, or set its bounds to `aal2`.",
        )


def no_absolute_limit(figures: Figures) -> Iterator[Weakness]:
    """NIST SP 800-63B-4 §2.2.3 recommends a day at AAL2; activity never extends it."""
    found = figures.too_long
    most = longest(figures.policy, "absolute")
    if most > AAL2_ABSOLUTE or found.absolute:
        effective = most <= NO_LIMIT
        yield Weakness(
            name="no_absolute_limit",
            severity=Severity.MEDIUM if effective else Severity.HIGH,
            count=found.absolute,
            total=found.live,
            what=f"Sessions may last {in_short(most)}"
            + ("." if effective else ", which is no limit.")
            + f" Live ones that may for more than a day: {found.absolute} of {found.live}.",
            why="A stolen cookie that is kept in use is good until then (NIST SP 800-63B-4 "
            "§2.2.3 recommends 24 hours at most).",
            advice="Lower IDP_SESSION_ABSOLUTE or `absolute` in the policy, or set its bounds to "
            "`aal2`.",
        )


def nothing_answers_risk(figures: Figures) -> Iterator[Weakness]:
    """A score that no rule speaks of is of no use."""
    rules = figures.policy.rules
    if not any(rule.when.risks and RiskLevel.HIGH in rule.when.risks for rule in rules):
        yield Weakness(
            name="nothing_answers_risk",
            severity=Severity.HIGH,
            count=len(rules),
            what="No rule of the policy speaks of high risk.",
            why="Whoever has a stolen password is treated like its owner.",
            advice="Leave `built_in_rules` on, or add a rule with `risks = ['high']` that asks.",
        )


def nothing_answers_copies(figures: Figures) -> Iterator[Weakness]:
    """A cookie that is used in two places was stolen."""
    rules = figures.policy.rules
    spoken_of = frozenset[Change]().union(*(rule.when.changes or () for rule in rules))
    missing = [
        each for each in (Change.COPIED_COOKIE, Change.STALE_COOKIE) if each not in spoken_of
    ]
    if missing:
        yield Weakness(
            name="nothing_answers_copies",
            severity=Severity.HIGH,
            count=len(rules),
            what=f"No rule of the policy speaks of {' or '.join(f'`{each}`' for each in missing)}.",
            why="A session that is used in two places goes on in both.",
            advice="Leave `built_in_rules` on, or add a rule with "
            "`changes = ['copied_cookie', 'stale_cookie']` that asks or ends.",
        )


def no_bounds(figures: Figures) -> Iterator[Weakness]:
    """What no rule may cross is said once, apart from the rules."""
    if figures.policy.bounds.preset == "none":
        yield Weakness(
            name="no_bounds",
            severity=Severity.LOW,
            count=1,
            what="The policy has no bounds.",
            why="One rule that is too generous is enough to let sessions live for weeks.",
            advice="Choose `aal2`, `aal3` or `fapi` in the policy's [bounds] (docs/sessions.md).",
        )


def crowded(figures: Figures) -> Iterator[Weakness]:
    """Sessions that nobody remembers are nobody's (ASVS 5.0 §7.1.2)."""
    many = figures.crowd
    if many.users and not figures.policy.defaults.sessions:
        yield Weakness(
            name="crowded",
            severity=Severity.LOW,
            count=many.users,
            what=f"Users with more than {CROWDED_BY} live sessions each: {many.users}. The policy "
            "does not limit how many.",
            why="Nobody looks after that many, and shared accounts look like that.",
            advice="Set `sessions` in the policy; "
            f"`idp session list --user {many.user_id}` shows those of one of them.",
        )


CHECKS: tuple[Check, ...] = (
    idle_too_long,
    no_absolute_limit,
    nothing_answers_risk,
    nothing_answers_copies,
    no_bounds,
    crowded,
)
