"""Which network an address is in and where that is, as far as the operator's files say so.

Without files the network is the address's prefix and the country is unknown: nothing is guessed.
"""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from idp.settings import Settings
from idp.surroundings import geography
from idp.surroundings.geography import Address, Atlas, Blank, read_mmdb
from idp.surroundings.lists import NetworkList, read_list
from idp.surroundings.watched import Watched

# What one customer's network is part of, and most likely stays part of.
_PREFIX_V4, _PREFIX_V6 = 24, 48
_REMEMBERED = 4096
Contents = tuple[Atlas, Atlas, NetworkList, NetworkList]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an address is.

    `network` is the AS number (`AS3320`), or the prefix where nobody knows that. `hosting` says
    that machines rather than people live there, `tor` that it is the last hop of somebody who does
    not want to be found.
    """

    network: str = ""
    prefix: str = ""
    asn: int | None = None
    organisation: str = ""
    country: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    hosting: bool = False
    tor: bool = False


NOWHERE = Place()


class Networks:
    """Knows places by their addresses; what its files say is read anew when they change."""

    def __init__(self, settings: Settings) -> None:
        nothing: Contents = (Blank(), Blank(), NetworkList(), NetworkList())
        numbers, countries, hosting, tor = nothing
        self._numbers = Watched(settings.geo_asn_file, read_mmdb, numbers)
        self._countries = Watched(settings.geo_country_file, read_mmdb, countries)
        self._hosting = Watched(settings.hosting_networks_file, read_list, hosting)
        self._tor = Watched(settings.tor_exits_file, read_list, tor)
        self._known = _Known(nothing)

    def place_of(self, address: str) -> Place:
        """Return where an address is; nowhere, when it is none."""
        contents: Contents = (
            self._numbers.content(),
            self._countries.content(),
            self._hosting.content(),
            self._tor.content(),
        )
        known = self._known
        if any(new is not old for new, old in zip(contents, known.contents, strict=True)):
            # What was remembered by the files of before goes with them.
            known = self._known = _Known(contents)
        return known.place_of(address)


class _Known:
    """Places as these contents of the files have them; those asked for last are remembered."""

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        self.place_of = lru_cache(maxsize=_REMEMBERED)(self._look_up)

    def _look_up(self, text: str) -> Place:
        address = _address_of(text)
        if address is None:
            return NOWHERE
        numbers, countries, hosting, tor = self.contents
        prefix = _prefix_of(address)
        owner, country = numbers.record_of(address), countries.record_of(address)
        asn = geography.network_number(owner)
        latitude, longitude = geography.position(country) or (None, None)
        return Place(
            network=prefix if asn is None else f"AS{asn}",
            prefix=prefix,
            asn=asn,
            organisation=geography.organisation(owner),
            country=geography.country(country),
            latitude=latitude,
            longitude=longitude,
            hosting=address in hosting,
            tor=address in tor,
        )


def _address_of(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # A socket for both versions shows IPv4 visitors so.
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _prefix_of(address: Address) -> str:
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address), _PREFIX_V6), strict=False))
    return str(IPv4Network((int(address), _PREFIX_V4), strict=False))
