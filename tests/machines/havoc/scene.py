"""Who takes part in a run: users, clients of every kind, and the servers that they talk to."""

from dataclasses import dataclass

from idp.protocol.consent import service as consents
from tests.app import Provider, RelyingParty
from tests.machines.burst import get
from tests.machines.havoc.history import History
from tests.machines.havoc.requests import GOODBYE, KeyHolder
from tests.machines.havoc.wire import exchange
from tests.machines.havoc.world import World
from tests.machines.installation import relying_party
from tests.support.server import ProviderProcess

USERS = 5
_GRANTS = ("authorization_code", "refresh_token")


@dataclass
class Scene:
    """What all workers of a run share."""

    provider: Provider
    ports: list[int]
    history: History
    world: World
    parties: list[RelyingParty]
    users: list[tuple[str, str]]
    endpoints: frozenset[str]

    @property
    def public(self) -> frozenset[str]:
        """The clients that neither keep a secret nor prove a key."""
        bearers = (rp for rp in self.parties if not isinstance(rp, KeyHolder))
        return frozenset(rp.client_id for rp in bearers if rp.public)


def scene_of(provider: Provider, nodes: list[ProviderProcess]) -> Scene:
    """Return users and clients of every kind, before a word was said."""
    users = [provider.add_user(f"user{n}", password=None) for n in range(USERS)]
    known = {"grant_types": _GRANTS, "first_party": True, "post_logout_redirect_uris": (GOODBYE,)}
    bound = known | {"token_endpoint_auth_method": "none", "dpop_bound_access_tokens": True}
    offline = {"scope": ("openid", "offline_access"), "first_party": False}
    parties = [
        relying_party(provider, **known),
        relying_party(provider, **known, access_token_format="opaque"),
        relying_party(provider, **known, token_endpoint_auth_method="none"),
        KeyHolder(provider, provider.add_client(**bound), provider.browser()),
        relying_party(provider, **(known | offline)),
    ]
    parties[-1].defaults["scope"] = "openid offline_access"
    with provider.context() as ctx:
        for user in users:
            scope = ("openid", "offline_access")
            consents.allow(ctx, user.id, parties[-1].client_id, scope=scope, claims=())
    document = exchange(nodes[0].port, get("/.well-known/openid-configuration")).json()
    return Scene(
        provider=provider,
        ports=[node.port for node in nodes],
        history=History(),
        world=World(),
        parties=parties,
        users=[(user.id, user.username) for user in users],
        endpoints=frozenset(document),
    )
