"""The demo's two clients: registered with the provider, their secrets kept in the data folder."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from idp.context import RequestContext
from idp.protocol.clients import registry, service
from idp.protocol.clients.metadata import ClientMetadata

FILE = "demo-client.json"
CALLBACK = "/callback"
SIGNED_OUT = "/signed-out"
TOLD = "/backchannel-logout"
TOLD_IN_FRAME = "/frontchannel-logout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What one of the demo's applications knows about itself."""

    name: str
    path: str
    client_id: str
    client_secret: str


# The first asks for consent, as a stranger's application does; the second is the house's own, and
# can be told of the end of a session in the browser as well.
APPLICATIONS = (("Demo notes", "", False), ("Demo calendar", "/second", True))


def ensure_clients(ctx: RequestContext, base: str) -> tuple[Registration, ...]:
    """Return the demo's clients at `base`, registering them where they are not."""
    path = ctx.settings.data_dir / FILE
    kept = tuple(_kept(path))
    if kept and all(_stands(ctx, each, base) for each in kept):
        return kept
    for each in kept:
        with suppress(service.NoSuchClient):
            service.delete(ctx, each.client_id)
    made = tuple(_register(ctx, base, *each) for each in APPLICATIONS)
    _keep(path, made)
    return made


def _stands(ctx: RequestContext, registration: Registration, base: str) -> bool:
    client = registry.find_newest(ctx, registration.client_id)
    wanted = f"{base}{registration.path}{CALLBACK}"
    if client is None or client.disabled:
        return False
    metadata = client.metadata
    told = metadata.backchannel_logout_uri == f"{base}{registration.path}{TOLD}"
    return wanted in metadata.redirect_uris and metadata.refreshes and told


def _register(
    ctx: RequestContext,
    base: str,
    name: str,
    path: str,
    first_party: bool,  # noqa: FBT001 - a column of the table above
) -> Registration:
    metadata = ClientMetadata(
        client_name=name,
        redirect_uris=(f"{base}{path}{CALLBACK}",),
        post_logout_redirect_uris=(f"{base}{path}{SIGNED_OUT}",),
        backchannel_logout_uri=f"{base}{path}{TOLD}",
        backchannel_logout_session_required=True,
        frontchannel_logout_uri=f"{base}{path}{TOLD_IN_FRAME}" if first_party else None,
        frontchannel_logout_session_required=first_party,
        client_uri=f"{base}{path}/",
        first_party=first_party,
        grant_types=("authorization_code", "refresh_token"),
    )
    registered = service.create(ctx, metadata)
    return Registration(
        name=name,
        path=path,
        client_id=registered.client.client_id,
        client_secret=registered.secret or "",
    )


def _kept(path: Path) -> Iterator[Registration]:
    # Whatever is wrong with the file, registering anew puts it right.
    with suppress(OSError, ValueError, TypeError):
        kept: list[dict[str, Any]] = json.loads(path.read_text())
        yield from [Registration(**each) for each in kept]


def _keep(path: Path, registrations: tuple[Registration, ...]) -> None:
    """Write the file, readable by its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump([asdict(each) for each in registrations], file, indent=2)
    draft.replace(path)
