"""Two clients that others wrote, each of its own making, take the code flow to its end.

The provider is a process of its own, prepared by its own commands; the person is a session of
`requests` that reads our forms.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.protocol.walk import Walker
from tests.support import databases
from tests.support.node import NodeError, NodeScript
from tests.support.server import ProviderProcess
from tests.support.spec import spec

CALLBACK = "http://localhost:18001/callback"
BYE = "http://localhost:18001/bye"
PASSWORD = "quiet lamps over tidewater"
SCOPE = "openid profile email"
METHODS = ("client_secret_basic", "client_secret_post", "none")
KINDS = [(method, "RS256") for method in METHODS] + [
    ("client_secret_basic", "ES256"),
    ("client_secret_basic", "PS256"),
    ("none", "ES256"),
    ("client_secret_basic", "EdDSA"),
]


@dataclass
class Served:
    """A running provider with one person and any number of clients."""

    process: ProviderProcess
    subject: str

    @property
    def issuer(self) -> str:
        return self.process.issuer

    def client(self, method: str, algorithm: str, *more: str) -> dict[str, Any]:
        kind = ["--public"] if method == "none" else ["--auth-method", method]
        said = self.process.run_here(
            "client", "create", "--json", "--name", f"{method} {algorithm}",
            "--redirect-uri", CALLBACK, "--post-logout-redirect-uri", BYE,
            "--id-token-alg", algorithm, *kind, *more,
        )  # fmt: skip
        return dict(json.loads(said))

    def walker(self) -> Walker:
        return Walker(self.issuer, "ada", PASSWORD)


@pytest.fixture(scope="module")
def served(database_kind, tmp_path_factory):
    folder = tmp_path_factory.mktemp(f"served-{database_kind}")
    environment = {"IDP_MASTER_KEY": secrets.token_urlsafe(32), "IDP_LOG_FORMAT": "json"}
    with databases.fresh_database(database_kind, folder) as url:
        process = ProviderProcess(url, folder, environment=environment)
        process.run_here("migrate")
        said = process.run_here(
            "user", "create", "ada", "--json", "--email", "ada@example.test", "--email-verified",
            "--claim", "name=Ada Example", "--password-stdin",
            stdin=PASSWORD + "\n",
        )  # fmt: skip
        with process:
            yield Served(process, json.loads(said)["sub"])


class AuthlibClient:
    """Authlib's client with all the checks of OIDC Core §3.1.3.7 switched on."""

    def __init__(self, served: Served, registered: dict[str, Any], method: str, algorithm: str):
        address = f"{served.issuer}/.well-known/openid-configuration"
        self.metadata = requests.get(address, timeout=30).json()
        assert self.metadata["issuer"] == served.issuer
        self.algorithm = algorithm
        self.session = OAuth2Session(
            registered["client_id"],
            registered["client_secret"],
            scope=SCOPE,
            redirect_uri=CALLBACK,
            token_endpoint_auth_method=method,
            code_challenge_method="S256",
        )
        self.session.trust_env = False

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.session.close()

    def begin(self, **parameters: Any) -> str:
        self.nonce, self.verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        self.max_age = parameters.get("max_age")
        url, self.state = self.session.create_authorization_url(
            self.metadata["authorization_endpoint"],
            nonce=self.nonce,
            code_verifier=self.verifier,
            **parameters,
        )
        return url

    def finish(self, callback: str) -> CodeIDToken:
        answer = parse_qs(urlsplit(callback).query)
        assert answer["iss"] == [self.metadata["issuer"]]
        self.tokens = self.session.fetch_token(
            self.metadata["token_endpoint"],
            authorization_response=callback,
            state=self.state,
            code_verifier=self.verifier,
        )
        return self.validated(self.tokens["id_token"])

    def validated(self, id_token: str) -> CodeIDToken:
        keys = KeySet.import_key_set(requests.get(self.metadata["jwks_uri"], timeout=30).json())
        decoded = jwt.decode(id_token, keys, algorithms=[self.algorithm])
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "values": [self.metadata["issuer"]]},
                "aud": {"essential": True, "value": self.session.client_id},
                "nonce": {"essential": True, "value": self.nonce},
                "sub": {"essential": True},
                "at_hash": {"essential": True},
                "auth_time": {"essential": True},
            },
            params={
                "client_id": self.session.client_id,
                "nonce": self.nonce,
                "max_age": self.max_age,
                "access_token": self.tokens["access_token"],
            },
        )
        claims.validate(leeway=0)
        return claims


