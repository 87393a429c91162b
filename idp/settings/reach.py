"""Which servers we speak to of our own accord, beyond those that anybody on the internet can."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

from idp.kernel.hosts import in_ascii

Network = IPv4Network | IPv6Network
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?\Z")


@dataclass(frozen=True, slots=True)
class Reach:
    """Hosts, by their names, and networks that may be reached beside the public ones."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()


NOWHERE_ELSE = Reach()


class ReachSettings(BaseSettings):
    """What an operator may choose about requests of ours."""

    outgoing_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Where clients' servers may be beside the public internet: hosts and networks, "
        "`wiki.internal,10.20.0.0/16`. Every other private address is refused.",
    )

    @field_validator("outgoing_allow", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(each.strip() for each in value.split(",") if each.strip())
        return value

    @field_validator("outgoing_allow")
    @classmethod
    def _reachable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        reach_of(value)
        return value


def reach_of(entries: Iterable[str]) -> Reach:
    """Return what hosts and networks mean.

    Raises:
        ValueError: one of them is neither.
    """
    hosts, networks = set(), []
    for entry in entries:
        try:
            networks.append(ip_network(entry))
        except ValueError:
            hosts.add(_host(entry))
    return Reach(frozenset(hosts), tuple(networks))


def _host(entry: str) -> str:
    try:
        name = in_ascii(entry.lower())
    except ValueError:
        name = ""
    if not _NAME.match(name) or name.replace(".", "").isdigit():
        raise ValueError(f"{entry!r} is neither a host nor a network such as 10.20.0.0/16")
    return name
