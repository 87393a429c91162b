"""What the clients of a run hold: sessions, codes and tokens, and who holds them.

Threads share it under one lock. It knows what was given; what that is worth, the history says.
"""

import random
import threading
from collections import deque
from dataclasses import dataclass, field

from tests.app import RelyingParty

ROOMS = 6
FAMILIES = 5
# How many more operations are tried on what is over, before its place is given away.
AFTERLIFE = 24
# How often what lives is preferred to what is over.
LIVELY = 0.7


@dataclass
class Family:
    """A code and everything that came of it."""

    rp: RelyingParty
    user: str
    sid: str
    code: str
    grant: str
    offline: bool = False
    tried: int = 0
    busy: int = 0
    over: int = 0
    refresh: list[str] = field(default_factory=list)
    access: deque[str] = field(default_factory=lambda: deque(maxlen=6))
    id_token: str = ""


@dataclass
class Room:
    """A user's session in one browser, and what its clients have out of it."""

    user: str
    sid: str
    cookie: str
    over: int = 0
    families: list[Family] = field(default_factory=list)
    proving: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class World:
    """All rooms that are in use, and families of those that were."""

    rooms: list[Room] = field(default_factory=list)
    past: deque[Family] = field(default_factory=lambda: deque(maxlen=400))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def room(self, rng: random.Random) -> Room | None:
        """Give some room; None when there is a place for a new one."""
        with self.lock:
            for room in [r for r in self.rooms if r.over > AFTERLIFE]:
                self.rooms.remove(room)
                self.past.extend(room.families)
            if len(self.rooms) < ROOMS:
                return None
            room = rng.choice(self.rooms)
            room.over += room.over > 0
            return room

    def enter(self, room: Room) -> None:
        """Take a new room into use."""
        with self.lock:
            self.rooms.append(room)

    def close(self, room: Room) -> None:
        """Note that a room's session is over, or seems so."""
        with self.lock:
            room.over = max(room.over, 1)

    def hang(self, room: Room, family: Family) -> None:
        """Hang a family on its room; the oldest makes place."""
        with self.lock:
            room.families.append(family)
            ended = [f for f in room.families if f.over > AFTERLIFE // 2]
            if len(room.families) > FAMILIES:
                leaving = ended[0] if ended else room.families[0]
                room.families.remove(leaving)
                self.past.append(leaving)

    def family(self, rng: random.Random, room: Room, *, redeemed: bool) -> Family | None:
        """Give some family of a room that was, or was not yet, traded for tokens."""
        with self.lock:
            fitting = [f for f in room.families if bool(f.access) is redeemed]
            if not fitting:
                return None
            if rng.random() < LIVELY:
                fitting = [f for f in fitting if not f.over]
                if not fitting:
                    return None
            family = rng.choice(fitting)
            family.over += family.over > 0
            return family

    def keep(self, family: Family, shown: str, answer: dict[str, str]) -> None:
        """Keep what a token response gave for `shown`."""
        with self.lock:
            family.access.append(answer["access_token"])
            family.id_token = answer.get("id_token", family.id_token)
            token = answer.get("refresh_token", "")
            newest = not family.refresh or family.refresh[-1] == shown
            if token and newest:
                family.refresh.append(token)

    def all_families(self) -> list[Family]:
        """Return every family that is still remembered."""
        with self.lock:
            return [*self.past, *(f for room in self.rooms for f in room.families)]
