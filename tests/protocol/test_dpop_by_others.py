"""A client that others wrote proves its key at every request, nonces and all (RFC 9449)."""

import json
import secrets

import pytest

from tests.app import PASSWORD, claims_of
from tests.protocol.walk import Walker
from tests.support import databases
from tests.support.node import NodeScript
from tests.support.server import ProviderProcess
from tests.support.spec import spec

CALLBACK = "http://localhost:18001/callback"


@pytest.fixture(scope="module")
def provider(database_kind, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dpop")
    environment = {"IDP_MASTER_KEY": secrets.token_urlsafe(32), "IDP_DPOP_NONCES": "1"}
    with databases.fresh_database(database_kind, folder) as url:
        process = ProviderProcess(url, folder, environment=environment)
        process.run_here("migrate")
        process.run_here(
            "user",
            "create",
            "ada",
            "--email",
            "a@example.test",
            "--password-stdin",
            stdin=PASSWORD + "\n",
        )
        with process:
            yield process


@spec("RFC 9449 §5", "RFC 9449 §7.1", "RFC 9449 §8", "RFC 9449 §9", "RFC 9449 §10")
@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [("public", "ES256"), ("confidential", "PS256"), ("public", "Ed25519")],
)
def test_openid_client_gets_refreshes_and_uses_tokens_bound_to_its_key(provider, kind, algorithm):
    said = provider.run_here(
        "client", "create", "--json", "--name", f"{kind} {algorithm}", "--dpop",
        "--redirect-uri", CALLBACK, *(["--public"] if kind == "public" else []),
        "--grant", "authorization_code", "--grant", "refresh_token",
    )  # fmt: skip
    registered = json.loads(said)
    arguments = {
        "issuer": provider.issuer,
        "client_id": registered["client_id"],
        "client_secret": registered.get("client_secret"),
        "redirect_uri": CALLBACK,
        "scope": "openid profile",
        "alg": algorithm,
    }
    with (
        Walker(provider.issuer, "ada", PASSWORD) as person,
        NodeScript("dpop_flow.mjs", arguments) as client,
    ):
        url = client.answer()["authorize_url"]
        done = client.tell(callback_url=person.walk(url))

    assert len(done["userinfo"]) == len(done["bought"]) == 3
    assert len({tokens["refresh_token"] for tokens in done["bought"]}) == 3
    for tokens in done["bought"]:
        assert tokens["token_type"] == "dpop"
        assert claims_of(tokens["access_token"])["cnf"] == {"jkt": done["jkt"]}
