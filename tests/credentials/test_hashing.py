"""argon2id: one verification per answer, whoever is asked about."""

import threading
import time
import unicodedata

import argon2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.credentials.hashing import PasswordHashing
from tests.support.spec import spec

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)


@pytest.fixture(scope="module")
def hashing():
    return PasswordHashing(at_once=2)


@pytest.fixture
def verified(hashing, monkeypatch):
    """The parameters of each argon2 verification that runs."""
    seen = []

    class Watched:
        def __init__(self, inner):
            self.inner = inner

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def verify(self, stored, password):
            seen.append(argon2.extract_parameters(stored))
            return self.inner.verify(stored, password)

    monkeypatch.setattr(hashing, "_argon2", Watched(hashing._argon2))
    return seen


@spec("NIST SP 800-63B-4 §3.1.1.2")
def test_passwords_are_hashed_by_argon2id_with_a_salt(hashing):
    one, other = hashing.hash("correct horse"), hashing.hash("correct horse")

    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert one != other
    assert hashing.verify(one, "correct horse")
    assert not hashing.verify(one, "correct horse ")


@pytest.mark.parametrize(
    ("has_hash", "password"),
    [(True, "right"), (True, "wrong"), (False, "right"), (True, "x" * 10**6), (False, "x" * 10**6)],
)
def test_every_answer_costs_one_verification_with_the_same_parameters(
    hashing, verified, has_hash, password
):
    stored = hashing.hash("right") if has_hash else None

    assert hashing.verify(stored, password) == (has_hash and password == "right")
    assert verified == [argon2.extract_parameters(hashing.hash(""))]


@settings(max_examples=20)
@given(ANY_TEXT)
def test_every_text_can_be_hashed_and_is_verified_in_any_composition(text):
    hashing = PasswordHashing(at_once=1)
    stored = hashing.hash(text)

    assert hashing.verify(stored, unicodedata.normalize("NFD", text))
    assert not hashing.verify(stored, text + "!")


@spec("NIST SP 800-63B-4 §3.1.1.2", "ASVS 6.2.8")
def test_the_whole_password_is_verified_to_its_last_character(hashing):
    stored = hashing.hash("a" * 1024)

    assert hashing.verify(stored, "a" * 1024)
    assert not hashing.verify(stored, "a" * 1023)
    assert not hashing.verify(stored, "a" * 1023 + "b")
    assert not hashing.verify(stored, "a" * 1025)
    assert not hashing.verify(hashing.hash("nul\0more"), "nul\0")


def test_no_password_is_longer_than_the_rules_allow(hashing):
    with pytest.raises(ValueError, match="too long"):
        hashing.hash("a" * 1025)


@pytest.mark.parametrize("stored", ["", "x", "$argon2id$v=19$m=8,t=1,p=1$", "\0"])
def test_a_damaged_hash_matches_nothing(hashing, stored):
    assert not hashing.verify(stored, "anything")


def test_a_hash_with_lower_parameters_is_found_out(hashing):
    older = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("x")

    assert hashing.needs_rehash(older)
    assert not hashing.needs_rehash(hashing.hash("x"))


def test_no_more_hashes_run_at_once_than_allowed(monkeypatch):
    hashing = PasswordHashing(at_once=3)
    running, most, lock = 0, 0, threading.Lock()

    class Slow:
        def verify(self, *_):
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.01)
            with lock:
                running -= 1
            return False

    monkeypatch.setattr(hashing, "_argon2", Slow())
    threads = [threading.Thread(target=hashing.verify, args=("h", "p")) for _ in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert most == 3
