"""Letters about a change of how somebody signs in (ASVS 5.0 §6.3.7)."""

from dataclasses import replace

import pytest

from idp.credentials.notices import Notice, tell
from tests.account.conftest import find
from tests.account.people import MAIL, letters
from tests.support.spec import spec


@pytest.fixture
def house(make):
    return make(**MAIL, support_url="/help", name="Harbour")


@spec("ASVS 5.0 §6.3.7")
@pytest.mark.parametrize("what", Notice)
def test_each_says_what_when_from_where_and_what_to_do(house, monkeypatch, what):
    kept = letters(monkeypatch)

    with house.provider.context() as ctx:
        tell(ctx, find(house), what, name="Old laptop", email="new@example.test")

    (letter,) = kept
    assert letter["to"] == "ada@example.test"
    assert letter["subject"].endswith(" · Harbour")
    assert "\n" not in letter["subject"]
    assert letter["text"].startswith("Hello Ada Example,\n\n")
    for told in ("Account: ada", "When: 2030-01-01 12:00 UTC", "https://id.example.test/help"):
        assert told in letter["text"]
    # Whose password somebody else replaced has no way to the account but by a mailed link.
    replaced = {Notice.PASSWORD_CHANGED, Notice.PASSWORD_RECOVERED}
    shut_out = {Notice.ACCOUNT_DELETED, *replaced}
    assert ("https://id.example.test/recovery" in letter["text"]) is (what in replaced)
    assert ("https://id.example.test/account/activity" in letter["text"]) is (what not in shut_out)


def test_what_nobody_did_in_a_browser_says_so(house, monkeypatch):
    kept = letters(monkeypatch)

    with house.provider.context() as ctx:
        tell(ctx, find(house), Notice.FACTORS_RESET)

    assert "done by the people who run the service" in kept[0]["text"]
    assert "Address:" not in kept[0]["text"]


def test_who_has_no_address_gets_none(house, monkeypatch):
    kept = letters(monkeypatch)

    with house.provider.context() as ctx:
        tell(ctx, replace(find(house), email=None), Notice.PASSWORD_CHANGED)

    assert kept == []
