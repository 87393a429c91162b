"""Weak spots of proofs and browsers: what people have to show, and what is not asked of them."""

from collections import Counter
from collections.abc import Iterator

from idp.admin.assessment.figures import SHARED_BY, UNUSED_FOR, Figures
from idp.admin.assessment.weakness import Check, Severity, Weakness
from idp.settings import SecondFactor

_GROUPS_NAMED = 5


def no_second_factor(figures: Figures) -> Iterator[Weakness]:
    """A password alone is what attackers collect."""
    total = sum(each.users for each in figures.strengths)
    weak = sum(each.weak for each in figures.strengths)
    if not weak:
        return
    severity = Severity.HIGH if weak * 2 > total else Severity.MEDIUM
    required = figures.settings.second_factor in (
        SecondFactor.REQUIRED,
        SecondFactor.PHISHING_RESISTANT,
    )
    yield Weakness(
        name="no_second_factor",
        severity=Severity.LOW if required else severity,
        count=weak,
        total=total,
        what=f"Users with neither passkey nor authenticator app: {weak} of {total}"
        f"{_by_group(figures)}.",
        why="They are asked for one at the next sign-in."
        if required
        else "A leaked password is enough, and a risky sign-in can only be let in or refused.",
        advice="Nothing, or have those who never come disabled."
        if required
        else "Set IDP_SECOND_FACTOR to `required`, or IDP_SECOND_FACTOR_GROUPS for these groups.",
    )


def _by_group(figures: Figures) -> str:
    weak = Counter[str]()
    for each in figures.strengths:
        for group in each.groups:
            weak[group] += each.weak
    named = [f"{group} {count}" for group, count in weak.most_common(_GROUPS_NAMED) if count]
    return f" ({', '.join(named)})" if named else ""


def restricted_only(figures: Figures) -> Iterator[Weakness]:
    """NIST SP 800-63B-4 §3.1.3 restricts codes that travel over networks of others."""
    channels = (
        ("text_only", figures.settings.text_codes, "text", "a code by text message"),
        ("mail_only", figures.settings.mail_codes, "mail", "a code by mail"),
    )
    total = sum(each.users for each in figures.strengths)
    for name, on, kind, words in channels:
        count = sum(getattr(each, kind) for each in figures.strengths)
        if on and count:
            yield Weakness(
                name=name,
                severity=Severity.MEDIUM,
                count=count,
                total=total,
                what=f"Users with nothing better than {words}: {count} of {total}.",
                why="Telephone numbers and mailboxes are taken over, and a false page can ask for "
                "the code (NIST SP 800-63B-4 §3.1.3).",
                advice="Ask them to add a passkey: IDP_SECOND_FACTOR_GROUPS=…=phishing-resistant.",
            )


def shared_browsers(figures: Figures) -> Iterator[Weakness]:
    """What many sign in by proves nobody."""
    if figures.shared:
        trusted = sum(1 for each in figures.shared if each.trusted)
        busiest = figures.shared[0]
        yield Weakness(
            name="shared_browsers",
            severity=Severity.HIGH if trusted else Severity.LOW,
            count=len(figures.shared),
            what=f"Browsers that have signed in more than {SHARED_BY} users each: "
            f"{len(figures.shared)}, the busiest of them {busiest.users}. Browsers of these that "
            f"stand for somebody's second step: {trusted}.",
            why="A shared browser is known for each of its users, so a colleague's password is "
            "enough there.",
            advice=f"Look at that one with `idp device list {busiest.user_id}`, who is one of its "
            "users; `idp device revoke` makes it a stranger to each, and a rule for its network "
            "with `trusted_device = '0'` keeps it from standing for a step.",
        )


def trusted_unused(figures: Figures) -> Iterator[Weakness]:
    """Trust that nobody uses serves only who finds it."""
    if figures.trusted_unused:
        yield Weakness(
            name="trusted_unused",
            severity=Severity.LOW,
            count=figures.trusted_unused,
            what=f"Browsers that stand for a second step and were not used for {UNUSED_FOR.days} "
            f"days: {figures.trusted_unused}.",
            why="A laptop in a drawer still is a second factor.",
            advice="Lower IDP_TRUSTED_DEVICE_LIFETIME or `trusted_device` in the policy.",
        )


def high_let_in(figures: Figures) -> Iterator[Weakness]:
    """Where risk is high one factor is too little."""
    if figures.high_let_in:
        yield Weakness(
            name="high_let_in",
            severity=Severity.HIGH,
            count=figures.high_let_in,
            what=f"Sign-ins at high risk that got a session by one factor: {figures.high_let_in}.",
            why="They looked least like their users, who had no second step to show.",
            advice="Look at them with `idp session list --risk high`; give these users a second "
            'factor, or a rule that demands one (`acr = "mfa"`).',
        )


CHECKS: tuple[Check, ...] = (
    high_let_in,
    no_second_factor,
    restricted_only,
    shared_browsers,
    trusted_unused,
)
