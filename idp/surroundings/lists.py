"""Lists of networks, one a line: hosting centres, Tor exits."""

from bisect import bisect_right
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from idp.surroundings.geography import Address
from idp.surroundings.watched import Unreadable

_NO_RANGES: tuple[int, ...] = ()
_LONGEST_QUOTED = 50


@dataclass(frozen=True, slots=True)
class Ranges:
    """Addresses from each first to its last one; they do not overlap."""

    firsts: tuple[int, ...] = _NO_RANGES
    lasts: tuple[int, ...] = _NO_RANGES

    def hold(self, number: int) -> bool:
        """Tell whether an address is in one of them."""
        at = bisect_right(self.firsts, number) - 1
        return at >= 0 and number <= self.lasts[at]


@dataclass(frozen=True, slots=True)
class NetworkList:
    """A set of networks."""

    v4: Ranges = Ranges()
    v6: Ranges = Ranges()

    def __contains__(self, address: Address) -> bool:
        return (self.v4 if address.version == 4 else self.v6).hold(int(address))


def read_list(path: Path) -> NetworkList:
    """Read networks or addresses, one a line; `#` begins a comment.

    Lines of Tor's own list of exits (`ExitAddress 192.0.2.1 2030-…`) are read as well.

    Raises:
        Unreadable: it is not there, or a line is no network; the text names it.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unreadable("is no list of networks: it is not ASCII") from error
    networks = [found for n, line in enumerate(lines, 1) if (found := _network(line, n))]
    return NetworkList(
        v4=_ranges([each for each in networks if each.version == 4]),
        v6=_ranges([each for each in networks if each.version == 6]),
    )


# What else stands in Tor's own list.
_OTHER_LINES = ("ExitNode", "Published", "LastStatus")


def _network(line: str, number: int) -> IPv4Network | IPv6Network | None:
    words = line.partition("#")[0].split()
    if not words or words[0] in _OTHER_LINES:
        return None
    text = words[1] if words[0] == "ExitAddress" and len(words) > 1 else words[0]
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        # Others wrote the file, and a terminal would obey what they put in.
        written = ascii(text[:_LONGEST_QUOTED])[1:-1]
        raise Unreadable(f"line {number} is no network: {written}") from error


def _ranges(networks: list[IPv4Network | IPv6Network]) -> Ranges:
    """Return the networks in their order, those within or behind others made one."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(
        (int(each.network_address), int(each.broadcast_address)) for each in networks
    ):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return Ranges(tuple(first for first, _ in merged), tuple(last for _, last in merged))