@spec("OIDC Core §3.1", "OIDC Core §3.1.3.7", "RFC 7636 §4.6", "OIDC Core §9")
@pytest.mark.parametrize(("method", "algorithm"), KINDS)
def test_authlib_signs_a_person_in(served, method, algorithm):
    registered = served.client(method, algorithm)
    with AuthlibClient(served, registered, method, algorithm) as client, served.walker() as person:
        claims = client.finish(person.walk(client.begin(max_age=3600)))
        userinfo = client.session.get(client.metadata["userinfo_endpoint"]).json()

        assert person.seen in (["login", "enrol", "consent", ""], ["login", "consent", ""])
        assert claims["sub"] == userinfo["sub"] == served.subject
        assert userinfo["name"] == "Ada Example"
        assert claims["amr"] == ["pwd"]

        again = client.finish(person.walk(client.begin(prompt="none")))
        assert (again["sid"], again["auth_time"]) == (claims["sid"], claims["auth_time"])


@spec("OIDC Core §3.1", "OIDC Core §3.1.3.7", "RFC 9207 §2.4", "OIDC Core §9")
@pytest.mark.parametrize(("method", "algorithm"), KINDS)
def test_openid_client_signs_a_person_in(served, method, algorithm):
    registered = served.client(method, algorithm)
    arguments = {
        "issuer": served.issuer,
        "client_id": registered["client_id"],
        "client_secret": registered["client_secret"],
        "redirect_uri": CALLBACK,
        "scope": SCOPE,
        "auth_method": method,
        "id_token_alg": algorithm,
        "max_age": 3600,
    }
    with NodeScript("code_flow.mjs", arguments) as client, served.walker() as person:
        callback = person.walk(client.answer()["authorize_url"])
        answer = client.tell(callback_url=callback)

    assert answer["claims"]["sub"] == answer["userinfo"]["sub"] == served.subject
    assert answer["userinfo"]["email"] == "ada@example.test"
    assert answer["token_type"] == "bearer"
    assert answer["expires_in"] == 300


@spec("RFC 9207 §2.4", "OIDC Core §3.1.2.5")
def test_openid_client_refuses_what_we_did_not_say(served):
    """The proof that the strict client is strict: each spoiled callback is refused."""
    registered = served.client("none", "RS256", "--first-party")
    arguments = {
        "issuer": served.issuer,
        "client_id": registered["client_id"],
        "client_secret": None,
        "redirect_uri": CALLBACK,
        "scope": SCOPE,
        "auth_method": "none",
        "id_token_alg": "RS256",
    }
    with served.walker() as person:
        for spoiled in ("iss=", "state=", "code="):
            with NodeScript("code_flow.mjs", arguments) as client:
                callback = person.walk(client.answer()["authorize_url"])
                with pytest.raises(NodeError):
                    client.tell(callback_url=callback.replace(spoiled, f"{spoiled}x"))
        # And with an algorithm that was not registered.
        with NodeScript("code_flow.mjs", {**arguments, "id_token_alg": "ES256"}) as client:
            callback = person.walk(client.answer()["authorize_url"])
            with pytest.raises(NodeError):
                client.tell(callback_url=callback)


@spec("OIDC Core §3.1.2.6", "RP-Initiated Logout §2")
def test_one_session_for_two_clients_until_one_of_them_ends_it(served):
    one = served.client("client_secret_basic", "RS256", "--first-party")
    two = served.client("none", "ES256", "--first-party")
    with (
        AuthlibClient(served, one, "client_secret_basic", "RS256") as first,
        AuthlibClient(served, two, "none", "ES256") as second,
        served.walker() as person,
    ):
        claims = first.finish(person.walk(first.begin()))
        others = second.finish(person.walk(second.begin(prompt="none")))
        assert others["sid"] == claims["sid"]

        hint = first.tokens["id_token"]
        bye = person.go(
            f"{first.metadata['end_session_endpoint']}?id_token_hint={hint}"
            f"&post_logout_redirect_uri={BYE}&state=over"
        )
        assert bye.url == f"{BYE}?state=over"

        refused = person.walk(second.begin(prompt="none"))
        assert parse_qs(urlsplit(refused).query)["error"] == ["login_required"]
        userinfo = second.session.get(second.metadata["userinfo_endpoint"])
        assert userinfo.status_code == 401
