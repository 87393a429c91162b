"""A user's password: set, verified, rehashed; and what the audit log says of it."""

import argon2
import pytest
from sqlalchemy import event, select, update

from idp.credentials import passwords
from idp.credentials.hashing import PasswordHashing
from idp.credentials.password_rules import PasswordRefused
from idp.store.schema import passwords as table
from tests.credentials.conftest import ALICE
from tests.support.spec import spec

GOOD = "tie 3 green knots"


@pytest.fixture
def alice(provider):
    with provider.request() as ctx:
        passwords.set_password(ctx, ALICE, GOOD, minimum=15)
    return ALICE.id


def stored_hash(provider):
    with provider.request() as ctx:
        return ctx.db.read(select(table.c.hash)).scalar_one()


@spec("ASVS 6.2.8")
def test_a_password_that_was_set_is_the_only_one_accepted(provider, alice):
    with provider.request() as ctx:
        assert passwords.has_password(ctx, alice)
        assert passwords.verify(ctx, alice, GOOD)
        assert not passwords.verify(ctx, alice, GOOD.upper())
        assert not passwords.verify(ctx, None, GOOD)
        assert not passwords.verify(ctx, "nobody", GOOD)
    assert provider.events() == [("password.set", {})]


def test_a_new_password_takes_the_place_of_the_old_one(provider, alice):
    with provider.request() as ctx:
        passwords.set_password(ctx, ALICE, "seven red ribbons", minimum=15)
    with provider.request() as ctx:
        assert passwords.verify(ctx, alice, "seven red ribbons")
        assert not passwords.verify(ctx, alice, GOOD)
    assert [name for name, _ in provider.events()] == ["password.set", "password.set"]


@spec("NIST SP 800-63B-4 §3.1.1.2", "ASVS 6.2.11")
@pytest.mark.parametrize("password", ["alice.liddell.wonderland", "Acme Portal Acme Portal"])
def test_the_user_and_the_service_are_no_password(provider, password):
    with provider.request() as ctx, pytest.raises(PasswordRefused, match="contains_identity"):
        passwords.set_password(ctx, ALICE, password, minimum=15)
    with provider.request() as ctx:
        assert not passwords.has_password(ctx, ALICE.id)
    assert provider.events() == []


@spec("ASVS 6.3.8")
def test_unknown_user_and_wrong_password_do_the_same_work(provider, alice, monkeypatch):
    """One lookup and one argon2 verification with the same parameters each."""
    work = []
    inner = provider.house.get(PasswordHashing)._argon2

    class Watched:
        def verify(self, stored, password):
            work.append(argon2.extract_parameters(stored))
            return inner.verify(stored, password)

    monkeypatch.setattr(provider.house.get(PasswordHashing), "_argon2", Watched())
    event.listen(
        provider.database.engine, "before_cursor_execute", lambda *a: work.append(a[2].split()[0])
    )
    asked = []
    for user_id in (alice, None, "nobody"):
        work.clear()
        with provider.request() as ctx:
            assert not passwords.verify(ctx, user_id, "wrong")
        asked.append(list(work))

    assert asked[0] == asked[1] == asked[2]
    assert len(asked[0]) == 2


def make_older(provider):
    older = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(GOOD)
    with provider.request() as ctx:
        ctx.db.write(update(table).values(hash=older))
    return older


@spec("NIST SP 800-63B-4 §3.1.1.2")
def test_an_old_hash_is_brought_to_todays_parameters_once(provider, alice):
    older = make_older(provider)

    answers = provider.together(8, lambda ctx: passwords.verify(ctx, alice, GOOD))

    assert all(answers)
    assert stored_hash(provider) != older
    assert "m=19456,t=2,p=1" in stored_hash(provider)
    assert [name for name, _ in provider.events()].count("password.rehashed") == 1


def test_a_wrong_password_leaves_an_old_hash_alone(provider, alice):
    older = make_older(provider)

    with provider.request() as ctx:
        assert not passwords.verify(ctx, alice, "wrong")

    assert stored_hash(provider) == older


def test_a_rehash_never_brings_back_a_password_that_was_just_changed(provider, alice, monkeypatch):
    make_older(provider)
    hashing = provider.house.get(PasswordHashing)
    slow = hashing.hash

    def changed_meanwhile(password):
        monkeypatch.setattr(hashing, "hash", slow)
        with provider.request() as other:
            passwords.set_password(other, ALICE, "seven red ribbons", minimum=15)
        return slow(password)

    monkeypatch.setattr(hashing, "hash", changed_meanwhile)
    with provider.request() as ctx:
        assert not passwords.verify(ctx, alice, GOOD)
    with provider.request() as ctx:
        assert passwords.verify(ctx, alice, "seven red ribbons")
        assert not passwords.verify(ctx, alice, GOOD)
    assert "password.rehashed" not in dict(provider.events())


def test_nothing_is_hashed_while_a_write_is_open(provider, alice, monkeypatch):
    """Hashing is slow, and on SQLite every writer would queue behind it."""
    make_older(provider)
    hashing = provider.house.get(PasswordHashing)
    with provider.request() as ctx:
        for name in ("hash", "verify"):
            slow = getattr(hashing, name)

            def watched(*args, slow=slow):
                assert not ctx.db._writing
                return slow(*args)

            monkeypatch.setattr(hashing, name, watched)
        assert passwords.verify(ctx, alice, GOOD)
    with provider.request() as ctx:
        passwords.set_password(ctx, ALICE, "seven red ribbons", minimum=15)
