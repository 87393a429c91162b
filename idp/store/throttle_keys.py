"""What attempt counters are called: who tried to sign in as whom cannot be read from the table."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address

from idp.kernel.secrets import MasterKey

# How long after its last attempt the counter of an account, or of a browser at one, is forgotten:
# a month, or whoever pauses for a day would get all their tries again.
ACCOUNT_KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ThrottleKeys:
    """The keys of counters, under the master key."""

    master: MasterKey

    def of_account(self, factor: str, account: str) -> bytes:
        """Return the counter of what strangers try at an account."""
        return self._key("account", factor, account)

    def of_device(self, factor: str, device_id: str, account: str) -> bytes:
        """Return the counter of what a known browser tries at an account."""
        return self._key("device", factor, device_id, account)

    def of_network(self, act: str, address: str) -> bytes:
        """Return the counter of what a network does."""
        return self._key("network", act, network_of(address))

    def of_failures_before(self, account: str) -> bytes:
        """Return the note of how many failures the last success of an account came after."""
        return self._key("before", account)

    def _key(self, *parts: str) -> bytes:
        return self.master.mac("throttle", "\0".join(parts).encode(errors="surrogatepass"))


@lru_cache(maxsize=1024)
def network_of(address: str) -> str:
    """Return what one customer of a network has: an IPv4 address, an IPv6 /64 (RFC 6177 §2)."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or IPv6Network((int(ip), 64), strict=False))
    return str(ip)
