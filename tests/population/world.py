"""Countries, networks and agents with the published shares; nothing in it belongs to anybody."""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from random import Random

# Shares of sign-ins by country; the tail is spread over made-up codes.
COUNTRIES = {
    "NO": 0.423,
    "US": 0.278,
    "RU": 0.054,
    "BR": 0.038,
    "DE": 0.029,
    "PL": 0.020,
    "IN": 0.018,
    "AU": 0.015,
    "GB": 0.014,
    "UA": 0.012,
    "ID": 0.010,
}
TAIL = [f"X{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
# The largest networks carry 27.9 % and 21.4 % of all: so much of their countries.
LARGEST = {"NO": 0.66, "US": 0.77}
HOURS_FROM_UTC = {"NO": 1, "US": -6, "RU": 3, "BR": -3, "DE": 1, "PL": 1, "IN": 5, "AU": 10}
NETWORKS = {"NO": 40, "US": 300}
NETWORKS_ELSEWHERE = 25
# Flat from 7 to 19 h, a fifth of it at 2 h.
DAY = [0.4, 0.3, 0.2, 0.2, 0.25, 0.4, 0.7, *([1.0] * 13), 0.9, 0.8, 0.7, 0.5]
PREFIXES_PER_SHARE = 30_000
ADDRESSES = 250


class Choice:
    """Draws one of some things by weight, quickly."""

    def __init__(self, things: Sequence, weights: Sequence[float]) -> None:
        self.things = list(things)
        self.sums = list(accumulate(weights))

    def draw(self, random: Random):
        return self.things[bisect(self.sums, random.random() * self.sums[-1])]


@dataclass(frozen=True, slots=True)
class Network:
    """An autonomous system: home lines, or a carrier's shared addresses, or rented machines."""

    asn: str
    country: str
    prefixes: int

    def prefix(self, random: Random) -> str:
        return f"{self.asn}/{random.randrange(self.prefixes)}"


def address_in(prefix: str, random: Random) -> str:
    return f"{prefix}.{random.randrange(ADDRESSES)}"


@dataclass(frozen=True, slots=True)
class Agent:
    """What a browser says of itself, and since when it has been updated how far."""

    kind: str
    system: str
    browser: str
    model: str
    behind: int
    """How many releases it is late."""

    def on_day(self, day: int) -> tuple[str, str, str, str, str]:
        """Return kind, system, browser, version and the whole string on this day."""
        version = 80 + max(day // 30 - self.behind, 0)
        system_version = 13 + max(day - 20 * self.behind, 0) // 75
        whole = f"{self.browser}/{version} ({self.system} {system_version}; {self.model})"
        return self.kind, self.system, self.browser, str(version), whole


SYSTEMS = Choice(
    [
        ("mobile", "iOS"),
        ("mobile", "Android"),
        ("desktop", "macOS"),
        ("desktop", "Windows"),
        ("desktop", "ChromeOS"),
        ("tablet", "iPadOS"),
    ],
    [0.35, 0.28, 0.21, 0.10, 0.035, 0.025],
)
BROWSERS = {
    "iOS": Choice(["Mobile Safari", "Chrome Mobile iOS", "WebView"], [0.3, 0.6, 0.1]),
    "iPadOS": Choice(["Mobile Safari", "Chrome Mobile iOS"], [0.4, 0.6]),
    "Android": Choice(["Chrome Mobile", "Android", "Firefox Mobile", "Opera"], [55, 35, 3, 7]),
    "macOS": Choice(["Chrome", "Safari", "Firefox", "Opera"], [70, 10, 12, 8]),
    "Windows": Choice(["Chrome", "Firefox", "Edge", "Opera"], [60, 25, 8, 7]),
    "ChromeOS": Choice(["Chrome"], [1]),
}
MODELS = {"iOS": 12, "Android": 400, "macOS": 6, "Windows": 3, "ChromeOS": 4, "iPadOS": 6}


def an_agent(random: Random, *, kind: str | None = None) -> Agent:
    while True:
        drawn, system = SYSTEMS.draw(random)
        if kind in {None, drawn}:
            break
    # A few models are everybody's, most are hardly anybody's.
    model = int(MODELS[system] * random.random() ** 2.5)
    behind = random.choice((0, 0, 0, 0, 1, 1, 2, 4))
    return Agent(drawn, system, BROWSERS[system].draw(random), f"m{model}", behind)


class World:
    """Every network there is."""

    @cached_property
    def countries(self) -> Choice:
        left = 1 - sum(COUNTRIES.values())
        weights = [1 / rank for rank in range(1, len(TAIL) + 1)]
        tail = {name: left * each / sum(weights) for name, each in zip(TAIL, weights, strict=True)}
        return Choice([*COUNTRIES, *tail], [*COUNTRIES.values(), *tail.values()])

    @cached_property
    def homes(self) -> dict[str, Choice]:
        return {country: self._networks_of(country) for country in self.countries.things}

    @cached_property
    def carriers(self) -> dict[str, Choice]:
        """Mobile networks: in a country a few, the largest of which is the largest of homes."""
        return {
            country: Choice(
                [homes.things[0], *(Network(f"AS{country}m{n}", country, 60) for n in range(3))],
                [0.4, 0.3, 0.2, 0.1],
            )
            for country, homes in self.homes.items()
        }

    @cached_property
    def rented(self) -> dict[str, Choice]:
        """Machines behind which VPNs stand."""
        return {
            country: Choice([Network(f"AS{country}v{n}", country, 40) for n in range(6)], [1] * 6)
            for country in self.countries.things
        }

    def _networks_of(self, country: str) -> Choice:
        count = NETWORKS.get(country, NETWORKS_ELSEWHERE)
        largest = LARGEST.get(country, 0.35)
        rest = [1 / rank**1.1 for rank in range(2, count + 1)]
        shares = [largest, *((1 - largest) * each / sum(rest) for each in rest)]
        weight = COUNTRIES.get(country, 0.004)
        return Choice(
            [
                Network(
                    f"AS{country}{n}", country, max(int(weight * share * PREFIXES_PER_SHARE), 4)
                )
                for n, share in enumerate(shares)
            ],
            shares,
        )


WORLD = World()
