"""What stands in for a second step is void once there is none: browsers, recovery codes."""

import pytest

from idp.account import administration, factors
from idp.account.administration import Changes
from idp.credentials import devices, recovery, totp
from tests.account.people import TEXTS
from tests.app import make_provider
from tests.support.spec import spec

NUMBER = "+49 30 901820"


@pytest.fixture
def texting(database_url, tmp_path):
    """A provider that sends codes by text message."""
    return make_provider(database_url, tmp_path, **TEXTS)


def with_stand_ins(provider, **traits):
    """A user who trusts a browser and has saved recovery codes."""
    user = provider.add_user(**traits)
    with provider.context() as ctx:
        recovery.regenerate(ctx, user.id)
        devices.remember(ctx, "a device", user.id)
        devices.trust(ctx, "a device", user.id)
    return user


def stand_ins(provider, user):
    """Whether the browser is trusted, and how many codes are left."""
    with provider.context() as ctx:
        trusted = devices.is_trusted(ctx, "a device", user.id)
        return trusted, recovery.remaining(ctx, user.id)


def remove_app(provider, user):
    with provider.context() as ctx:
        (app,) = totp.list_for(ctx, user.id)
        assert factors.remove_app(ctx, user, app.id) is factors.Removal.DONE


@spec("ASVS 6.4.4")
def test_they_go_with_the_last_app(texting):
    user = with_stand_ins(texting)
    texting.add_totp(user)
    remove_app(texting, user)

    assert stand_ins(texting, user) == (False, 0)
    voided = [each.data for each in texting.audit() if each.name == "recovery_codes.voided"]
    assert voided == [{"count": recovery.CODES}]
    texting.add_totp(user)
    assert stand_ins(texting, user) == (False, 0), "what is set up later is a new thing"


@pytest.mark.parametrize(
    "changes",
    [
        Changes(phone_number=""),
        Changes(phone_number_verified=False),
        Changes(phone_number="+49 30 1234567"),
    ],
)
def test_they_go_with_the_number_that_got_the_codes(texting, changes):
    user = with_stand_ins(texting, phone_number=NUMBER, phone_number_verified=True)
    with texting.context() as ctx:
        administration.change_user(ctx, "ada", changes)

    assert stand_ins(texting, user) == (False, 0)


def test_they_stay_while_a_second_step_is_left(texting):
    user = with_stand_ins(texting, phone_number=NUMBER, phone_number_verified=True)
    texting.add_totp(user)
    remove_app(texting, user)
    assert stand_ins(texting, user) == (True, recovery.CODES)
    texting.add_totp(user)
    with texting.context() as ctx:
        administration.change_user(ctx, "ada", Changes(phone_number=""))

    assert stand_ins(texting, user) == (True, recovery.CODES)


def test_they_go_with_the_address_that_got_the_codes(database_url, tmp_path):
    provider = make_provider(
        database_url,
        tmp_path,
        mail_codes=True,
        smtp_url="smtp://127.0.0.1:9",
        mail_from="id@example.test",
    )
    user = with_stand_ins(provider)
    with provider.context() as ctx:
        administration.change_user(ctx, "ada", Changes(email="new@example.test"))

    assert stand_ins(provider, user) == (False, 0)
