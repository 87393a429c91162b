"""Known devices: a cookie that only we can make, and who signed in with it."""

import secrets
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from idp.credentials import devices
from idp.kernel.secrets import MasterKey
from idp.store.schema import known_devices as table
from tests.credentials.conftest import ALICE, NOON

MASTER = MasterKey(secrets.token_bytes(32))
DEVICE, COOKIE = devices.new_device_cookie(MASTER)


def test_a_device_cookie_reads_back():
    assert devices.read_device_cookie(MASTER, COOKIE) == DEVICE
    assert devices.new_device_cookie(MASTER) != (DEVICE, COOKIE)


def test_a_device_cookie_of_another_provider_is_nothing():
    assert devices.read_device_cookie(MasterKey(secrets.token_bytes(32)), COOKIE) is None


@given(st.text(st.characters(exclude_categories=())))
def test_no_other_text_is_a_device_cookie(text):
    assert devices.read_device_cookie(MASTER, text) is None
    assert devices.read_device_cookie(MASTER, COOKIE + text or "x") in (None, DEVICE)


@given(at=st.integers(0, len(COOKIE) - 1), char=st.characters(exclude_categories=()))
def test_a_device_cookie_changed_anywhere_is_nothing(at, char):
    changed = COOKIE[:at] + char + COOKIE[at + 1 :]

    assert devices.read_device_cookie(MASTER, changed) == (DEVICE if changed == COOKIE else None)


def test_a_device_becomes_known_to_one_user_with_one_event(provider):
    with provider.request() as ctx:
        assert not devices.is_known(ctx, DEVICE, ALICE.id)
    provider.together(20, lambda ctx: devices.remember(ctx, DEVICE, ALICE.id))
    with provider.request() as ctx:
        assert devices.is_known(ctx, DEVICE, ALICE.id)
        assert not devices.is_known(ctx, DEVICE, "bob-id")
        assert not devices.is_known(ctx, "other", ALICE.id)
        assert not devices.is_known(ctx, None, ALICE.id)
        assert not devices.is_known(ctx, DEVICE, None)
    assert provider.events() == [("device.known", {})]


def test_a_known_device_is_seen_again_and_again(provider):
    for _ in range(2):
        with provider.request() as ctx:
            devices.remember(ctx, DEVICE, ALICE.id)
        provider.passes(timedelta(days=1))
    with provider.request() as ctx:
        seen = ctx.db.read(select(table.c.first_seen_at, table.c.last_seen_at)).one()

    assert tuple(seen) == (NOON, NOON + timedelta(days=1))
