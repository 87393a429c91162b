"""One-time codes: a step either way, each accepted once ever, and nothing but digits."""

from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from idp.credentials import totp
from idp.store.schema import totp_authenticators as table
from tests.credentials.conftest import ALICE, NOON
from tests.support.spec import spec

SECRET = pyotp.random_base32()
STEP = timedelta(seconds=30)
ARABIC = "".join(chr(0x0660 + n) for n in range(10))
FULLWIDTH = "".join(chr(0xFF10 + n) for n in range(10))
ANY_TEXT = st.text(st.characters(exclude_categories=()))


def code_at(instant, secret=SECRET):
    return pyotp.TOTP(secret).at(instant)


@pytest.fixture
def authenticator(provider):
    """An app that was confirmed a minute ago."""
    with provider.request() as ctx:
        added = totp.add(ctx, ALICE.id, "Phone", SECRET, code_at(NOON))
    provider.passes(2 * STEP)
    return added


@spec("RFC 4226 §4", "ASVS 6.5.3")
def test_a_secret_has_all_of_160_bits_that_were_derived_for_it():
    derived = bytes(range(32))
    assert pyotp.TOTP(totp.secret_from(derived)).byte_secret() == derived[:20]


def test_the_manual_key_is_the_secret_in_groups_of_four():
    assert totp.manual_key(SECRET).replace(" ", "") == SECRET
    assert {len(group) for group in totp.manual_key(SECRET).split()} == {4}


def test_the_provisioning_uri_carries_account_issuer_and_secret():
    uri = totp.provisioning_uri(SECRET, "alice@example.org", "Acme: Portal")
    parts = urlsplit(uri)

    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Acme  Portal:alice@example.org"
    assert parse_qs(parts.query) == {"secret": [SECRET], "issuer": ["Acme  Portal"]}


@given(account=ANY_TEXT, issuer=ANY_TEXT)
def test_every_name_makes_a_provisioning_uri_that_reads_back(account, issuer):
    parts = pyotp.parse_uri(totp.provisioning_uri(SECRET, account, issuer))

    assert parts.secret == SECRET


def test_even_the_longest_names_fit_a_qr_code_that_scales_and_styles_nothing():
    uri = totp.provisioning_uri(SECRET, "🐴" * 1000, "🦒" * 1000)
    svg = totp.qr_svg(uri, label='Scan "this" <now>')
    root = ET.fromstring(svg)

    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == 'Scan "this" <now>'
    assert root.attrib["viewBox"].startswith("0 0 ")
    assert {"width", "height", "style"}.isdisjoint(root.attrib)
    assert svg.startswith("<svg")
    assert "style" not in svg


def test_the_right_code_confirms_an_authenticator(provider, authenticator):
    with provider.request() as ctx:
        [added] = totp.list_for(ctx, ALICE.id)

    assert (added.id, added.name, added.created_at) == (authenticator, "Phone", NOON)
    assert provider.events() == [("totp.added", {"authenticator_id": authenticator})]


def test_a_wrong_code_confirms_nothing(provider):
    with provider.request() as ctx:
        assert totp.add(ctx, ALICE.id, "Phone", SECRET, code_at(NOON + 5 * STEP)) is None
        assert totp.list_for(ctx, ALICE.id) == []
    assert provider.events() == []


def test_the_secret_is_sealed_for_its_row(provider, authenticator):
    with provider.request() as ctx:
        sealed = ctx.db.read(select(table.c.secret_sealed)).scalar_one()
        [added] = totp.list_for(ctx, ALICE.id)

    assert SECRET.encode() not in sealed
    assert "secret" not in repr(added)


