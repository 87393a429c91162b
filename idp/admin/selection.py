"""What shall be taken back: one way of naming it, and a reason, checked in one place.

The endpoint's JSON and the command's options both come here, so both are refused alike.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from idp.protocol.errors import InvalidRequest

LONGEST_REASON = 200
_LONGEST_ID = 200
_LONGEST_TOKEN = 8192
# Clocks differ a little; a time zone left out differs by more.
_CLOCKS_DIFFER = timedelta(minutes=1)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_ALONE = frozenset({"token", "grant_id", "sid"})
_TOGETHER = frozenset({"client_id", "user", "issued_before"})
_MEMBERS = _ALONE | _TOGETHER | {"offline", "reason"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is meant, named in one of the ways that there are.

    `offline` takes along what stands without the session of `sid`.
    """

    token: str | None = None
    grant_id: str | None = None
    sid: str | None = None
    offline: bool = False
    client_id: str | None = None
    user: str | None = None
    issued_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What shall be taken back, and why."""

    what: Selection
    reason: str


class OrderRefused(InvalidRequest):
    """RFC 6750 §3.1: what was said is not clear; `faults` says why, a line each."""

    public = "Nothing was taken back, because it was not said clearly what shall be."

    def __init__(self, faults: list[str]) -> None:
        super().__init__(detail="; ".join(faults))
        self.faults = faults


def order_of(said: Mapping[str, object], now: datetime) -> Order:
    """Return the order that somebody gives.

    Raises:
        OrderRefused: with every fault at once.
    """
    issued_before = _instant(said.get("issued_before"))
    faults = [*_faults(said), *_faults_of_instant(said, issued_before, now)]
    if faults:
        raise OrderRefused(faults)
    texts = {name: said[name] for name in (*_ALONE, "client_id", "user") if name in said}
    before = min(issued_before, now) if issued_before is not None else None
    what = Selection(
        **texts,  # type: ignore[arg-type]
        offline=said.get("offline") is True,
        issued_before=before,
    )
    return Order(what, str(said["reason"]).strip())


def _faults(said: Mapping[str, object]) -> Iterator[str]:
    if not set(said) <= _MEMBERS:
        yield f"there are members that are none of {', '.join(sorted(_MEMBERS))}"
    yield from _faults_of_choice(said)
    for name in ("grant_id", "sid", "client_id", "token"):
        longest = _LONGEST_TOKEN if name == "token" else _LONGEST_ID
        if name in said and not _visible(said[name], longest):
            yield f"{name}: 1 to {longest} visible ASCII characters"
    if "user" in said and not printable(said["user"], _LONGEST_ID):
        yield f"user: an id or a user name, 1 to {_LONGEST_ID} printable characters"
    if not isinstance(said.get("offline", False), bool):
        yield "offline: true or false"
    if not printable(said.get("reason"), LONGEST_REASON):
        yield f"reason: needed, 1 to {LONGEST_REASON} printable characters"


def _faults_of_choice(said: Mapping[str, object]) -> Iterator[str]:
    alone, together = _ALONE & set(said), _TOGETHER & set(said)
    if len(alone) > 1 or (alone and together) or not (alone or together):
        yield (
            "say what: one of token, grant_id and sid, or else client_id, user and issued_before, "
            "each alone or together"
        )
    if "offline" in said and "sid" not in said:
        yield "offline: only beside sid; everything else takes offline access along"


def _faults_of_instant(
    said: Mapping[str, object], instant: datetime | None, now: datetime
) -> Iterator[str]:
    if "issued_before" not in said:
        return
    if instant is None:
        yield "issued_before: an instant with its zone such as 2030-01-01T12:00:00Z (RFC 3339)"
    elif instant > now + _CLOCKS_DIFFER:
        yield "issued_before: not in the future"


def _instant(value: object) -> datetime | None:
    text = value.upper() if isinstance(value, str) else ""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _visible(value: object, longest: int) -> bool:
    text = value if isinstance(value, str) else ""
    return 0 < len(text) <= longest and all("!" <= c <= "~" for c in text)


def printable(value: object, longest: int) -> bool:
    """Tell whether it is a text that people can read, and not too much of it."""
    text = value if isinstance(value, str) else ""
    return bool(text.strip()) and len(text) <= longest and text.isprintable()
