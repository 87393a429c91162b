"""Looking into tokens as an operator does."""

import json

from idp.protocol.inspection import service, telling, words
from tests.app import Provider, RelyingParty


def look(provider: Provider, token: str) -> dict:
    """Everything that is told about a token; each reason has its sentence."""
    with provider.context() as ctx:
        found = service.inspect(ctx, token)
    for reason in found.reasons:
        assert words.in_words(reason).partition(" (")[0] in words.REASONS.values(), reason
    assert found.said.kind in words.KINDS
    return json.loads(json.dumps(telling.as_json(found)))


def why(provider: Provider, token: str) -> list[str]:
    said = look(provider, token)
    assert said["alive"] is not bool(said["reasons"])
    return said["reasons"]


def taken(rp: RelyingParty) -> dict:
    """One of everything, each alive."""
    return rp.sign_in() | {"code": rp.code()}
