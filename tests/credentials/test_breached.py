"""Passwords that were stolen elsewhere are not taken."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.credentials import passwords
from idp.credentials.breached import fault_of_list, is_breached
from idp.credentials.password_rules import PasswordRefused
from idp.kernel.errors import SetupFault
from tests.credentials.conftest import ALICE
from tests.support.spec import spec

STOLEN = "tie 3 green knots"
OTHERS = [f"password number {number}" for number in range(500)]


def sha1(password):
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def lines_of(*stolen, end="\n"):
    return "".join(f"{each}:{number + 1}{end}" for number, each in enumerate(sorted(stolen)))


@pytest.fixture
def one_file(tmp_path):
    path = tmp_path / "breached.txt"
    path.write_text(lines_of(*map(sha1, [STOLEN, *OTHERS])))
    return path


@spec("ASVS 6.2.12")
def test_a_breached_password_is_not_taken_and_the_reason_is_given(provider, one_file):
    provider.settings = provider.settings.model_copy(update={"breached_passwords": one_file})

    with provider.request() as ctx, pytest.raises(PasswordRefused, match="breached"):
        passwords.set_password(ctx, ALICE, STOLEN, minimum=15)
    with provider.request() as ctx:
        assert not passwords.has_password(ctx, ALICE.id)
        passwords.set_password(ctx, ALICE, "seven red ribbons", minimum=15)


def test_without_a_list_nothing_is_breached(provider):
    with provider.request() as ctx:
        passwords.set_password(ctx, ALICE, STOLEN, minimum=15)


@spec("ASVS 6.2.12")
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("suffix", ["", ".txt"])
def test_the_list_may_be_a_folder_of_ranges(tmp_path, suffix, end):
    hashes = [sha1(each) for each in [STOLEN, *OTHERS]]
    for prefix in {each[:5] for each in hashes} | {sha1("seven red ribbons")[:5]}:
        rest = [each[5:] for each in hashes if each.startswith(prefix)]
        (tmp_path / f"{prefix}{suffix}").write_bytes(lines_of(*rest, end=end).encode())

    assert is_breached(tmp_path, STOLEN)
    assert all(is_breached(tmp_path, each) for each in OTHERS)
    assert not is_breached(tmp_path, "seven red ribbons")


def test_a_password_is_found_however_its_letters_are_composed(tmp_path):
    (tmp_path / "list").write_text(lines_of(sha1("caf\u00e9 noir \u00e0 midi")))

    assert is_breached(tmp_path / "list", "cafe\u0301 noir a\u0300 midi")


@given(
    stolen=st.sets(st.integers(0, 400), max_size=60),
    end=st.sampled_from(["\n", "\r\n"]),
    lower=st.booleans(),
    cut=st.booleans(),
)
def test_every_line_of_the_file_is_found_and_nothing_else(
    tmp_path_factory, stolen, end, lower, cut
):
    path = tmp_path_factory.mktemp("breached") / "list"
    text = lines_of(*(sha1(str(each)) for each in stolen), end=end)
    text = text.lower() if lower else text
    path.write_bytes((text.removesuffix(end) if cut else text).encode())

    found = {each for each in range(401) if is_breached(path, str(each))}

    assert found == stolen


def test_the_list_is_looked_up_and_not_read_through(one_file, monkeypatch):
    """The real list has a thousand million lines."""
    read = []
    opened = one_file.open("rb")

    class Watched:
        def __enter__(self):
            return self

        def __exit__(self, *error):
            opened.close()

        def __getattr__(self, name):
            return getattr(opened, name)

        def readline(self, limit):
            read.append(limit)
            return opened.readline(limit)

    monkeypatch.setattr(type(one_file), "open", lambda *_: Watched())

    assert not is_breached(one_file, "seven red ribbons")
    assert len(read) < 50
    assert max(read) <= 80


def test_where_the_list_cannot_be_read_no_password_is_taken(provider, tmp_path):
    gone = tmp_path / "gone"
    provider.settings = provider.settings.model_copy(update={"breached_passwords": gone})

    with provider.request() as ctx, pytest.raises(SetupFault, match="IDP_BREACHED_PASSWORDS"):
        passwords.set_password(ctx, ALICE, STOLEN, minimum=15)


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("list", lines_of(sha1(STOLEN)), None),
        ("00000", lines_of(sha1(STOLEN)[5:]), None),
        ("00000.txt", lines_of(sha1(STOLEN)[5:], end="\r\n"), None),
        ("00000", "no hash\n", "HASH:count"),
        ("list", "password\n", "HASH:count"),
        ("list", "", "HASH:count"),
        ("list", "a" * 500, "HASH:count"),
        ("list", None, "cannot be read"),
        ("other", "", "cannot be read"),
    ],
)
def test_what_is_no_list_is_told_apart(tmp_path, name, content, fault):
    if content is not None:
        (tmp_path / name).write_text(content)

    said = fault_of_list(tmp_path / name if name == "list" else tmp_path)

    assert said is None if fault is None else fault in said
