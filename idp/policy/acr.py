"""How surely someone is known: authentication context classes, weakest first.

`sfa` is one factor (NIST AAL1), `mfa` two (AAL2), `phr` two of which one cannot be phished, `phrh`
the same with a key that its maker vouches never leaves its hardware: what AAL3 asks of the
authenticator, not all of AAL3. They are what `acr` says in ID tokens and what `acr_values` may ask
for (OIDC Core §2, §3.1.2.1; the last two are named by OpenID EAP ACR Values §2).
"""

from collections.abc import Iterable, Sequence

LEVELS = ("sfa", "mfa", "phr", "phrh")

# Methods as sessions keep them. Those of RFC 8176 are called as there; ours beside them are `rec`
# (recovery code), `mail` (code by mail), `link` (a link of ours, opened: no factor), `bound` (a
# passkey made just now, not used yet) and `uv` (the key's own device checked who holds it).
LINK, BOUND = "link", "bound"
KEYS = frozenset({"pop", "swk", "hwk"})
_POSSESSION = KEYS | {"otp", "rec", "sms", BOUND}
# A mailbox is opened by a password again (NIST SP 800-63B-4 §3.1.3.1): a step, but no factor.
_STEPS = _POSSESSION | {"mail"}
_CLAIMED = {"rec": "otp", "mail": "otp", BOUND: "pop"}


def acr_of(amr: Iterable[str]) -> str:
    """Return the level that these methods reach together."""
    methods = set(amr)
    if methods & KEYS and methods & {"pwd", "uv"}:
        return "phrh" if "hwk" in methods else "phr"
    return "mfa" if "pwd" in methods and methods & _POSSESSION else "sfa"


def two_steps(amr: Iterable[str]) -> bool:
    """Tell whether more than one thing was shown, whatever level they reach."""
    methods = set(amr)
    return acr_of(methods) != "sfa" or ("pwd" in methods and bool(methods & _STEPS))


def amr_claim(amr: Iterable[str]) -> list[str]:
    """Return the methods in the registered names (RFC 8176 §2).

    A code that was saved or sent is a one-time password: `otp`. A key's use is witnessed by its
    user (`user`), and `mfa` is added where it is true.
    """
    methods = set(amr)
    names = {_CLAIMED.get(method, method) for method in methods - {"uv"}}
    if methods & KEYS:
        names.add("user")
    if acr_of(methods) != "sfa":
        names.add("mfa")
    return sorted(names)


def satisfies(held: str, wanted: str) -> bool:
    """Tell whether a session at level `held` is enough where `wanted` is asked for."""
    return wanted in LEVELS and held in LEVELS and LEVELS.index(held) >= LEVELS.index(wanted)


def acr_claim(held: str, wanted: Sequence[str]) -> str:
    """Return what `acr` says: the held level, or the requested one that it includes."""
    if held in wanted:
        return held
    return next((level for level in wanted if satisfies(held, level)), held)
