"""What may be a password (NIST SP 800-63B-4 §3.1.1.2): long enough and not what others try first.

No composition rules: every character counts as one, whatever it is.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum

from zxcvbn_rs_py import Warning as Hint
from zxcvbn_rs_py import zxcvbn

from idp.kernel.errors import IdpError
from idp.settings import SecondFactor, Settings

# §3.1.1.2: 15 characters where a password may be all there is.
MINIMUM_ALONE = 15
MINIMUM_BESIDE_ANOTHER = 8
MAXIMUM = 1024
# Typed without precomposed letters, the same password is longer. Beyond this nothing is normalised,
# because ordering a long run of combining marks takes quadratic time.
_MAXIMUM_TYPED = 4 * MAXIMUM

# Whoever guesses online gets a few dozen tries a day (see throttle): a million guesses are decades.
# A higher bar would refuse eight random characters (10^8), which §3.1.1.2 accepts, and most of what
# zxcvbn says between is noise: it prices three chunks of anything at 10^8.
_ENOUGH_GUESSES = 10**6
# zxcvbn tries every reading of l33t symbols in every part: a hundred characters made to hurt cost a
# second, these 30 ms. Whoever begins with so many guessable ones is asked for something else.
_JUDGED = 24
# Shorter ones ("com", "de") are part of too many good passwords to be cut out of them.
_SHORTEST_WORD = 4

_COMMON = (
    Hint.ThisIsATop10Password,
    Hint.ThisIsATop100Password,
    Hint.ThisIsACommonPassword,
    Hint.ThisIsSimilarToACommonlyUsedPassword,
    Hint.AWordByItselfIsEasyToGuess,
    Hint.NamesAndSurnamesByThemselvesAreEasyToGuess,
    Hint.CommonNamesAndSurnamesAreEasyToGuess,
)


class Reason(StrEnum):
    """Why a password is refused, as a key for the message."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    COMMON = "common"
    PREDICTABLE = "predictable"
    CONTAINS_IDENTITY = "contains_identity"
    BREACHED = "breached"


class PasswordRefused(IdpError):
    """The password cannot be chosen; `reason` says why, `limit` is the length that was missed."""

    public = "This password cannot be used."

    def __init__(self, reason: Reason, limit: int | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.limit = limit


def minimum_length(settings: Settings, groups: Iterable[str] = ()) -> int:
    """Return how long the password of a user of these groups must be.

    Who may put the second factor off has for a while nothing but the password.
    """
    strict = (SecondFactor.REQUIRED, SecondFactor.PHISHING_RESISTANT)
    always_two = settings.second_factor_for(groups) in strict and not settings.second_factor_grace
    return MINIMUM_BESIDE_ANOTHER if always_two else MINIMUM_ALONE


def normalised(password: str) -> str | None:
    """Return the password in NFC, however it was typed; None when it is too long to be one."""
    if len(password) > _MAXIMUM_TYPED:
        return None
    text = unicodedata.normalize("NFC", password)
    return text if len(text) <= MAXIMUM else None


def check_password(password: str, *, minimum: int, words: Sequence[str]) -> None:
    """Let a good password pass.

    Args:
        password: as typed.
        minimum: code points needed: 15 as the only factor, 8 beside a second one.
        words: what anyone may know: user name, mail address, name, name of the service.

    Raises:
        PasswordRefused: too short, too long, among the first guesses, or made of `words`.
    """
    text = normalised(password)
    if text is None:
        raise PasswordRefused(Reason.TOO_LONG, MAXIMUM)
    if len(text) < minimum:
        raise PasswordRefused(Reason.TOO_SHORT, minimum)
    text = _spaceless(text)
    verdict = zxcvbn(text[:_JUDGED])
    if verdict.guesses < _ENOUGH_GUESSES:
        hint = verdict.feedback and verdict.feedback.warning
        raise PasswordRefused(Reason.COMMON if hint in _COMMON else Reason.PREDICTABLE)
    known = _known_words(words)
    if zxcvbn(_without(known, text)[:_JUDGED], known).guesses < _ENOUGH_GUESSES:
        raise PasswordRefused(Reason.CONTAINS_IDENTITY)


def _spaceless(text: str) -> str:
    """Return what zxcvbn can read; without spaces, for it takes them for strength."""
    return "".join(text.encode("utf-8", "replace").decode().split())


def _known_words(values: Sequence[str]) -> list[str]:
    """Return the values and their parts, the longest first."""
    texts = [normalised(value) or "" for value in values]
    words = {_spaceless(part) for text in texts for part in (text, *re.split(r"[\W_]+", text))}
    return sorted(words - {""}, key=lambda word: (-len(word), word))


def _without(words: list[str], text: str) -> str:
    """Return what is left to guess for someone who knows these words."""
    long = [re.escape(word) for word in words if len(word) >= _SHORTEST_WORD]
    return re.sub("|".join(long), "", text, flags=re.IGNORECASE) if long else text
