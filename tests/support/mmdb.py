"""Writes MMDB files (the MaxMind DB format, version 2.0): what is known of which network."""

import struct
from collections.abc import Mapping
from ipaddress import IPv6Network, ip_network
from pathlib import Path
from typing import Any

_MARKER = b"\xab\xcd\xefMaxMind.com"
_SEPARATOR = bytes(16)
_UTF8, _DOUBLE, _UINT16, _UINT32, _MAP, _UINT64, _ARRAY = 2, 3, 5, 6, 7, 9, 11
BUILT = 1_893_456_000  # 2030-01-01


def write_mmdb(
    path: Path, networks: Mapping[str, dict[str, Any]], *, built: int = BUILT, version: int = 6
) -> Path:
    """Write a file that knows these networks; one within another says more of its part."""
    by_length = sorted(networks.items(), key=lambda item: ip_network(item[0]).prefixlen)
    tree: list[list[Any]] = [[None, None]]
    for text, record in by_length:
        _plant(tree, _bits(text, version), record)
    data, places = bytearray(), {}
    for node in tree:
        for leaf in node:
            if isinstance(leaf, dict) and id(leaf) not in places:
                places[id(leaf)] = len(data)
                data += _encoded(leaf)
    search = b"".join(_packed(leaf, len(tree), places) for node in tree for leaf in node)
    about = _encoded(
        {
            "binary_format_major_version": (2, _UINT16),
            "binary_format_minor_version": (0, _UINT16),
            "build_epoch": (built, _UINT64),
            "database_type": "Test",
            "description": {"en": "Made up"},
            "ip_version": (version, _UINT16),
            "languages": ["en"],
            "node_count": (len(tree), _UINT32),
            "record_size": (32, _UINT16),
        }
    )
    path.write_bytes(search + _SEPARATOR + bytes(data) + _MARKER + about)
    return path


def _bits(text: str, version: int) -> str:
    """Return the beginning that the addresses of a network share; IPv4 stands at `::/96`."""
    network = ip_network(text)
    width = network.max_prefixlen
    bits = f"{int(network.network_address):0{width}b}"[: network.prefixlen]
    inside = version == 6 and not isinstance(network, IPv6Network)
    return "0" * 96 + bits if inside else bits


def _plant(tree: list[list[Any]], bits: str, record: dict[str, Any]) -> None:
    at = 0
    for bit in bits[:-1]:
        branch = tree[at][int(bit)]
        if not isinstance(branch, int):
            # What a wider network says holds for the parts that say nothing themselves.
            tree.append([branch, branch])
            branch = tree[at][int(bit)] = len(tree) - 1
        at = branch
    tree[at][int(bits[-1])] = record


def _packed(leaf: object, nodes: int, places: dict[int, int]) -> bytes:
    if leaf is None:
        return struct.pack(">I", nodes)
    if isinstance(leaf, int):
        return struct.pack(">I", leaf)
    return struct.pack(">I", nodes + len(_SEPARATOR) + places[id(leaf)])


def _encoded(value: Any) -> bytes:
    match value:
        case (number, kind):
            content = number.to_bytes((number.bit_length() + 7) // 8, "big")
            size = len(content)
        case float():
            kind, size, content = _DOUBLE, 8, struct.pack(">d", value)
        case str():
            content = value.encode()
            kind, size = _UTF8, len(content)
        case list():
            kind, size, content = _ARRAY, len(value), b"".join(map(_encoded, value))
        case dict():
            kind, size = _MAP, len(value)
            content = b"".join(_encoded(each) for pair in value.items() for each in pair)
        case _:
            return _encoded((value, _UINT32))
    return _control(kind, size) + content


def _control(kind: int, size: int) -> bytes:
    """Return the byte that says what follows; kinds above 7 take another one."""
    if size >= 29:
        first, more = 29, bytes([size - 29])
    else:
        first, more = size, b""
    if kind <= 7:
        return bytes([kind << 5 | first]) + more
    return bytes([first, kind - 7]) + more
