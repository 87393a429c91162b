"""Form-encoded parameters: each once, clean, or refused."""

from urllib.parse import quote_from_bytes, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.web.parameters import MAX_PARAMETERS, Parameters
from tests.bad_input.strategies import examples
from tests.support.spec import spec

clean = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x7f")).map(
    lambda text: "".join(c for c in text if c >= " ")
)
names = clean.filter(bool)


@given(values=st.dictionaries(names, clean, max_size=20))
@examples(100)
def test_what_is_encoded_is_read_back(values):
    read = Parameters.parse(urlencode(values).encode())
    assert read.values == {name: value for name, value in values.items() if value}
    assert not read.refused


@given(raw=st.one_of(st.binary(max_size=300), st.text(max_size=300)))
@examples(300)
def test_nothing_raises_and_nothing_unclean_has_a_value(raw):
    read = Parameters.parse(raw)
    for name, value in read.values.items():
        for text in (name, value):
            assert text
            text.encode()
            assert not any(c < " " or c == "\x7f" for c in text)
    assert not read.refused & set(read.values)


@spec("RFC 6749 §3.1")
@given(name=names, one=clean, other=clean)
@examples(60)
def test_a_name_that_comes_twice_is_refused_even_without_a_value(name, one, other):
    read = Parameters.parse(urlencode([(name, one), ("x" + name, "1"), (name, other)]).encode())
    assert name in read.refused
    assert read.get(name) is None
    assert read.get("x" + name) == "1"


@given(raw=st.binary(min_size=1, max_size=20))
@examples(200)
def test_a_value_that_is_no_clean_text_is_refused(raw):
    read = Parameters.parse(f"p={quote_from_bytes(raw, safe='')}".encode())
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = None
    unclean = text is None or any(c < " " or c == "\x7f" for c in text)
    assert ("p" in read.refused) == unclean
    assert read.get("p") == (None if unclean else text)


@pytest.mark.parametrize(
    ("raw", "values"),
    [
        (b"", {}),
        (b"&&&", {}),
        (b"=x&a=1", {"a": "1"}),
        (b"a", {}),
        (b"a=", {}),
        (b"a=1=2", {"a": "1=2"}),
        (b"a=1;b=2", {"a": "1;b=2"}),
        (b"a=b+c%2Bd", {"a": "b c+d"}),
        (b"%61=1", {"a": "1"}),
        (b"a=%zz%", {"a": "%zz%"}),
        ("a=\u00e9", {}),
        ("a=\u20ac", {"a": "?"}),
    ],
)
def test_odd_spellings(raw, values):
    assert Parameters.parse(raw).values == values


def test_one_name_in_two_spellings_is_one_name():
    assert Parameters.parse(b"client_id=a&client%5Fid=b").refused == {"client_id"}


def test_an_unreadable_name_makes_the_request_unreadable():
    assert Parameters.parse(b"%ff=1&a=1").refused == {"*"}


def test_too_many_parameters_are_not_read_at_all():
    most = "&".join(f"p{n}=1" for n in range(MAX_PARAMETERS))
    assert len(Parameters.parse(most).values) == MAX_PARAMETERS
    assert Parameters.parse(most + "&q=1") == Parameters(refused=frozenset({"*"}))
