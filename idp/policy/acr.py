"""How surely someone is known: authentication context classes, weakest first.

`sfa` is one factor (NIST AAL1), `mfa` two (AAL2). They are what `acr` says in ID tokens and what
`acr_values` may ask for (OIDC Core §2, §3.1.2.1).
"""

from collections.abc import Iterable, Sequence

LEVELS = ("sfa", "mfa")

# RFC 8176 method names by what they prove.
_KNOWLEDGE = frozenset({"pwd"})
_POSSESSION = frozenset({"otp", "rec"})


def acr_of(amr: Iterable[str]) -> str:
    """Return the level that these methods reach together."""
    methods = set(amr)
    return "mfa" if methods & _KNOWLEDGE and methods & _POSSESSION else "sfa"


def amr_claim(amr: Iterable[str]) -> list[str]:
    """Return the methods in the registered names (RFC 8176 §2), `mfa` added where it is true.

    A recovery code is a one-time password kept by the user: `otp`.
    """
    names = {"otp" if method == "rec" else method for method in amr}
    if acr_of(amr) == "mfa":
        names.add("mfa")
    return sorted(names)


def satisfies(held: str, wanted: str) -> bool:
    """Tell whether a session at level `held` is enough where `wanted` is asked for."""
    return wanted in LEVELS and held in LEVELS and LEVELS.index(held) >= LEVELS.index(wanted)


def weakest(wanted: Sequence[str]) -> str | None:
    """Return the lowest level that would do; None when we know none of them."""
    known = [level for level in LEVELS if level in wanted]
    return known[0] if known else None


def acr_claim(held: str, wanted: Sequence[str]) -> str:
    """Return what `acr` says: the held level, or the requested one that it includes."""
    if held in wanted:
        return held
    return next((level for level in wanted if satisfies(held, level)), held)
