"""Above the sign-in stands why the session that was here is over (DESIGN §1)."""

import pytest

from idp.policy.returning import IDLE_END
from idp.sessions import service
from tests.app import RelyingParty, submit, text_of
from tests.login.judged import BARE, all_sessions, in_another_browser, signs_in
from tests.login.keys import page_id

IDLED = "because nothing was done here for a while"
LASTED = "you had been in for as long as one may be"


@pytest.fixture
def rp(party) -> RelyingParty:
    rp = party(policy=BARE + '[defaults]\nidle = "1h"\nabsolute = "6h"\n')
    signs_in(rp)
    return rp


def account(rp: RelyingParty) -> str:
    """The page instead of the account."""
    page = rp.follow(rp.get("/account"))
    assert page_id(page) == "login"
    return text_of(page)


def ended(rp: RelyingParty, because: str) -> str:
    with rp.provider.context() as ctx:
        service.end(ctx, all_sessions(rp.provider)[0].sid, because=because)
    return account(rp)


def test_whoever_was_away_reads_that_for_the_account_and_for_a_client(rp):
    rp.provider.clock.forward(minutes=61)

    assert IDLED in account(rp)
    assert IDLED in text_of(rp.authorize())


def test_whoever_was_in_for_long_enough_reads_that(rp):
    for _ in range(7):
        rp.provider.clock.forward(minutes=55)
        page = text_of(rp.follow(rp.get("/account")))

    assert LASTED in page


def test_it_makes_no_difference_who_wrote_the_end_down(rp):
    assert IDLED in ended(rp, IDLE_END)


@pytest.mark.parametrize(
    ("because", "told"),
    [
        ("absolute_timeout", LASTED),
        ("session_limit", "because somebody signed in to your account in another browser"),
        ("policy:copied_cookie", "This session was used in two places by turns."),
        ("policy:night shift", "Your session was ended to protect you. night shift."),
    ],
)
def test_an_end_that_may_surprise_is_told_of(rp, because, told):
    assert told in ended(rp, because)


@pytest.mark.parametrize("because", ["user_ended", "not_me", "admin:left", "password_changed"])
def test_of_what_somebody_did_on_purpose_a_thief_learns_nothing(rp, because):
    assert "ended" not in (told := ended(rp, because))
    assert "signed out" not in told


def test_nobody_is_told_without_the_secret(rp):
    rp.provider.clock.forward(minutes=61)
    rp.browser.set_cookie(
        "__Host-idp_session", "idp_ss_guessed", domain="id.example.test", secure=True
    )

    assert "signed out" not in account(rp)


def test_who_lost_a_session_to_somebody_else_reads_so_also_after_all_others_were_ended(party):
    """What ended by another cause idles no more: that it could be returned to is not at stake."""
    rp = party(policy=BARE + '[defaults]\nidle = "1h"\nabsolute = "6h"\nsessions = 1\n')
    signs_in(rp)
    other = in_another_browser(rp)
    signs_in(other)
    rp.provider.clock.forward(minutes=61)
    signs_in(other)

    page = submit(other.browser, other.get("/account/devices"), "/account/sessions/end-all")

    assert page.status_code == 303
    assert all_sessions(rp.provider)[-1].end_reason == "user_ended"
    assert "because somebody signed in to your account in another browser" in account(rp)
