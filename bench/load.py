"""The load, in a process of its own: a closed loop over keep-alive connections, bounded in time.

Reads what to do from standard input and writes what happened to standard output, both as JSON.
"""

import json
import selectors
import socket
import sys
import time
from dataclasses import asdict, dataclass, field

from bench.operations import OPERATIONS, Answer, Operation, Script, Site, UnexpectedError, login
from bench.processes import cpu_seconds

SILENCE_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to run, for how long, and whose CPU time to read."""

    operation: str
    warm_seconds: float
    seconds: float
    server: list[int]
    database: list[int]


@dataclass(slots=True)
class Outcome:
    """What happened while it was measured."""

    count: int = 0
    seconds: float = 0.0
    server_cpu: float = 0.0
    database_cpu: float = 0.0
    latencies: list[float] = field(default_factory=list)


class Connection:
    """One socket, and the script that it is in the middle of."""

    def __init__(self, site: Site, state: dict[str, str]) -> None:
        self._site, self._state = site, state
        self.socket = socket.create_connection(("127.0.0.1", site.port), SILENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._script: Script | None = None
        self.started_at = 0.0

    def begin(self, operation: Operation) -> None:
        self.started_at = time.perf_counter()
        self._script = operation.script(self._site, self._state)
        self.socket.sendall(next(self._script))

    def receive(self) -> bool:
        """Take what has arrived; True when the script has come to its end."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise UnexpectedError("the server closed the connection")
        self._received += chunk
        answer = self._complete()
        if answer is None or self._script is None:
            return False
        try:
            self.socket.sendall(self._script.send(answer))
        except StopIteration:
            return True
        return False

    def _complete(self) -> Answer | None:
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return None
        status, *lines = head.decode("latin-1").split("\r\n")
        pairs = [(n.lower(), v.strip()) for n, _, v in (line.partition(":") for line in lines)]
        headers = dict(pairs)
        length = int(headers["content-length"])
        if len(body) < length:
            return None
        self._received = body[length:]
        given = (value.partition(";")[0] for name, value in pairs if name == "set-cookie")
        cookies = dict(pair.split("=", 1) for pair in given)
        return Answer(int(status.split()[1]), headers, cookies, body[:length])


def run(connections: list[Connection], operation: Operation, seconds: float) -> Outcome:
    """Keep every connection busy for `seconds`; what has begun by then is finished."""
    outcome = Outcome()
    ends_at = time.perf_counter() + seconds
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.begin(operation)
        busy = len(connections)
        while busy:
            ready = selector.select(SILENCE_SECONDS)
            if not ready:
                raise UnexpectedError("the server is silent")
            for key, _ in ready:
                connection = key.data
                if not connection.receive():
                    continue
                now = time.perf_counter()
                outcome.count += 1
                outcome.latencies.append(now - connection.started_at)
                if now < ends_at:
                    connection.begin(operation)
                else:
                    busy -= 1
    return outcome


def measure(site: Site, plan: Plan) -> Outcome:
    """Prepare, warm up, and measure."""
    operation = next(each for each in OPERATIONS if each.name == plan.operation)
    connections = []
    for number in range(operation.connections):
        user = site.users[number % len(site.users)]
        state = {"user": user, "cookies": "", "access_token": ""}
        connections.append(Connection(site, state))
    if operation.signed_in:
        for connection in connections:
            run([connection], Operation("login", login, None), 0)
    run(connections, operation, plan.warm_seconds)
    server, database = cpu_seconds(plan.server), cpu_seconds(plan.database)
    started = time.perf_counter()
    outcome = run(connections, operation, plan.seconds)
    outcome.seconds = time.perf_counter() - started
    outcome.server_cpu = cpu_seconds(plan.server) - server
    outcome.database_cpu = cpu_seconds(plan.database) - database
    outcome.latencies.sort()
    return outcome


def main() -> None:
    """Do what standard input says."""
    told = json.load(sys.stdin)
    users = tuple(told["site"].pop("users"))
    outcome = measure(Site(**told["site"], users=users), Plan(**told["plan"]))
    json.dump(asdict(outcome), sys.stdout)


if __name__ == "__main__":
    main()
