"""`idp device ...`: the browsers of a user, and an end to what they are."""

import pytest

from idp.context import RequestContext
from idp.kernel.secrets import new_id
from idp.store import known_devices, sessions
from idp.store.known_devices import KnownDevice
from tests.cli.conftest import Idp
from tests.support.judged import CHROME, a_session, add_sessions

REASON = ("--reason", "her laptop was stolen")


def with_browsers(idp: Idp, *names: str) -> str:
    """A user with a browser of each name, and a session in each."""
    idp("migrate")
    subject = idp.add_user()
    with idp.inside() as ctx:
        for name in names:
            add_browser(ctx, subject, name)
    return subject


def add_browser(ctx: RequestContext, subject: str, name: str) -> None:
    known_devices.add(
        ctx.db,
        KnownDevice(
            device_id=name,
            user_id=subject,
            first_seen_at=ctx.now,
            last_seen_at=ctx.now,
            user_agent=CHROME,
        ),
    )
    add_sessions(ctx.db, [a_session(subject, ctx.now, sid=new_id(), device_id=name)])


def live(idp: Idp, subject: str) -> list[str | None]:
    with idp.inside() as ctx:
        found = sessions.list_live_of_user(ctx.db, subject, ctx.now)
    return sorted(each.device_id for each in found)


def test_each_browser_is_listed_with_what_it_is(idp: Idp) -> None:
    subject = with_browsers(idp, "laptop", "phone")
    with idp.inside() as ctx:
        known_devices.confirm(ctx.db, "laptop", subject, ctx.now)

    shown = idp("device", "list", "ada")
    assert "Chrome on Linux" in shown
    assert shown.splitlines()[0].startswith("DEVICE")
    listed = {each["device_id"]: each for each in idp.json("device", "list", subject)}
    assert listed["laptop"]["confirmed_at"] is not None
    assert listed["phone"]["confirmed_at"] is None
    assert len(listed["phone"]["sessions"]) == 1


def test_a_revoked_browser_is_a_stranger_and_its_sessions_are_over(idp: Idp) -> None:
    subject = with_browsers(idp, "laptop", "phone", "tablet")

    said = idp("device", "revoke", "ada", "laptop", "tablet", *REASON)

    assert said == "ada: browsers revoked: 2. Sessions ended: 2.\n"
    assert live(idp, subject) == ["phone"]
    assert [each["device_id"] for each in idp.json("device", "list", "ada")] == ["phone"]
    because = "admin:her laptop was stolen"
    told = {"device": "laptop", "sessions_ended": 1, "reason": because}
    events = [(name, data) for name, _, data in idp.events()]
    assert ("device.revoked", told) in events
    assert events.count(("session.ended", {"reason": because})) == 2


@pytest.mark.parametrize("ids", [("unknown",), ("laptop", "unknown")])
def test_of_what_is_not_the_users_nothing_is_done(idp: Idp, ids: tuple[str, ...]) -> None:
    subject = with_browsers(idp, "laptop")

    assert "no such browser" in idp.refused("device", "revoke", "ada", *ids, *REASON)
    assert live(idp, subject) == ["laptop"]


@pytest.mark.parametrize("reason", ["", " ", "a\nb", "x" * 201])
def test_a_reason_is_needed_that_the_user_can_read(idp: Idp, reason: str) -> None:
    subject = with_browsers(idp, "laptop")

    assert "reason" in idp.refused("device", "revoke", "ada", "laptop", "--reason", reason)
    assert live(idp, subject) == ["laptop"]


def test_nobody_has_no_browsers(idp: Idp) -> None:
    idp("migrate")

    assert "There is no user" in idp.refused("device", "list", "nobody")
    assert "There is no user" in idp.refused("device", "revoke", "nobody", "laptop", *REASON)
