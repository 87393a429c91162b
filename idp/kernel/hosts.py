"""What a host name means."""

from ipaddress import ip_address

import idna


def is_loopback(host: str | None) -> bool:
    """Tell whether a host name means this machine (RFC 8252 §7.3, §8.3)."""
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def in_ascii(host: str) -> str:
    """Return a host name as the network knows it: IDNA 2008, mapped by UTS 46 (RFC 5891 §4).

    The standard library's codec follows IDNA 2003, in which another owner's name comes out.

    Raises:
        ValueError: it is no host name.
    """
    if host.isascii():
        return host.encode("idna").decode()
    return idna.encode(host, uts46=True).decode()


def is_ip_address(host: str) -> bool:
    """Tell whether a host is named by its address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
