"""Settings that could not work, or could harm, are refused at start."""

import pytest
from pydantic import ValidationError

from idp.settings import Settings


@pytest.mark.parametrize(
    "issuer",
    [
        "https://id.example.test",
        "https://id.example.test:8443",
        "http://localhost:8000",
        "http://127.0.0.1:8000",
        "http://[::1]:8000",
        "http://localhost",
    ],
)
def test_an_issuer_is_an_origin_as_browsers_write_it(issuer):
    assert Settings(issuer=issuer).issuer == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "https://id.example.test:443",
        "http://localhost:80",
        "http://localhost:99999",
        "https://id.example.test/",
        "https://id.example.test/x",
        "https://h?",
        "https://h#",
        "https://h:",
        "https://u@h",
        "https://Id.example.test",
        "https://bücher.example",
        "https://a b.example",
        "http://id.example.test",
        "ftp://h",
        "h",
        "https://",
    ],
)
def test_every_other_spelling_is_refused(issuer):
    with pytest.raises(ValidationError):
        Settings(issuer=issuer)


@pytest.mark.parametrize("name", ["logo_url", "logo_dark_url", "support_url"])
def test_links_of_the_brand_are_https_or_our_own(name):
    for good in ("", "https://example.test/x.svg", "/static/logo.svg"):
        assert getattr(Settings(**{name: good}), name) == good
    for bad in ("javascript:alert(1)", "http://example.test/x", "//example.test/x", "data:x"):
        with pytest.raises(ValidationError):
            Settings(**{name: bad})


def test_support_may_be_an_address_to_write_to():
    assert Settings(support_url="mailto:help@example.test").support_url
    with pytest.raises(ValidationError):
        Settings(logo_url="mailto:help@example.test")


@pytest.mark.parametrize("seconds", ["1", "86399", "-1"])
def test_keys_are_not_replaced_more_often_than_once_a_day(seconds):
    with pytest.raises(ValidationError, match=r"(?i)key_rotation"):
        Settings(key_rotation=seconds)


@pytest.mark.parametrize("seconds", ["0", "86400"])
def test_keys_may_be_replaced_daily_or_never(seconds):
    assert Settings(key_rotation=seconds).key_rotation.total_seconds() == int(seconds)
