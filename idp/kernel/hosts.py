"""What a host name means."""

from ipaddress import ip_address


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


def is_ip_address(host: str) -> bool:
    """Tell whether a host is named by its address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
