"""A policy as a document: what `idp policy show --json` says, and what its version is made of."""

import hashlib
import json
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import Any

from idp.policy.book import Policy, Share
from idp.policy.durations import in_short
from idp.policy.terms import RiskLevel

_VERSION_LENGTH = 12


def document_of(policy: Policy) -> dict[str, Any]:
    """Return a policy in the words in which a file says it."""
    return {
        "version": policy.version,
        "bounds": _plain(policy.bounds),
        "defaults": _plain(policy.defaults),
        "risk": _plain(policy.thresholds),
        "rules": [_plain(rule) for rule in policy.rules],
    }


def version_of(policy: Policy) -> str:
    """Return a short hash of all that decides; a comment in the file does not change it."""
    deciding = {name: said for name, said in document_of(policy).items() if name != "version"}
    text = json.dumps(deciding, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_VERSION_LENGTH]


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: what nothing is said about is left out."""
    if is_dataclass(value) and not isinstance(value, Share | type):
        parts = {each.name: getattr(value, each.name) for each in fields(value)}
        return {name: _plain(part) for name, part in parts.items() if part not in (None, "")}
    if isinstance(value, frozenset):
        return [_plain(each) for each in sorted(value)]
    if isinstance(value, timedelta | Share):
        return in_short(value)
    return value.word if isinstance(value, RiskLevel) else value