@spec("RFC 6238 §5.2", "ASVS 6.5.5", "ASVS 6.5.8")
@pytest.mark.parametrize(
    ("skew", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_code_is_good_one_step_either_way(provider, authenticator, skew, accepted):
    with provider.request() as ctx:
        assert totp.verify(ctx, ALICE.id, code_at(provider.now + skew * STEP)) is accepted


@spec("RFC 6238 §5.2", "ASVS 6.5.1")
def test_a_step_is_accepted_once_and_with_it_go_all_before(provider, authenticator):
    with provider.request() as ctx:
        assert totp.verify(ctx, ALICE.id, code_at(provider.now))
    with provider.request() as ctx:
        assert not totp.verify(ctx, ALICE.id, code_at(provider.now))
        assert not totp.verify(ctx, ALICE.id, code_at(provider.now - STEP))
        assert totp.verify(ctx, ALICE.id, code_at(provider.now + STEP))
    assert [name for name, _ in provider.events()].count("totp.accepted") == 2


@spec("RFC 6238 §5.2")
def test_the_code_that_confirmed_an_authenticator_is_burnt(provider):
    with provider.request() as ctx:
        assert totp.add(ctx, ALICE.id, "Phone", SECRET, code_at(NOON))
    with provider.request() as ctx:
        assert not totp.verify(ctx, ALICE.id, code_at(NOON))


@spec("RFC 6238 §5.2", "ASVS 6.5.1")
def test_of_a_hundred_submissions_of_one_code_exactly_one_is_accepted(provider, authenticator):
    code = code_at(provider.now)

    answers = provider.together(100, lambda ctx: totp.verify(ctx, ALICE.id, code))

    assert answers.count(True) == 1
    assert [name for name, _ in provider.events()].count("totp.accepted") == 1


def test_a_confirmation_sent_many_times_at_once_adds_one_authenticator(provider):
    code = code_at(NOON)

    answers = provider.together(20, lambda ctx: totp.add(ctx, ALICE.id, "Phone", SECRET, code))

    assert len([each for each in answers if each]) == 1
    with provider.request() as ctx:
        assert len(totp.list_for(ctx, ALICE.id)) == 1


def test_any_of_several_authenticators_will_do(provider, authenticator):
    other = pyotp.random_base32()
    with provider.request() as ctx:
        assert totp.add(ctx, ALICE.id, "Tablet", other, code_at(provider.now, other))
    provider.passes(2 * STEP)
    with provider.request() as ctx:
        assert totp.verify(ctx, ALICE.id, code_at(provider.now))
        assert totp.verify(ctx, ALICE.id, code_at(provider.now, other))


def test_a_code_of_someone_else_is_worth_nothing(provider, authenticator):
    with provider.request() as ctx:
        assert not totp.verify(ctx, "bob-id", code_at(provider.now))


@pytest.mark.parametrize("spelling", ["{0}{1}", "{0} {1}", " {0}-{1} ", "{0}\u00a0{1}\n"])
def test_a_code_may_be_spaced(provider, authenticator, spelling):
    code = code_at(provider.now)
    with provider.request() as ctx:
        assert totp.verify(ctx, ALICE.id, spelling.format(code[:3], code[3:]))


@given(text=ANY_TEXT | st.text("0123456789 -" + ARABIC + FULLWIDTH, max_size=9))
def test_no_text_breaks_the_comparison(text):
    step = totp.matching_step(SECRET, text, NOON)

    assert step is None or text.strip(" -\n\t").isascii()


@pytest.mark.parametrize("digits", [ARABIC, FULLWIDTH])
def test_digits_of_other_scripts_are_no_code(digits):
    code = code_at(NOON)

    assert totp.matching_step(SECRET, code, NOON) is not None
    assert (
        totp.matching_step(SECRET, code.translate(str.maketrans("0123456789", digits)), NOON)
        is None
    )


@spec("ASVS 6.5.6")
def test_a_removed_authenticator_is_gone(provider, authenticator):
    with provider.request() as ctx:
        assert not totp.remove(ctx, "bob-id", authenticator)
        assert not totp.remove(ctx, ALICE.id, "nul\0")
        assert totp.remove(ctx, ALICE.id, authenticator)
        assert not totp.remove(ctx, ALICE.id, authenticator)
        assert not totp.verify(ctx, ALICE.id, code_at(provider.now))
    assert provider.events()[1:] == [("totp.removed", {"authenticator_id": authenticator})]


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [(" My phone ", "My phone"), ("nul\0\ud800x", "nulx"), ("x" * 500, "x" * 64), ("", "")],
)
def test_a_name_is_kept_as_it_can_be_shown(provider, given_name, kept):
    with provider.request() as ctx:
        assert totp.add(ctx, ALICE.id, given_name, SECRET, code_at(NOON))
        assert [each.name for each in totp.list_for(ctx, ALICE.id)] == [kept]
