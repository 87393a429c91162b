"""Who was away for half a year hears of the first sign-in after it, in a known browser as well."""

from pathlib import Path

import pytest

from idp.worker.jobs import purge_spent
from tests.account.people import MAIL, letters
from tests.app import BUILT_IN, Provider, RelyingParty, make_provider
from tests.login.judged import close_window, in_another_browser, signs_in
from tests.presence.places import AWAY, CHROME, move
from tests.protocol.parties import party
from tests.support.spec import spec

SUBJECT = "Your account was used again"


@pytest.fixture
def provider(database_url: str, tmp_path: Path) -> Provider:
    return make_provider(database_url, tmp_path, policy=BUILT_IN, **MAIL)


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    """Ada's browser, in which she has signed in before."""
    provider.add_user()
    made = party(provider, first_party=True)
    move(made.browser)
    signs_in(made)
    return made


def back_after(rp: RelyingParty, days: int) -> None:
    rp.provider.clock.forward(days=days)
    with rp.provider.context() as ctx:
        purge_spent(ctx)
    close_window(rp)
    signs_in(rp)


@spec("ASVS 5.0 §6.3.5")
@pytest.mark.parametrize(("days", "told"), [(179, 0), (181, 1)])
def test_the_first_sign_in_after_half_a_year_is_told_of(
    rp: RelyingParty, monkeypatch: pytest.MonkeyPatch, days: int, told: int
):
    kept = letters(monkeypatch)

    back_after(rp, days)

    assert [each["subject"].startswith(SUBJECT) for each in kept] == [True] * told
    assert all("for 6 months" in each["text"] for each in kept)
    back_after(rp, 1)
    assert len(kept) == told


def test_who_was_there_in_another_browser_was_not_away(
    rp: RelyingParty, monkeypatch: pytest.MonkeyPatch
):
    rp.provider.clock.forward(days=100)
    other = in_another_browser(rp)
    move(other.browser, AWAY, CHROME)
    signs_in(other)
    kept = letters(monkeypatch)

    back_after(rp, 100)

    assert kept == []
