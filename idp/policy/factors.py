"""What a person could show next, and how far each of it would reach."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from idp.policy.acr import LEVELS, acr_of, satisfies, two_steps
from idp.settings import Attestation, Settings

Step = Literal["key", "totp", "text", "mail", "recovery_code"]
Bindable = Literal["key", "totp"]

# Strongest first: in this order they are offered. A recovery code is for when all else is lost.
STEPS: tuple[Step, ...] = ("key", "totp", "text", "mail", "recovery_code")
_RESTRICTED: tuple[Step, ...] = ("text", "mail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """Which authenticators a user has. Text and mail count only where the operator lets them."""

    password: bool = True
    key: bool = False
    hardware_key: bool = False
    totp: bool = False
    text: bool = False
    mail: bool = False
    recovery_code: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """What may be asked for: restricted channels only of who has nothing better."""
        better = self.key or self.totp
        have = [step for step in STEPS if getattr(self, step)]
        if not better:
            # Recovery codes belong to a factor; without one they would be the only one.
            return tuple(step for step in have if step != "recovery_code" or len(have) > 1)
        return tuple(step for step in have if step not in _RESTRICTED)

    @property
    def second_step(self) -> bool:
        """Whether something beside the password is set up."""
        return bool(self.steps)


def supported(settings: Settings) -> tuple[str, ...]:
    """Return the levels that somebody can reach here at all, as discovery says.

    Passkeys need a host name, and what is vouched for needs an operator who asks for it.
    """
    vouched = settings.passkeys and settings.webauthn_attestation is not Attestation.NONE
    possible = {"sfa": True, "mfa": True, "phr": settings.passkeys, "phrh": vouched}
    return tuple(level for level in LEVELS if possible[level])


def shown_by(step: Step, owned: Owned, *, verified: bool = False) -> tuple[str, ...]:
    """Return the methods that a step adds, as far as can be said before it is done."""
    if step == "key":
        kind = "hwk" if owned.hardware_key else "pop"
        return (kind, "uv") if verified else (kind,)
    names = {"totp": "otp", "text": "sms", "mail": "mail", "recovery_code": "rec"}
    return (names[step],)


def steps_to(level: str | None, amr: Iterable[str], owned: Owned) -> tuple[Step, ...]:
    """Return the steps of which any one is enough, the strongest first.

    Args:
        level: the level to reach; None where any second step will do.
        amr: what was shown already.
        owned: what the user has.
    """
    before = tuple(amr)
    # A key that must carry the sign-in alone verifies its user itself.
    verified = "pwd" not in before

    def enough(step: Step) -> bool:
        after = (*before, *shown_by(step, owned, verified=verified))
        return two_steps(after) if level is None else satisfies(acr_of(after), level)

    return tuple(step for step in owned.steps if enough(step))


def reachable(amr: Iterable[str], owned: Owned, bindable: Iterable[Bindable]) -> tuple[str, ...]:
    """Return the levels that one more step could reach, with what is owned or may be bound.

    A key that would have to be vouched for is not counted on before it is there.
    """
    before, can_bind = tuple(amr), set(bindable)
    having = Owned(
        password=owned.password,
        key=owned.key or "key" in can_bind,
        hardware_key=owned.hardware_key,
        totp=owned.totp or "totp" in can_bind,
        text=owned.text,
        mail=owned.mail,
        recovery_code=owned.recovery_code,
    )
    held = acr_of(before)
    return tuple(
        level for level in LEVELS if satisfies(held, level) or steps_to(level, before, having)
    )
