"""Times are shown in the zone of whoever reads them, and the page says which that is."""

import pytest

from tests.account.people import PAGES, act, another_browser, visit
from tests.app import text_of


def somebody_in(rp, zone):
    """Somebody who signs in at noon, UTC, with this zone in the profile."""
    rp.provider.add_user("grace", profile={"zoneinfo": zone} if zone is not None else {})
    theirs = another_browser(rp)
    theirs.log_in(visit(theirs), "grace")
    return theirs


@pytest.mark.parametrize(
    ("zone", "signed_in"),
    [
        ("Europe/Berlin", "Jan 1, 2030, 1:00\u202fPM"),
        ("Pacific/Kiritimati", "Jan 2, 2030, 2:00\u202fAM"),
        ("UTC", "Jan 1, 2030, 12:00\u202fPM"),
    ],
)
def test_times_are_shown_in_the_zone_of_the_profile(rp, zone, signed_in):
    theirs = somebody_in(rp, zone)

    overview, activity = text_of(visit(theirs)), text_of(visit(theirs, "/account/activity"))

    assert f"Signed in {signed_in}".replace("\u202f", " ") in overview
    assert f"When {signed_in} ({zone})".replace("\u202f", " ") in activity
    for text in (overview, activity, text_of(visit(theirs, "/account/devices"))):
        assert f"Times are in {zone}." in text


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "../../etc/passwd", "America"])
def test_without_a_zone_that_exists_they_are_in_utc(rp, zone):
    theirs = somebody_in(rp, zone)

    assert "Times are in UTC." in text_of(visit(theirs))


def test_a_zone_changed_is_shown_at_once_on_every_page(rp):
    theirs = somebody_in(rp, "UTC")
    act(theirs, "/account/profile", locale="en-GB", zoneinfo="Asia/Tokyo")

    assert "9:00 PM" in text_of(visit(theirs))
    assert not any("UTC." in text_of(visit(theirs, path)) for path in PAGES)
