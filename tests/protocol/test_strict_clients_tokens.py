"""Two clients that others wrote refresh, introspect and revoke, with and without a key of theirs.

Every answer is judged by the clients themselves: signatures, `typ`, `iss`, `aud`, DPoP bindings.
"""

import json
import secrets
from typing import Any

import pytest

from tests.protocol.walk import Walker
from tests.support import databases
from tests.support.node import NodeScript
from tests.support.server import ProviderProcess
from tests.support.spec import spec

CALLBACK = "http://localhost:18001/callback"
PASSWORD = "quiet lamps over tidewater"
LIBRARIES = ("openid_client", "oauth4webapi")
DEAD = {"active": False}


@pytest.fixture(scope="module")
def served(database_kind, tmp_path_factory):
    folder = tmp_path_factory.mktemp(f"tokens-{database_kind}")
    environment = {"IDP_MASTER_KEY": secrets.token_urlsafe(32), "IDP_LOG_FORMAT": "json"}
    with databases.fresh_database(database_kind, folder) as url:
        process = ProviderProcess(url, folder, environment=environment)
        process.run_here("migrate")
        process.run_here(
            "user", "create", "ada", "--email", "ada@example.test", "--password-stdin",
            stdin=PASSWORD + "\n",
        )  # fmt: skip
        with process:
            yield process


def register(served: ProviderProcess, *more: str) -> dict[str, Any]:
    said = served.run_here(
        "client", "create", "--json", "--name", "Example App", "--redirect-uri", CALLBACK,
        "--grant", "authorization_code", "--grant", "refresh_token", "--first-party", *more,
    )  # fmt: skip
    return dict(json.loads(said))


def live(served: ProviderProcess, library: str, client: dict[str, Any], **more: Any) -> Any:
    """Let a client live through it; return what it says."""
    arguments = {
        "issuer": served.issuer,
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
        "redirect_uri": CALLBACK,
        "scope": "openid profile",
        **more,
    }
    with (
        NodeScript(f"token_life_{library}.mjs", arguments) as script,
        Walker(served.issuer, "ada", PASSWORD) as person,
    ):
        callback = person.walk(script.answer()["authorize_url"])
        return script.tell(callback_url=callback)


def assert_refreshed_and_over(said: dict[str, Any], token_type: str) -> None:
    assert (said["rotated"], said["repeated"]) == (True, True)
    assert len(set(said["subjects"])) == 1
    assert said["token_type"] == token_type
    assert said["one"]["userinfo"] is not None
    assert said["dead"]["userinfo"] is not None
    assert said["dead"]["refreshed"] == "invalid_grant"


@spec("RFC 6749 §6", "RFC 7662 §2", "RFC 9701 §5", "RFC 7009 §2", "RFC 9449 §5")
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("algorithm", "dpop"), [(None, False), (None, True), ("RS256", False), ("ES256", True)]
)
def test_a_client_with_a_secret_refreshes_introspects_and_revokes(served, library, algorithm, dpop):
    more = ("--introspection-alg", algorithm) if algorithm else ()
    client = register(served, *more, *(("--dpop",) if dpop else ()))

    said = live(served, library, client, introspection_alg=algorithm, dpop=dpop)

    assert_refreshed_and_over(said, "dpop" if dpop else "bearer")
    told = said["live"]["access"]
    assert (told["active"], told["client_id"]) == (True, client["client_id"])
    assert told["token_type"] == ("DPoP" if dpop else "Bearer")
    assert ("cnf" in told) is dpop
    assert (told["username"], told["sub"]) == ("ada", said["subjects"][0])
    assert said["live"]["refresh"]["active"] is True
    assert said["live"]["replaced"] == DEAD
    assert (said["one"]["revoked"], said["one"]["other"]["active"]) == (DEAD, True)
    assert (said["dead"]["access"], said["dead"]["refresh"]) == (DEAD, DEAD)


@spec("RFC 6749 §6", "RFC 7009 §2", "RFC 9449 §5")
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("dpop", [False, True])
def test_a_client_without_a_secret_refreshes_and_revokes(served, library, dpop):
    client = register(served, "--public", *(("--dpop",) if dpop else ()))

    said = live(served, library, client, introspection_alg=None, dpop=dpop)

    assert_refreshed_and_over(said, "dpop" if dpop else "bearer")
