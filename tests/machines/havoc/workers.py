"""Clients that do random things, honest ones and others, and note what they know of the outcome."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from idp.kernel.errors import IdpError, Unavailable
from idp.sessions import service as session_service
from tests.machines.burst import Answer
from tests.machines.havoc import requests, sessions
from tests.machines.havoc.history import Kind, Op, Outcome, label
from tests.machines.havoc.requests import COOKIE, KeyHolder
from tests.machines.havoc.scene import Scene
from tests.machines.havoc.wire import Manner, NotSentError, exchange, exchange_twice
from tests.machines.havoc.world import Family, Room

# A node that is stopped answers when it goes on; its clients do not wait for that.
PATIENCE = 3.0
_PAUSE = 0.05
# As often as a database that is away may refuse a proof.
_TRIES = 100


class Worker:
    """One client process's worth of random operations, out of a seed of its own."""

    def __init__(self, scene: Scene, number: int, seed: str) -> None:
        self.scene, self.number = scene, number
        self.rng = random.Random(f"{seed}/{number}")

    def run(self, until: Callable[[], bool]) -> None:
        """Do one thing after the other."""
        while not until():
            self.step()

    def step(self) -> None:
        """Do one thing."""
        room = self.scene.world.room(self.rng)
        if room is None:
            self.open_session()
            return
        acts, weights = zip(*_ACTS, strict=True)
        act = self.rng.choices(acts, weights)[0]
        getattr(self, act)(room)

    def look_back(self) -> None:
        """Show everything once more that somebody still holds; what is over has to be."""
        for family in self.scene.world.all_families():
            shown = family.access[-1] if family.access else ""
            if shown:
                op = self.about(family, Kind.USERINFO, shown)
                self.send(op, requests.userinfo(family.rp, shown), requests.read_userinfo)
            if family.refresh:
                self._trade(family, Kind.REFRESH, family.refresh[-1])
            if not family.tried:
                self._trade(family, Kind.REDEEM, family.code)

    # What people do

    def open_session(self) -> None:
        """Sign somebody in by the shortest way: the row is written beside the servers."""
        user, _ = self.rng.choice(self.scene.users)
        op = Op(kind=Kind.OPEN_SESSION, invoked=0, worker=self.number, user=user)

        def write(ctx: Any) -> tuple[str, str]:
            opened = session_service.open_session(ctx, user, ("pwd",), None)
            return opened.session.sid, opened.secret

        op, given = self.beside(op, write)
        if op.ok:
            sid, secret = given
            self.scene.world.enter(Room(user=user, sid=sid, cookie=f"{COOKIE}={secret}"))
        else:
            time.sleep(_PAUSE)

    def authorize(self, room: Room) -> None:
        """Ask for a code without a word to the person."""
        rp = self.rng.choice(self.scene.parties)
        offline = "offline_access" in rp.defaults.get("scope", "")
        op = self.op(Kind.AUTHORIZE, user=room.user, client=rp.client_id, sid=room.sid)
        op = replace(op, offline=offline)

        def read(op: Op, answer: Answer) -> Op:
            code = requests.code_in(answer)
            if not code:
                return replace(op, outcome=requests.outcome_of_authorization(answer))
            family = Family(rp, room.user, room.sid, code, requests.grant_in(code), offline)
            self.scene.world.hang(room, family)
            return replace(op, outcome=Outcome.OK, code=label(code), grant=family.grant)

        done = self.send(op, requests.authorization(rp, room.cookie), read)
        if any(each.refused for each in done):
            self.scene.world.close(room)

    def log_out(self, room: Room) -> None:
        """End the session: at its own request, or at an operator's."""
        op = self.op(Kind.END_SESSION, user=room.user, sid=room.sid)
        hint = next((f.id_token for f in room.families if f.id_token), "")
        self.scene.world.close(room)
        if hint and self.rng.random() < 0.7:
            self.send(op, requests.logout(hint, room.cookie), requests.read_logout)
            return
        op = replace(op, node=-1)
        self.beside(op, lambda ctx: session_service.end(ctx, room.sid, because="operator"))

    def challenge_and_prove(self, room: Room) -> None:
        """Let the session be stopped, as by its judgement, and its user prove it a while later."""
        if not room.proving.acquire(blocking=False):
            return
        try:
            about = self.op(Kind.CHALLENGE, user=room.user, sid=room.sid)
            secret = room.cookie.partition("=")[2]
            op, _ = self.beside(about, lambda ctx: sessions.stop(ctx, secret))
            if not op.may_have_happened:
                return
            for _ in range(_TRIES):
                time.sleep(self.rng.uniform(0.02, 0.3))
                op, given = self.beside(
                    replace(about, kind=Kind.PROVE), lambda ctx: sessions.proved(ctx, secret)
                )
                if op.outcome is not Outcome.AWAY:
                    break
            if given:
                room.cookie = f"{COOKIE}={given}"
            else:
                self.scene.world.close(room)
        finally:
            room.proving.release()

    def time_out(self, room: Room) -> None:
        """Let its time be up; the job of whatever worker ends it."""
        op = replace(self.op(Kind.END_SESSION, user=room.user, sid=room.sid), node=-1)
        self.scene.world.close(room)
        self.beside(op, lambda ctx: sessions.timed_out(ctx, room.sid))

    # What clients do

    def redeem(self, room: Room) -> None:
        """Trade a code, now and then one that was tried before."""
        family = self.scene.world.family(self.rng, room, redeemed=False)
        if family is None:
            self.authorize(room)
        elif not family.tried or self.rng.random() < 0.3:
            self._trade(family, Kind.REDEEM, family.code)

    def redeem_again(self, room: Room) -> None:
        """Trade a code that was traded."""
        family = self.scene.world.family(self.rng, room, redeemed=True)
        if family is not None:
            self._trade(family, Kind.REDEEM, family.code)

    def refresh(self, room: Room) -> None:
        """Trade the newest refresh token; rarely the one before, or an old one."""
        family = self.scene.world.family(self.rng, room, redeemed=True)
        if family is None or not family.refresh:
            self.redeem(room)
            return
        if family.busy and self.rng.random() < 0.8:
            self.userinfo(room)
            return
        drawn = self.rng.random()
        age = 1 if drawn < 0.92 else 2 if drawn < 0.97 else self.rng.randint(3, 5)
        self._trade(family, Kind.REFRESH, family.refresh[-min(age, len(family.refresh))])

    def _trade(self, family: Family, kind: Kind, shown: str) -> None:
        family.tried += 1
        op = self.about(family, kind, shown)
        make = requests.redemption if kind is Kind.REDEEM else requests.refreshing

        def read(op: Op, answer: Answer) -> Op:
            op = replace(op, outcome=requests.outcome_of_token(answer))
            if not op.ok:
                return op
            given = answer.json()
            self.scene.world.keep(family, shown, given)
            refresh = given.get("refresh_token", "")
            return replace(op, access=label(given["access_token"]), refresh=label(refresh))

        family.busy += 1
        try:
            done = self.send(op, make(family.rp, shown), read, self.manner(family))
        finally:
            family.busy -= 1
        family.over += any(each.refused for each in done)

    def revoke(self, room: Room) -> None:
        """Give back a whole grant, or one access token of it."""
        family = self.scene.world.family(self.rng, room, redeemed=True)
        if family is None or "revocation_endpoint" not in self.scene.endpoints:
            return
        whole = self.rng.random() < 0.4
        shown = self.rng.choice(family.refresh or [family.code]) if whole else family.access[0]
        request = requests.revocation(family.rp, shown)
        done = self.send(self.about(family, Kind.REVOKE, shown), request, requests.read_revocation)
        family.over += whole and any(each.ok for each in done)

    def introspect(self, room: Room) -> None:
        """Ask what a token of one's own is worth."""
        family = self.scene.world.family(self.rng, room, redeemed=True)
        if family is None or family.rp.public or not self._can("introspection_endpoint"):
            self.userinfo(room)
            return
        tokens = [*family.access, *family.refresh[-2:]]
        shown = self.rng.choice(tokens)
        request = requests.introspection(family.rp, shown)
        op = self.about(family, Kind.INTROSPECT, shown)
        self.send(op, request, requests.read_introspection)

    def userinfo(self, room: Room) -> None:
        """Use an access token."""
        family = self.scene.world.family(self.rng, room, redeemed=True)
        if family is None:
            self.redeem(room)
            return
        shown = self.rng.choice(family.access)
        op = self.about(family, Kind.USERINFO, shown)
        self.send(op, requests.userinfo(family.rp, shown), requests.read_userinfo)

    # How it is done and noted

    def manner(self, family: Family) -> Manner:
        """Draw how a client behaves on the wire; a proof of a key is good for one request."""
        manners = (Manner.PLAIN, Manner.HANG_UP, Manner.DRIP, Manner.TWICE)
        twice = 0 if isinstance(family.rp, KeyHolder) else 7
        return self.rng.choices(manners, (84, 6, 3, twice))[0]

    def op(self, kind: Kind, **about: str) -> Op:
        """Return an operation at one of the nodes that is about to begin."""
        node = self.rng.randrange(len(self.scene.ports))
        return Op(kind=kind, invoked=0, worker=self.number, node=node, **about)

    def about(self, family: Family, kind: Kind, shown: str) -> Op:
        """Return the same, about what a family holds."""
        return self.op(
            kind,
            user=family.user,
            client=family.rp.client_id,
            sid=family.sid,
            grant=family.grant,
            shown=label(shown),
        )

    def send(
        self,
        op: Op,
        request: bytes,
        read: Callable[[Op, Answer], Op],
        manner: Manner = Manner.PLAIN,
    ) -> list[Op]:
        """Send a request, once or twice at once, and note what came of it."""
        ports = self.scene.ports
        op = replace(op, invoked=time.monotonic(), note=manner.value)
        try:
            if manner is Manner.TWICE:
                pair = (ports[op.node], self.rng.choice(ports))
                answers = exchange_twice(pair, request, seconds=PATIENCE)
            else:
                answers = [exchange(ports[op.node], request, manner, seconds=PATIENCE)]
        except NotSentError:
            answers = []
            time.sleep(_PAUSE)
        returned = time.monotonic()
        done = [self._noted(op, answer, returned, read) for answer in answers]
        done = done or [replace(op, returned=returned, outcome=Outcome.NOT_SENT)]
        for each in done:
            self.scene.history.add(each)
        return done

    def _noted(
        self, op: Op, answer: Answer, returned: float, read: Callable[[Op, Answer], Op]
    ) -> Op:
        if answer.status == 0:
            return replace(op, outcome=Outcome.UNKNOWN)
        op = read(replace(op, returned=returned), answer)
        if op.outcome is Outcome.CRASH:
            return replace(op, note=f"{answer.status} {answer.body[:300]!r}")
        return op

    def beside(self, op: Op, write: Callable[[Any], Any]) -> tuple[Op, Any]:
        """Do something in this process, as a command of an operator does, and note it."""
        given = None
        op = replace(op, invoked=time.monotonic())
        try:
            with self.scene.provider.context() as ctx:
                given = write(ctx)
            op = replace(op, outcome=Outcome.OK)
        except Unavailable:
            op = replace(op, outcome=Outcome.AWAY)
        except IdpError as error:
            op = replace(op, outcome=Outcome.SHUT_OUT, note=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            op = replace(op, outcome=Outcome.CRASH, note=repr(error)[:300])
        op = replace(op, returned=time.monotonic())
        if op.kind is Kind.OPEN_SESSION and given:
            op = replace(op, sid=given[0])
        self.scene.history.add(op)
        return op, given

    def _can(self, endpoint: str) -> bool:
        return endpoint in self.scene.endpoints


_ACTS: tuple[tuple[str, float], ...] = (
    ("authorize", 3),
    ("redeem", 5),
    ("redeem_again", 0.5),
    ("refresh", 45),
    ("revoke", 2),
    ("introspect", 20),
    ("userinfo", 20),
    ("log_out", 0.4),
    ("time_out", 0.1),
    ("challenge_and_prove", 0.4),
)


def crowd(scene: Scene, size: int, seed: str, until: Callable[[], bool]) -> list[threading.Thread]:
    """Return the threads of so many workers, started."""
    workers = [Worker(scene, number, seed) for number in range(size)]
    threads = [threading.Thread(target=worker.run, args=(until,)) for worker in workers]
    for thread in threads:
        thread.start()
    return threads
