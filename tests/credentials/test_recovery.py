"""Recovery codes: strong, readable, each good once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from idp.credentials import recovery
from idp.store.schema import recovery_codes as table
from tests.credentials.conftest import ALICE
from tests.support.spec import spec


@pytest.fixture
def codes(provider):
    with provider.request() as ctx:
        return recovery.regenerate(ctx, ALICE.id)


@spec("NIST SP 800-63B-4 §4.2.1.1", "ASVS 6.5.2", "ASVS 6.5.4")
def test_codes_are_ten_of_at_least_112_bits_in_readable_groups(codes):
    assert len(set(codes)) == 10
    for code in codes:
        groups = code.split("-")
        assert [len(group) for group in groups] == [4] * 6
        assert set("".join(groups)) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        assert 5 * len("".join(groups)) >= 112


@spec("NIST SP 800-63B-4 §4.2.1.1", "ASVS 6.5.2")
def test_codes_are_stored_as_hashes_that_mean_nothing_for_another_user(provider, codes):
    with provider.request() as ctx:
        stored = ctx.db.read(select(table.c.code_hash)).scalars().all()
        assert not recovery.use(ctx, "bob-id", codes[0])

    assert {len(each) for each in stored} == {32}


@spec("NIST SP 800-63B-4 §4.2.1.1", "ASVS 6.5.1")
def test_a_code_is_good_once(provider, codes):
    with provider.request() as ctx:
        assert recovery.use(ctx, ALICE.id, codes[3])
    with provider.request() as ctx:
        assert not recovery.use(ctx, ALICE.id, codes[3])
        assert recovery.use(ctx, ALICE.id, codes[4])
        assert recovery.remaining(ctx, ALICE.id) == 8
    assert provider.events() == [
        ("recovery_codes.made", {}),
        ("recovery_code.used", {"remaining": 9}),
        ("recovery_code.used", {"remaining": 8}),
    ]


@spec("NIST SP 800-63B-4 §4.2.1.1", "ASVS 6.5.1")
def test_of_a_hundred_submissions_of_one_code_exactly_one_is_accepted(provider, codes):
    answers = provider.together(100, lambda ctx: recovery.use(ctx, ALICE.id, codes[0]))

    assert answers.count(True) == 1
    assert [name for name, _ in provider.events()].count("recovery_code.used") == 1


@spec("NIST SP 800-63B-4 §4.2.1.1")
def test_new_codes_void_the_old_ones(provider, codes):
    with provider.request() as ctx:
        new = recovery.regenerate(ctx, ALICE.id)
    with provider.request() as ctx:
        assert not recovery.use(ctx, ALICE.id, codes[0])
        assert recovery.use(ctx, ALICE.id, new[0])


def test_codes_made_many_times_at_once_are_ten_in_the_end(provider):
    sets = provider.together(20, lambda ctx: recovery.regenerate(ctx, ALICE.id))

    with provider.request() as ctx:
        assert recovery.remaining(ctx, ALICE.id) == 10
        assert sum(recovery.use(ctx, ALICE.id, codes[0]) for codes in sets) == 1


@pytest.mark.parametrize(
    "spelling",
    [
        "0123 4567-89ab_CDEF 0000 ZZZZ",
        "o123456789abcdefoooozzzz",
        " 0l23456789ABCDEF0000ZZZZ\n",
        "0i23\u20134567\u201389ab\u2013cdef\u20130000\u2013zzzz",
    ],
)
def test_a_code_is_understood_however_it_is_typed(spelling):
    assert recovery.canonical(spelling) == "0123456789ABCDEF0000ZZZZ"


@pytest.mark.parametrize("text", ["", "0123", "U" * 24, "0" * 23, "0" * 25, "-" * 200 + "0" * 24])
def test_what_cannot_be_a_code_is_none(text):
    assert recovery.canonical(text) is None


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_every_text_is_a_code_or_none(text):
    code = recovery.canonical(text)

    assert code is None or recovery.canonical(code) == code
