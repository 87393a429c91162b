"""Whoever owns an account is told of a right password or code after many wrong ones."""

import pytest
from sqlalchemy import select

from idp.delivery import parcel
from idp.kernel.secrets import MasterKey
from idp.login.proofs import MANY_FAILURES
from idp.store.schema import outbox
from tests.app import RelyingParty, make_provider
from tests.support.spec import spec


@pytest.fixture
def rp(database_url, tmp_path):
    provider = make_provider(
        database_url, tmp_path, smtp_url="smtp://localhost:1", mail_from="id@example.test"
    )
    provider.add_user()
    return RelyingParty(provider, provider.add_client(), provider.browser())


def letters(rp):
    with rp.provider.context() as ctx:
        rows = list(ctx.db.read(select(outbox).order_by(outbox.c.id)))
    master = rp.provider.house.get(MasterKey)
    return [parcel.opened(master, row).payload for row in rows]


def fail(rp, times):
    """Enter a wrong password or code, as often as it takes to be looked at so many times."""
    page = rp.follow(rp.get("/account"))
    for _ in range(times):
        page = rp.log_in(page, password="wrong")
        assert page.status_code == 200
        rp.provider.clock.forward(minutes=16)
    return page


@spec("ASVS 6.3.5")
def test_a_right_password_after_many_wrong_ones_is_told_to_its_owner(rp):
    page = rp.log_in(fail(rp, MANY_FAILURES))

    assert b'id="page-account"' in page.data
    [letter] = letters(rp)
    assert letter["to"] == "ada@example.test"
    assert "then a right one" in letter["subject"]
    assert "sign out everywhere" in letter["text"]


def test_a_few_slips_are_not_worth_a_letter(rp):
    rp.log_in(fail(rp, MANY_FAILURES - 1))

    assert letters(rp) == []


def test_each_flood_is_told_once(rp):
    rp.log_in(fail(rp, MANY_FAILURES))
    for _ in range(2):
        rp.browser = rp.provider.browser()
        rp.log_in(rp.follow(rp.get("/account")))

    assert len(letters(rp)) == 1


@spec("ASVS 6.3.5")
def test_a_password_that_was_guessed_is_told_though_the_second_step_stops_there(rp):
    rp.provider.add_totp(rp.provider.add_user("grace"))
    page = rp.follow(rp.get("/account"))
    for _ in range(MANY_FAILURES):
        page = rp.log_in(page, "grace", "wrong")
        rp.provider.clock.forward(minutes=16)
    page = rp.log_in(page, "grace")

    assert b'id="page-login-code"' in page.data
    assert [letter["to"] for letter in letters(rp)] == ["grace@example.test"]


@spec("ASVS 6.3.5")
def test_a_right_code_after_many_wrong_ones_is_told(rp):
    secret = rp.provider.add_totp(rp.provider.add_user("grace"))
    for _ in range(MANY_FAILURES):
        page = rp.log_in(rp.follow(rp.get("/account")), "grace")
        page = rp.submit(page, code="no code")
        rp.provider.clock.forward(minutes=16)
    page = rp.log_in(rp.follow(rp.get("/account")), "grace")
    assert letters(rp) == []
    page = rp.submit(page, code=rp.provider.code(secret))

    assert b'id="page-account"' in page.data
    assert len(letters(rp)) == 1
