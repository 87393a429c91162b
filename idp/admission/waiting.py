"""Under what name a request waits of which nobody may know whom it means."""

from idp.context import RequestContext
from idp.kernel.encoding import b64url
from idp.kernel.secrets import MasterKey
from idp.store.users import username_key


def name_for(ctx: RequestContext, kind: str, who: str) -> str:
    """Return a name that says nothing about whom it means, the same one in every spelling."""
    key = username_key(who).encode(errors="surrogatepass")
    return b64url(ctx.house.get(MasterKey).mac(kind, key)[:16])
