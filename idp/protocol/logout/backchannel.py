"""Tell a client's server that a session is over (OIDC Back-Channel Logout §2.5 to §2.8).

The token is signed when it is delivered, however long that took; only its `jti` is the same at
each try, so that a client may know a repetition.
"""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from idp.context import RequestContext
from idp.delivery.outcome import Never, NotNow
from idp.delivery.outgoing import NotReached, Outgoing
from idp.delivery.parcel import Parcel
from idp.protocol.clients import registry
from idp.protocol.keys import service as keys
from idp.protocol.tokens import logout
from idp.store import endings

_DONE = (HTTPStatus.OK, HTTPStatus.NO_CONTENT)


def prepare(ctx: RequestContext, parcel: Parcel) -> Callable[[], None] | None:
    """Return what tells the client; None when nobody was signed in to it in the end.

    Raises:
        Never: the client is gone, or does not listen any more.
    """
    client_id, sid = str(parcel.held.client_id), str(parcel.held.sid)
    client = registry.find_newest(ctx, client_id)
    uri = client.metadata.backchannel_logout_uri if client else None
    if client is None or uri is None:
        raise Never("the client does not listen")
    if endings.was_never_used(ctx.db, sid, client_id):
        return None
    token = logout.issue(
        ctx,
        keys.keyring(ctx),
        client_id=client_id,
        subject=parcel.payload["sub"],
        sid=sid,
        jti=parcel.key,
        algorithm=client.metadata.id_token_signed_response_alg,
    )
    return partial(tell, ctx.house.get(Outgoing), uri, token)


def tell(outgoing: Outgoing, uri: str, token: str) -> None:
    """POST a logout token (§2.5), and judge the answer (§2.8).

    Raises:
        Never: the client refuses it, and would again.
        NotNow: no answer, or another one.
    """
    try:
        status = outgoing.post_form(uri, {"logout_token": token})
    except NotReached as error:
        raise NotNow(error.reason) from None
    if status not in _DONE:
        refused = status == HTTPStatus.BAD_REQUEST
        raise (Never if refused else NotNow)(f"HTTP {status}")
