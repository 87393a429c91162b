"""As much of a CBOR encoder as CTAP2 needs (RFC 8949): no other library's, to test one."""

from typing import Any


def cbor(value: Any) -> bytes:
    """Encode what CTAP2 needs of CBOR: integers, byte and text strings, lists and maps.

    A list of pairs inside a `Pairs` becomes a map as it stands, so that keys may be repeated.
    """
    match value:
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case Pairs():
            return _head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value)
        case list():
            return _head(4, len(value)) + b"".join(cbor(each) for each in value)
        case dict():
            return cbor(Pairs(value.items()))
    raise TypeError(value)


class Pairs(list[tuple[Any, Any]]):
    """A CBOR map with its keys in this order, repeated ones too."""


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | extra]) + number.to_bytes(size, "big")
    raise ValueError(number)
