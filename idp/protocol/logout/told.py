"""What each client was told of the end of sessions, for the page that says so.

A client that listens on both channels is judged by the one that we hear an answer on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import urlencode

from idp.context import RequestContext
from idp.delivery.parcel import BACKCHANNEL_LOGOUT
from idp.protocol.clients import registry
from idp.store import logouts
from idp.store.logouts import Notice


class Word(IntEnum):
    """How far it has come; the higher, the more it is the person's affair."""

    TOLD = 0
    ASKED_HERE = 1
    TELLING = 2
    TRYING = 3
    DEAF = 4
    FAILED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One client: what it was told, and where the person can sign out of it."""

    name: str
    word: Word
    home_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All clients of the sessions that ended, and the frames in which some of them are asked."""

    clients: tuple[Told, ...] = ()
    frames: tuple[str, ...] = ()


def report(ctx: RequestContext, sids: Sequence[str], here: str | None) -> Report:
    """Return what became of it so far; `here` is the session that this browser had."""
    if not sids:
        return Report()
    used = logouts.used(ctx.db, sids)
    said = logouts.notices(ctx.db, BACKCHANNEL_LOGOUT, sids)
    clients, frames = [], []
    for client_id in {client_id for _, client_id in used}:
        client = registry.find(ctx, client_id)
        if client is None:
            continue
        metadata = client.metadata
        word = word_of([each for each in said if each.client_id == client_id])
        if (uri := metadata.frontchannel_logout_uri) and (here, client_id) in used:
            frames.append(frame_url(uri, ctx.settings.issuer, str(here)))
            word = Word.ASKED_HERE if word is None else word
        shown = Told(
            name=metadata.client_name,
            word=Word.DEAF if word is None else word,
            home_url=metadata.client_uri,
        )
        clients.append(shown)
    return Report(
        clients=tuple(sorted(clients, key=lambda each: (-each.word, each.name.casefold()))),
        frames=tuple(sorted(frames)),
    )


def word_of(notices: Iterable[Notice]) -> Word | None:
    """Return the worst of what became of telling one client; None where nothing is told."""
    return max((_of_one(each) for each in notices), default=None)


def _of_one(notice: Notice) -> Word:
    if notice.state == "delivered":
        return Word.TOLD
    if notice.state == "dead":
        return Word.FAILED
    # An attempt that is under way counts already: its end is not known.
    over = notice.attempts - (notice.leased_until is not None)
    return Word.TRYING if over else Word.TELLING


def frame_url(uri: str, issuer: str, sid: str) -> str:
    """Return what is shown in a frame: the client's page, told which session (§2)."""
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode({'iss': issuer, 'sid': sid})}"
