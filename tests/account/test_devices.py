"""Where one is signed in, and which browsers know one (ASVS 5.0 §7.5.2)."""

import pytest
from sqlalchemy import update

from idp.credentials import devices
from idp.store import known_devices, sessions
from idp.store.schema import known_devices as known_device_table
from tests.account.conftest import find
from tests.account.people import act, another_browser, cookie_of, visit
from tests.app import text_of
from tests.support.judged import a_session, add_sessions
from tests.support.mmdb import write_mmdb
from tests.support.spec import spec

DEVICES = "/account/devices"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.2 Mobile/15E148 Safari/604.1"
)


def live(rp, user):
    with rp.provider.context() as ctx:
        return sessions.list_live_of_user(ctx.db, user.id, ctx.now)


def other_sid(rp, user, phone):
    del phone
    (other,) = [each.sid for each in live(rp, user) if "iPhone" in each.user_agent]
    return other


def test_each_session_is_described_and_this_one_comes_first(rp, ada):
    rp.sign_in()
    rp.provider.clock.forward(minutes=5)
    phone = another_browser(rp, PHONE)
    phone.sign_in()

    text = text_of(visit(rp, DEVICES))

    here, there = text.index("Unknown browser This session"), text.index("Mobile Safari on iOS")
    assert here < there
    for fact in ("127.0.0.1", "Proved with Password", "Used for Example App", "Ends Jan 1, 2030"):
        assert text.count(fact) == 2
    assert "Signed in Jan 1, 2030, 1:05" in text


@spec("ASVS 5.0 §7.5.2")
def test_one_other_session_is_ended_with_its_tokens(rp, ada):
    rp.sign_in()
    phone = another_browser(rp, PHONE)
    tokens = phone.sign_in()

    page = act(rp, "/account/sessions/end", sid=other_sid(rp, ada, phone))

    assert "That device was signed out." in text_of(page)
    assert phone.userinfo(tokens["access_token"]).status_code == 401
    assert b'id="page-login"' in visit(phone).data
    ended = rp.provider.audit()[-1]
    assert (ended.name, ended.data["reason"]) == ("session.ended", "user_ended")


def test_nobody_ends_the_session_of_another(rp):
    grace = rp.provider.add_user("grace")
    hers = another_browser(rp)
    hers.log_in(hers.authorize(), "grace")
    rp.sign_in()
    (session,) = live(rp, grace)

    act(rp, "/account/sessions/end", sid=session.sid)

    assert live(rp, grace)


def test_ending_this_session_from_the_list_is_signing_out(rp, ada):
    rp.sign_in()
    (here,) = live(rp, ada)

    page = act(rp, "/account/sessions/end", sid=here.sid)

    assert b'id="page-logged-out"' in page.data
    assert cookie_of(rp, "session") is None


def test_everywhere_else_is_signed_out_and_half_done_sign_ins_with_it(rp, ada):
    secret = rp.provider.add_totp(ada)
    rp.submit(rp.log_in(rp.authorize()), code=rp.provider.code(secret))
    rp.provider.clock.forward(minutes=1)
    phone = another_browser(rp, PHONE)
    phone.submit(phone.log_in(phone.authorize()), code=rp.provider.code(secret))
    half = another_browser(rp)
    step = half.log_in(visit(half))

    page = act(rp, "/account/sessions/end-others")

    assert "Every other device was signed out." in text_of(page)
    assert b'id="end-others"' not in page.data
    assert [each.user_agent for each in live(rp, ada)] == [""] or len(live(rp, ada)) == 1
    rp.provider.clock.forward(minutes=1)
    assert b'id="page-login"' in half.submit(step, code=rp.provider.code(secret)).data


def test_everywhere_is_here_too(rp, ada):
    rp.sign_in()
    another_browser(rp, PHONE).sign_in()

    page = act(rp, "/account/sessions/end-all")

    assert b'id="page-logged-out"' in page.data
    assert live(rp, ada) == []


def test_a_trusted_browser_is_shown_with_its_date_and_forgotten(rp, ada):
    rp.sign_in()
    with rp.provider.context() as ctx:
        (known,) = known_devices.list_of_user(ctx.db, ada.id)
        devices.trust(ctx, known.device_id, ada.id)
    assert "This browser No second step until Jan 31, 2030" in text_of(visit(rp, DEVICES))

    page = act(rp, "/account/devices/forget", device_id=known.device_id)

    assert "That browser is new to us again." in text_of(page)
    with rp.provider.context() as ctx:
        assert not devices.is_trusted(ctx, known.device_id, ada.id)
        assert not devices.is_known(ctx, known.device_id, ada.id)


def test_a_session_says_where_it_is_how_it_looks_and_why_it_ends_when_it_does(rp, ada):
    rp.sign_in()
    with rp.provider.context() as ctx:
        strange = {
            "risk": "high",
            "limited_by": "high_risk",
            "seen_address": "198.51.100.44",
            "challenged_at": ctx.now,
            "challenge": "network_and_browser_changed",
        }
        row = a_session(ada.id, ctx.now, address="203.0.113.9", **strange)
        add_sessions(ctx.db, [row])

    text = text_of(visit(rp, DEVICES))

    for said in (
        "Very unlike you",
        "Stopped until you prove there that it is you.",
        "Your network and your browser changed in one step.",
        "Address 198.51.100.44",
        "at 203.0.113.9",
        "Sooner than usual. Much about this is unfamiliar to us.",
    ):
        assert text.count(said) == 1, said


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_browser_of_which_nothing_says_whose_it_is_is_marked(rp, ada, confirmed):
    rp.sign_in()
    with rp.provider.context() as ctx:
        at = ctx.now if confirmed else None
        ctx.db.write(update(known_device_table).values(confirmed_at=at))

    assert ("Not confirmed" not in text_of(visit(rp, DEVICES))) is confirmed


def test_places_are_named_where_the_operator_has_files_and_labelled_as_rough(make, tmp_path):
    path = write_mmdb(tmp_path / "country.mmdb", {"127.0.0.0/8": {"country": {"iso_code": "NO"}}})
    rp = make(geo_country_file=path)
    rp.log_in(visit(rp))

    assert "Place Norway (approximate)" in text_of(visit(rp, DEVICES))
    assert "Place Norway (approximate)" in text_of(visit(rp))


def test_nobody_forgets_the_browser_of_another(rp):
    rp.provider.add_user("grace")
    hers = another_browser(rp)
    hers.log_in(hers.authorize(), "grace")
    rp.sign_in()
    grace = find(rp, "grace")
    with rp.provider.context() as ctx:
        (known,) = known_devices.list_of_user(ctx.db, grace.id)

    act(rp, "/account/devices/forget", device_id=known.device_id)

    with rp.provider.context() as ctx:
        assert devices.is_known(ctx, known.device_id, grace.id)
