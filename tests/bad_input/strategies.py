"""What arrives when nobody keeps to the form: the same on every run."""

from urllib.parse import quote_from_bytes

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.bad_input.wire import MARK, MARKUP

_PROFILE = settings.get_profile("provider")


def examples(count: int) -> settings:
    """The project's profile with this many examples, the same ones each time."""
    return settings(
        _PROFILE,
        max_examples=count,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


_NASTY: tuple[bytes, ...] = (
    b"",
    b" ",
    b"\0",
    b"a\0b",
    b"\xff\xfe",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\r\nSet-Cookie: idp_session=planted",
    b"\x1b[2J\x07\x7f",
    "\u202eevil\u2028\u0085\ufeff".encode(),
    "\U0001f600\U0010ffff\ufdfa".encode(),
    b"9" * 5000,
    b"-1",
    b"1e999",
    b"A" * 9000,
    b"%00%ff%zz%",
    b"../../../etc/passwd",
    b"//evil.example/",
    b"https:\\\\evil.example",
    b"javascript:alert(1)",
    b"' OR 1=1 --",
    b"${7*7}{{7*7}}<%= 7*7 %>%(x)s%s",
    b"[" * 3000,
    b'{"a":' * 3000,
    b'{"id_token":{"acr":{"values":["\\ud800","\\u0000"],"value":"\\ud800"},"sub":{"value":"\\u0000"}}}',
    b'{"userinfo":{"\\ud800":null,"email":{"value":' + b"9" * 5000 + b"}}}",
    b'{"id_token":[],"userinfo":7}',
    b"eyJhbGciOiJub25lIn0.e30.",
    MARKUP.encode(),
)
_SPECIAL = st.sampled_from(_NASTY)
_ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40).map(
    lambda text: text.encode("utf-8", "surrogatepass")
)
# Any value at all; the mark shows where it is seen again.
values = st.one_of(
    _SPECIAL,
    st.binary(max_size=40),
    _ANY_TEXT,
    st.builds(lambda raw, mark: raw + mark, _SPECIAL, st.just(MARK.encode())),
    st.builds(lambda mark, raw: mark + raw, st.just(MARKUP.encode()), st.binary(max_size=20)),
)
# What can stand in a header at all: HTTP servers refuse NUL and line ends (RFC 9110 §5.5).
header_bytes = st.one_of(values, st.binary(max_size=200)).map(
    lambda raw: bytes(b for b in raw if b not in (0, 10, 13))
)


def encoded(value: bytes) -> str:
    """A value with every unsafe byte percent-encoded."""
    return quote_from_bytes(value, safe="")


def query_of(parameters: dict[str, bytes | str]) -> bytes:
    """A form-encoded body or query out of raw values."""
    parts = [
        f"{name}={encoded(value if isinstance(value, bytes) else value.encode())}"
        for name, value in parameters.items()
    ]
    return "&".join(parts).encode()


def _pairs(names: tuple[str, ...]) -> st.SearchStrategy[bytes]:
    name = st.one_of(st.sampled_from(names), st.binary(max_size=8).map(encoded))
    pair = st.builds(lambda n, v: f"{n}={encoded(v)}".encode(), name, values)
    return st.lists(pair, max_size=12).map(b"&".join)


def forms(*names: str) -> st.SearchStrategy[bytes]:
    """Whole queries and bodies: known names with anything in them, repeated, or mere bytes."""
    return st.one_of(
        _pairs(names),
        st.binary(max_size=200),
        st.sampled_from(names).map(lambda n: b"&".join([f"{n}=1".encode()] * 3)),
        st.just(b"&".join(b"p%d=1" % n for n in range(150))),
        st.just(b"&" * 500),
        st.just(b"=" * 500),
        st.sampled_from(names).map(lambda n: n.encode() + b"=" + b"B" * 60_000),
    )


content_types = st.one_of(
    st.sampled_from(
        (
            None,
            b"",
            b"application/json",
            b"application/x-www-form-urlencoded; charset=utf-16",
            b"application/x-www-form-urlencoded; charset=\xff",
            b"APPLICATION/X-WWW-FORM-URLENCODED;;;=",
            b"multipart/form-data",
            b"multipart/form-data; boundary=" + b"x" * 300,
            b"multipart/form-data; boundary=x; boundary*0*=utf-8''%ff",
            b"text/plain",
        )
    ),
    header_bytes,
)
