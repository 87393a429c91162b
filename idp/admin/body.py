"""A JSON body, read strictly: one object, each member once, nothing guessed (RFC 8259 §4)."""

import json
from typing import Any

from idp.protocol.errors import InvalidRequest

JSON = "application/json"


def read(raw: bytes, mimetype: str) -> dict[str, Any]:
    """Return the members of a body.

    Raises:
        InvalidRequest: of another type, no JSON, no object, or a member twice.
    """
    if mimetype != JSON:
        raise InvalidRequest("The body must be application/json.")
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("The body is not JSON with each member once.") from error
    if not isinstance(value, dict):
        raise InvalidRequest("The body is not a JSON object.")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; of two members of one name each reader takes another."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member twice")
    return members


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
