"""Two spellings of one URL (RFC 3986 §6.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.kernel.urls import same_target
from tests.support.spec import spec

HERE = "https://api.example.test/a/b"


@spec("RFC 3986 §6.2.2", "RFC 3986 §6.2.3", "RFC 9449 §4.3")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (HERE, HERE),
        (HERE, f"{HERE}?q=1#f"),
        (HERE, "HTTPS://API.example.TEST:443/a/b"),
        (HERE, "https://api.example.test/a/./b"),
        (HERE, "https://api.example.test/x/../a/c/../b"),
        (HERE, "https://api.example.test/../../a/b"),
        (HERE, "https://api.example.test/%61/%62"),
        ("https://api.example.test", "https://api.example.test/"),
        ("http://127.0.0.1:80/x", "http://127.0.0.1/x"),
        ("https://api.example.test/%e4", "https://api.example.test/%E4"),
        ("https://api.example.test/a/..", "https://api.example.test/"),
        ("https://[::1]:443/x", "https://[::1]/x"),
    ],
)
def test_spellings_of_one_url(one, other):
    assert same_target(one, other)
    assert same_target(other, one)


@pytest.mark.parametrize(
    "other",
    [
        "https://api.example.test/a/b/",
        "https://api.example.test//a/b",
        "https://api.example.test/a//b",
        "https://api.example.test/A/b",
        "https://api.example.test/a%2Fb",
        "https://api.example.test/a/b%3Fq",
        "https://api.example.test:8443/a/b",
        "http://api.example.test/a/b",
        "https://api.example.test.evil.example/a/b",
        "https://evil@api.example.test/a/b",
        "https://api.example.test\\@evil.example/a/b",
        "https://api.example.test/a/b\n",
        " https://api.example.test/a/b",
        "https://api.example.test:x/a/b",
        "https://[/a/b",
        "//api.example.test/a/b",
        "/a/b",
        "",
        "a",
    ],
)
def test_another_url(other):
    assert not same_target(HERE, other)
    assert not same_target(other, HERE)


@given(st.text(), st.text())
def test_any_two_texts_are_compared(one, other):
    assert same_target(one, other) is same_target(other, one)
    assert same_target(one, one)
