"""What the policy files say that nobody can be judged by, or that says nothing to anybody."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations

from idp.cli.check.facts import Check, Facts, Finding, fault, warning
from idp.cli.rule_words import shuts_out
from idp.judgement.policies import draft_of, policy_in_force
from idp.kernel.errors import SetupFault
from idp.policy.durations import in_short
from idp.policy.overruled import overruled
from idp.policy.presets import AAL2
from idp.policy.shut_out import shut_out

# For so long nodes may differ while a new file, or a new release, is brought to them.
_ROLLOUT = timedelta(minutes=10)


def broken_files(facts: Facts) -> Iterator[Finding]:
    """A process that runs goes on with what it has read; one that starts has nothing."""
    for read in (policy_in_force, draft_of):
        try:
            read(facts.settings)
        except SetupFault as broken:
            for line in broken.detail.splitlines():
                yield fault(
                    line,
                    "The provider does not start with it; one that runs keeps the policy of "
                    "before.",
                    "Correct it; `idp policy check FILE` tries it out.",
                )


def long_sessions(facts: Facts) -> Iterator[Finding]:
    """NIST SP 800-63B-4 §2.2.3 recommends limits for AAL2, for those that rules leave alone."""
    try:
        limits = policy_in_force(facts.settings).defaults
    except SetupFault:
        return
    own = facts.settings.policy_file is not None
    for name, value, most in (
        ("idle", limits.idle, AAL2.idle),
        ("absolute", limits.absolute, AAL2.absolute),
    ):
        if most is not None and value > most:
            setting = f"IDP_SESSION_{name.upper()}"
            where = f"defaults.{name} of the policy" if own else setting
            yield warning(
                f"{where} is {in_short(value)}.",
                f"NIST SP 800-63B-4 §2.2.3 recommends {in_short(most)} at most: whoever gets at an "
                "open browser has the session for that long.",
                f"Write {in_short(most)} or less there."
                if own
                else f"Set {setting} to {most.total_seconds():.0f} or less, in seconds.",
            )


def unknown_clients(facts: Facts) -> Iterator[Finding]:
    """A rule for a client that is not there is most likely a slip of the pen."""
    if facts.database is None:
        return
    try:
        policy = policy_in_force(facts.settings)
    except SetupFault:
        return
    known = {client.client_id for client in facts.database.clients}
    for rule in policy.rules:
        for client_id in sorted((rule.when.clients or frozenset()) - known):
            yield warning(
                f'Rule "{rule.name}" of the policy is for client {client_id}, which is not there.',
                "Where it was meant for another one, that client has no such rule.",
                "Compare with `idp client list`.",
            )


def order_of_rules(facts: Facts) -> Iterator[Finding]:
    """The first rule that speaks is heard; what comes too late protects nobody."""
    try:
        found = list(overruled(policy_in_force(facts.settings)))
    except SetupFault:
        return
    for each in found:
        if each.never_heard:
            yield warning(
                f'Rule "{each.rule.name}" of the policy is never heard.',
                f'Rules before it, "{each.by.name}" first, apply wherever it does and say all that '
                "it would.",
                "Put it before them, or leave it out.",
            )
        else:
            yield warning(
                f'Rule "{each.by.name}" of the policy disarms "{each.rule.name}".',
                f"Where both apply, the outcome is {each.by.then.outcome} and not "
                f"{each.rule.then.outcome}: a thief is let through.",
                "Leave its outcome out, or put a rule for these changes before it.",
            )


def one_policy(facts: Facts) -> Iterator[Finding]:
    """Nodes that differ undo each other's limits: each judges what it meets by its own file."""
    lately = facts.database.policies_lately if facts.database else ()
    for older, newer in combinations(lately, 2):
        if older.last_at >= newer.first_at + _ROLLOUT:
            yield warning(
                f"Two policies judge at once: {older.version} still at {older.last_at:%H:%M} UTC, "
                f"{newer.version} since {newer.first_at:%H:%M} UTC or before.",
                "Sessions are judged by the one of the node that they happen to meet, and their "
                "limits go back and forth.",
                "Give all nodes and workers the same policy file and the same settings; `idp "
                "policy show` says on each which version it is.",
            )


def nobody_gets_in(facts: Facts) -> Iterator[Finding]:
    """A rule that refuses whatever comes refuses its author as well."""
    try:
        found = list(shut_out(policy_in_force(facts.settings)))
    except SetupFault:
        return
    for each in found:
        yield warning(
            f'Rule "{each.rule.name}" of the policy {shuts_out(each)}.',
            "It refuses or ends whatever comes, and no rule before it makes an exception.",
            "Say in its `when` whom it is for; a level is asked for by `acr` in its `then`.",
        )


CHECKS: tuple[Check, ...] = (
    broken_files,
    long_sessions,
    unknown_clients,
    order_of_rules,
    one_policy,
    nobody_gets_in,
)
