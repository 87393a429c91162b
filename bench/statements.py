"""How many statements each operation takes, counted in this process."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from idp.store.database import Database
from tests.app import Provider, RelyingParty, make_provider
from tests.machines.statements import overheard
from tests.support import run
from tests.support.databases import fresh_database
from tests.support.dpop import USERINFO, Holder
from tests.support.postgres import stop_shared_cluster

ROUNDS = 2


def statements_per_operation(kind: str) -> dict[str, str]:
    """Return, by operation, how many statements it takes, and how many frame its transactions."""
    folder = run.begin()
    try:
        with (
            tempfile.TemporaryDirectory() as name,
            fresh_database(kind, Path(name)) as url,
        ):
            provider = make_provider(url, Path(name))
            counts = {name: counted(provider, act) for name, act in acts_of(provider).items()}
            provider.house.get(Database).engine.dispose()
            return counts
    finally:
        stop_shared_cluster()
        run.end(folder)


def acts_of(provider: Provider) -> dict[str, Callable[[], object]]:
    """Return each operation as something to call, its caches warm."""
    provider.add_user()
    grants = ("authorization_code", "refresh_token", "client_credentials")
    client = provider.add_client(grant_types=grants, first_party=True)
    rp = RelyingParty(provider, client, provider.browser())
    tokens = rp.sign_in()
    stranger, holder = RelyingParty(provider, client, provider.browser()), Holder()

    def proof(*request: str, access_token: str | None = None) -> str:
        return holder.proof(*request, access_token=access_token, now=provider.clock.now)

    bound = rp.redeem(rp.code(), proof()).get_json()["access_token"]

    def userinfo_dpop() -> None:
        rp.userinfo(bound, proof("GET", USERINFO, access_token=bound), scheme="DPoP")

    def revocation() -> None:
        rp.revoke(rp.token(grant_type="client_credentials").get_json()["access_token"])

    def refresh() -> None:
        asked = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        tokens.update(rp.token(**asked).get_json())

    def login() -> None:
        stranger.browser = provider.browser()
        stranger.sign_in()

    return {
        "discovery": lambda: rp.get("/.well-known/openid-configuration"),
        "jwks": lambda: rp.get("/jwks"),
        "client_credentials": lambda: rp.token(grant_type="client_credentials"),
        "userinfo": lambda: rp.userinfo(tokens["access_token"]),
        "userinfo_dpop": userinfo_dpop,
        "introspection": lambda: rp.introspect(tokens["access_token"]),
        "revocation": revocation,
        "refresh": refresh,
        "code_flow": rp.sign_in,
        "login": login,
    }


def counted(provider: Provider, act: Callable[[], object]) -> str:
    """Return the counts of the last of a few rounds, for the first ones fill the caches."""
    for _ in range(ROUNDS):
        with overheard(provider) as heard:
            act()
    return f"{len(heard.work)} + {len(heard.frames)}"
