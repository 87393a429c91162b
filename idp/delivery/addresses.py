"""Which addresses we speak to: those of the public internet, and those that an operator names."""

from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from idp.kernel.hosts import in_ascii, is_loopback
from idp.settings import Settings
from idp.settings.reach import NOWHERE_ELSE, Network, Reach, reach_of

# RFC 6890 and the registries behind it: nothing there is anybody else's server. Said here rather
# than asked of the standard library, whose answers differ between Python's releases.
_NOT_PUBLIC: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
            *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
            *("192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
            *("224.0.0.0/4", "240.0.0.0/4"),
            # What a cloud tells its machines about themselves stands at a public address, too.
            "168.63.129.16/32",
            *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
        ),
    )
)
# Beyond this there are loopback, link-local and local addresses, and IPv4 in disguise: mapped,
# compatible, or by NAT64 (RFC 4291 §2.5.5, RFC 6052 §2.1).
_PUBLIC_IPV6 = ip_network("2000::/3")
_LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass(frozen=True, slots=True)
class Guard:
    """Judges addresses; `reach` is what may be reached beside the public internet."""

    reach: Reach = NOWHERE_ELSE

    def allows(self, host: str, address: str) -> bool:
        """Tell whether we may connect to an address of a host."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        if host in self.reach.hosts or any(found in each for each in self.reach.networks):
            return True
        return is_public(found)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is one that anybody on the internet can speak to (RFC 6890)."""
    if isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6:
        return False
    return not any(address in each for each in _NOT_PUBLIC)


def guard_of(settings: Settings) -> Guard:
    """Return the guard of this installation; whoever tries it out has clients on this machine."""
    reach = reach_of(settings.outgoing_allow)
    if settings.plain_http:
        reach = Reach(reach.hosts, (*reach.networks, *_LOOPBACK))
    return Guard(reach)


def guard_for(host: str) -> Guard:
    """Return the guard of requests to a host that the operator named, in whatever script."""
    with suppress(ValueError):
        # What is asked for is this name.
        host = in_ascii(host)
    return Guard(Reach(frozenset({host}), _LOOPBACK if is_loopback(host) else ()))
