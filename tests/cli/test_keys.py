"""`idp key ...`."""

import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from idp.kernel.jose import SIGNING_ALGORITHMS
from idp.store.schema import signing_keys
from tests.cli.conftest import Idp
from tests.support.spec import spec


def states(idp: Idp) -> Counter[tuple[str, str]]:
    return Counter((key["algorithm"], key["state"]) for key in idp.json("key", "list"))


def test_migrate_gives_every_algorithm_a_key_and_a_next_one(idp: Idp) -> None:
    idp("migrate")
    assert states(idp) == dict.fromkeys(
        [(a, s) for a in SIGNING_ALGORITHMS for s in ("active", "next")], 1
    )
    assert "private" not in idp("key", "list", "--json")


@spec("OIDC Core §10.1.1")
def test_a_rotation_waits_until_the_next_key_is_known_and_says_so(
    idp: Idp, monkeypatch: pytest.MonkeyPatch
) -> None:
    idp.environment["IDP_KEYS_CACHED_FOR"] = "1800"
    idp("migrate")
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        with idp.inside() as ctx:
            ctx.db.write(update(signing_keys).values(created_at=ctx.now - timedelta(hours=2)))

    monkeypatch.setattr(time, "sleep", sleep)
    result = idp.run("key", "rotate", "--algorithm", "ES256")
    assert result.exit_code == 0
    assert [3000 < seconds <= 3640 for seconds in slept] == [True]
    assert "Waiting 3" in result.stderr
    assert states(idp)["ES256", "retired"] == 1
    assert states(idp)["RS256", "retired"] == 0


def test_a_rotation_told_not_to_wait_fails_and_changes_nothing(idp: Idp) -> None:
    idp.environment["IDP_KEYS_CACHED_FOR"] = "1800"
    idp("migrate")
    before = idp.json("key", "list")
    said = idp.refused("key", "rotate", "--no-wait")
    assert "Wait 3" in said
    assert idp.json("key", "list") == before


def test_without_an_algorithm_all_are_rotated(idp: Idp) -> None:
    idp.environment["IDP_KEYS_CACHED_FOR"] = idp.environment["IDP_JWKS_MAX_AGE"] = "PT0.01S"
    idp("migrate")
    before = {key["kid"] for key in idp.json("key", "list") if key["state"] == "next"}
    rotated = idp.json("key", "rotate")
    assert {each["algorithm"] for each in rotated} == set(SIGNING_ALGORITHMS)
    assert {each["active"] for each in rotated} == before


def test_an_unknown_algorithm_is_refused(idp_on_sqlite: Idp) -> None:
    assert "HS256" in idp_on_sqlite.refused("key", "rotate", "--algorithm", "HS256", status=2)


def test_a_revoked_key_is_gone_when_the_command_has_answered(
    idp: Idp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other nodes may use their copy for a while: the answer waits for them, behind the commit."""
    idp.environment["IDP_KEYS_CACHED_FOR"] = "7"
    idp("migrate")
    keys = {
        key["state"]: key["kid"] for key in idp.json("key", "list") if key["algorithm"] == "EdDSA"
    }
    seen = []

    def sleep(seconds: float) -> None:
        seen.append((seconds, keys["active"] in str(idp.json("key", "list"))))

    monkeypatch.setattr(time, "sleep", sleep)
    result = idp.run("key", "revoke", keys["active"], "--reason", "a backup was lost")

    assert result.exit_code == 0
    assert seen == [(7.0, False)]
    assert "Waiting 7 s, until every node has forgotten it." in result.stderr
    assert f"{keys['active']} is revoked, {keys['next']} signs" in result.stdout
    assert states(idp)["EdDSA", "active"] == states(idp)["EdDSA", "next"] == 1
    told = [data["reason"] for name, _, data in idp.events() if name == "key.revoked"]
    assert told == ["a backup was lost"]


def test_a_key_is_revoked_for_a_reason_and_only_once(
    idp_on_sqlite: Idp, monkeypatch: pytest.MonkeyPatch
) -> None:
    idp = idp_on_sqlite
    monkeypatch.setattr(time, "sleep", lambda _: None)
    idp("migrate")
    kid = idp.json("key", "list")[0]["kid"]
    assert "--reason" in idp.refused("key", "revoke", kid, status=2)
    assert "--reason" in idp.refused("key", "revoke", kid, "--reason", " ", status=2)
    assert idp.json("key", "revoke", kid, "--reason", "x")["kid"] == kid
    assert "no such key" in idp.refused("key", "revoke", kid, "--reason", "x")


def test_the_help_says_what_the_caches_of_others_still_hold(idp_on_sqlite: Idp) -> None:
    assert "IDP_JWKS_MAX_AGE" in idp_on_sqlite("key", "revoke", "--help")


def test_a_rotation_makes_the_keys_that_are_missing(idp: Idp) -> None:
    """An installation from before an algorithm was there."""
    idp.environment["IDP_KEYS_CACHED_FOR"] = idp.environment["IDP_JWKS_MAX_AGE"] = "PT0.01S"
    idp("migrate")
    with idp.inside() as ctx:
        ctx.db.write(delete(signing_keys).where(signing_keys.c.algorithm == "EdDSA"))
    idp("key", "rotate", "--algorithm", "EdDSA")
    assert states(idp)["EdDSA", "active"] == states(idp)["EdDSA", "next"] == 1
