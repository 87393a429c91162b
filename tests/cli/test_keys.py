"""`idp key ...`."""

import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import update

from idp.store.schema import signing_keys
from tests.cli.conftest import Idp
from tests.support.spec import spec


def states(idp: Idp) -> Counter[tuple[str, str]]:
    return Counter((key["algorithm"], key["state"]) for key in idp.json("key", "list"))


def test_migrate_gives_every_algorithm_a_key_and_a_next_one(idp: Idp) -> None:
    idp("migrate")
    assert states(idp) == dict.fromkeys(
        [(a, s) for a in ("RS256", "ES256", "PS256") for s in ("active", "next")], 1
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
    idp.environment["IDP_KEYS_CACHED_FOR"] = "PT0.01S"
    idp("migrate")
    before = {key["kid"] for key in idp.json("key", "list") if key["state"] == "next"}
    rotated = idp.json("key", "rotate")
    assert {each["algorithm"] for each in rotated} == {"RS256", "ES256", "PS256"}
    assert {each["active"] for each in rotated} == before


def test_an_unknown_algorithm_is_refused(idp_on_sqlite: Idp) -> None:
    assert "HS256" in idp_on_sqlite.refused("key", "rotate", "--algorithm", "HS256", status=2)
