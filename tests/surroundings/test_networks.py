"""Where an address is: with files, without, and with files that are not what they should be."""

import ipaddress
import os
import threading
from datetime import UTC, datetime

import pytest
import structlog
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from idp.settings import Settings
from idp.surroundings import watched
from idp.surroundings.geography import first_records, read_mmdb
from idp.surroundings.lists import read_list
from idp.surroundings.networks import NOWHERE, Networks, Place
from idp.surroundings.watched import Unreadable, Watched
from tests.support.mmdb import BUILT, write_mmdb

NUMBERS = {
    "192.0.2.0/24": {
        "autonomous_system_number": 64500,
        "autonomous_system_organization": "Example Telecom",
    },
    "2001:db8::/32": {
        "autonomous_system_number": 64500,
        "autonomous_system_organization": "Example Telecom",
    },
    "198.51.100.0/24": {"asn": "AS64501", "as_name": "Example Cable"},
}
COUNTRIES = {
    "192.0.2.0/24": {"country": {"iso_code": "DE"}},
    "192.0.2.128/25": {
        "country": {"iso_code": "NO"},
        "location": {"latitude": 59.9, "longitude": 10.7},
    },
    "198.51.100.0/24": {"country_code": "fr", "latitude": 48.8, "longitude": 2.3},
    "203.0.113.0/24": {"country": "Nowhere", "location": {"latitude": 91.0, "longitude": 0.0}},
}


@pytest.fixture
def always_look(monkeypatch):
    monkeypatch.setattr(watched, "LOOKS_EVERY", 0.0)


@pytest.fixture
def settings(tmp_path):
    hosting, tor = tmp_path / "hosting.txt", tmp_path / "tor.txt"
    hosting.write_text("# centres\n198.51.100.0/25\n198.51.100.64/26 # within\n2001:db8:5::/48\n")
    tor.write_text("ExitNode ABC\nPublished 2030-01-01\nExitAddress 203.0.113.7 2030-01-01 1:0:0\n")
    return Settings(
        geo_asn_file=write_mmdb(tmp_path / "asn.mmdb", NUMBERS),
        geo_country_file=write_mmdb(tmp_path / "country.mmdb", COUNTRIES),
        hosting_networks_file=hosting,
        tor_exits_file=tor,
    )


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", {"country": "DE"}),
        ("::ffff:192.0.2.1", {"country": "DE"}),
        ("192.0.2.200", {"country": "NO", "latitude": 59.9, "longitude": 10.7}),
    ],
)
def test_files_say_whose_network_it_is_and_where(settings, address, place):
    assert Networks(settings).place_of(address) == Place(
        network="AS64500",
        prefix="192.0.2.0/24",
        asn=64500,
        organisation="Example Telecom",
        **place,
    )


def test_a_hop_between_both_versions_of_one_provider_is_no_other_network(settings):
    networks = Networks(settings)
    four, six = networks.place_of("192.0.2.1"), networks.place_of("2001:db8:7::1")
    assert four.network == six.network == "AS64500"
    assert six.prefix == "2001:db8:7::/48"


def test_other_publishers_names_are_read_too(settings):
    place = Networks(settings).place_of("198.51.100.200")
    assert (place.asn, place.organisation, place.country) == (64501, "Example Cable", "FR")
    assert (place.latitude, place.longitude) == (48.8, 2.3)
    assert (place.hosting, place.tor) == (False, False)


def test_lists_say_who_else_lives_there(settings):
    networks = Networks(settings)
    assert networks.place_of("198.51.100.100").hosting
    assert networks.place_of("2001:db8:5:1::2").hosting
    assert not networks.place_of("2001:db8:6::2").hosting
    assert networks.place_of("203.0.113.7").tor
    assert not networks.place_of("203.0.113.8").tor


def test_what_a_file_says_wrongly_is_not_believed(settings):
    place = Networks(settings).place_of("203.0.113.7")
    assert (place.country, place.latitude, place.longitude) == (None, None, None)


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("10.1.2.3", "10.1.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::1", "::/48"),
    ],
)
def test_without_files_the_network_is_the_prefix_and_nothing_is_guessed(address, prefix):
    assert Networks(Settings()).place_of(address) == Place(network=prefix, prefix=prefix)


@pytest.mark.parametrize("address", ["", "unknown", "192.0.2", "192.0.2.1:80", "\N{DIGIT ONE}x"])
def test_what_is_no_address_is_nowhere(settings, address):
    assert Networks(settings).place_of(address) == NOWHERE


def test_a_file_for_one_version_knows_nothing_of_the_other(tmp_path):
    only_four = {"192.0.2.0/24": {"country": {"iso_code": "DE"}}}
    path = write_mmdb(tmp_path / "four.mmdb", only_four, version=4)
    networks = Networks(Settings(geo_country_file=path))
    assert networks.place_of("192.0.2.1").country == "DE"
    assert networks.place_of("2001:db8::1").country is None


# Files that change


def test_a_file_that_changes_is_read_anew(settings, always_look):
    networks = Networks(settings)
    assert networks.place_of("192.0.2.1").country == "DE"

    write_mmdb(settings.geo_country_file, {"192.0.2.0/24": {"country": {"iso_code": "AT"}}})
    settings.tor_exits_file.write_text("192.0.2.1\n")

    networks.place_of("192.0.2.1")
    place = networks.place_of("192.0.2.1")
    assert (place.country, place.tor) == ("AT", True)


def test_it_is_looked_at_every_two_seconds_at_most(settings, monkeypatch):
    seconds = [0.0]
    monkeypatch.setattr(watched.time, "monotonic", lambda: seconds[0])
    networks = Networks(settings)
    networks.place_of("192.0.2.1")
    settings.tor_exits_file.write_text("192.0.2.1\n")

    assert not networks.place_of("192.0.2.1").tor
    for seconds[0] in (1.9, 2.0, 3.9):
        assert not networks.place_of("192.0.2.1").tor
    seconds[0] = 4.0
    assert networks.place_of("192.0.2.1").tor


@pytest.mark.parametrize("broken", ["cut", "rubbish", "gone"])
def test_a_file_that_breaks_leaves_standing_what_it_said(settings, always_look, broken):
    networks = Networks(settings)
    before = networks.place_of("192.0.2.200")
    for path in (settings.geo_asn_file, settings.geo_country_file):
        if broken == "gone":
            path.unlink()
        else:
            # Written into, not replaced: a file that is mapped would take the process with it.
            whole = path.read_bytes()
            path.write_bytes(whole[:200] if broken == "cut" else b"rubbish")
    settings.hosting_networks_file.write_text("not a network\n")

    for _ in range(3):
        assert networks.place_of("192.0.2.200") == before
    assert networks.place_of("198.51.100.1").hosting


@pytest.mark.parametrize("name", ["missing.mmdb", "rubbish.mmdb"])
def test_a_file_that_is_not_there_or_none_keeps_nobody_out(tmp_path, name):
    (tmp_path / "rubbish.mmdb").write_bytes(b"rubbish")
    networks = Networks(Settings(geo_asn_file=tmp_path / name, tor_exits_file=tmp_path / "no"))
    assert networks.place_of("192.0.2.1").network == "192.0.2.0/24"


def test_while_somebody_reads_a_file_others_go_on(settings, always_look):
    networks = Networks(settings)
    before = networks.place_of("203.0.113.7")
    settings.tor_exits_file.write_text("")

    with networks._tor._lock:
        for _ in range(3):
            assert networks.place_of("203.0.113.7") == before
    for _ in range(2):
        place = networks.place_of("203.0.113.7")
    assert not place.tor


def test_a_file_that_is_still_being_written_is_not_read(settings, always_look):
    """Half a list is a list as well, and no file at all a policy."""
    networks = Networks(settings)
    networks.place_of("203.0.113.7")
    for line in range(5):
        settings.tor_exits_file.write_text("192.0.2.1\n" * line)
        assert networks.place_of("203.0.113.7").tor

    networks.place_of("203.0.113.7")
    assert not networks.place_of("203.0.113.7").tor


def test_what_changes_while_it_is_read_is_read_once_more(tmp_path, always_look):
    path = tmp_path / "x"
    path.write_text("first")

    def read(path):
        said = path.read_text()
        if said == "second":
            path.write_text("the third")
        return said

    file = Watched(path, read, "")
    assert file.content() == "first"
    path.write_text("second")

    assert [file.content() for _ in range(4)] == ["first", "first", "first", "the third"]


def test_whatever_goes_wrong_with_a_file_no_request_fails_for_it(tmp_path, always_look):
    path = tmp_path / "x"
    path.write_text("")

    def read(path):
        raise RecursionError

    file = Watched(path, read, "nothing")
    with structlog.testing.capture_logs() as logs:
        assert [file.content() for _ in range(3)] == ["nothing"] * 3
    assert [line["event"] for line in logs] == ["file_unreadable"]


def test_who_comes_first_waits_for_the_file_to_be_read(tmp_path):
    path = tmp_path / "x"
    path.write_text("what it says")
    reading, go_on, heard = threading.Event(), threading.Event(), []

    def read(path):
        reading.set()
        assert go_on.wait(10)
        return path.read_text()

    file = Watched(path, read, "nothing")
    callers = [threading.Thread(target=lambda: heard.append(file.content())) for _ in range(3)]
    callers[0].start()
    assert reading.wait(10)
    for each in callers[1:]:
        each.start()
    callers[1].join(0.2)
    assert heard == []

    go_on.set()
    for each in callers:
        each.join(10)
    assert heard == ["what it says"] * 3


# What is read


def test_a_file_says_when_it_was_made(tmp_path):
    assert read_mmdb(write_mmdb(tmp_path / "x", NUMBERS)).built_at == datetime(
        2030, 1, 1, tzinfo=UTC
    )
    assert BUILT == 1_893_456_000


def test_a_broken_record_says_nothing(tmp_path):
    path = write_mmdb(tmp_path / "x", {"192.0.2.0/24": {"country": {"iso_code": "DE"}}})
    whole = path.read_bytes()
    # A map of more pairs than there are bytes.
    path.write_bytes(whole.replace(b"\xe1\x47country", b"\xf8\x47country", 1))
    assert read_mmdb(path).record_of(ipaddress.ip_address("192.0.2.1")) == {}


def test_a_file_that_was_made_in_no_year_is_none(tmp_path):
    for built in (2**63, 2**64 - 1):
        with pytest.raises(Unreadable):
            read_mmdb(write_mmdb(tmp_path / "x", NUMBERS, built=built))


def shallower(whole):
    """A file that says of its tree for IPv6 that it is one for IPv4."""
    before, name, after = whole.rpartition(b"ip_version")
    return before + name + after.replace(b"\x06", b"\x04", 1)


@pytest.mark.parametrize(
    "broken", [shallower, lambda whole: bytes(4) + whole[4:]], ids=["too deep", "in a circle"]
)
def test_a_tree_that_is_broken_has_no_first_records(tmp_path, broken):
    path = write_mmdb(tmp_path / "x", {"2001:db8::1/128": {"asn": 1}})
    assert first_records(path, 10) == [{"asn": 1}]
    path.write_bytes(broken(path.read_bytes()))

    with pytest.raises(Unreadable, match=r"^is no MMDB file, or a part of one$"):
        first_records(path, 10)
    with pytest.raises(Unreadable, match=r"^cannot be read: "):
        first_records(tmp_path / "none", 10)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"192.0.2.0/24\n300.1.1.1\n", "line 2 is no network: 300.1.1.1"),
        (b"# fine\n\n10.0.0.0/40", "line 3 is no network: 10.0.0.0/40"),
        (b"ExitAddress", "line 1 is no network: ExitAddress"),
        (b"\x1b[31mred", r"line 1 is no network: \x1b[31mred"),
        ("\N{SNOWMAN}".encode(), "is no list of networks: it is not ASCII"),
    ],
)
def test_a_list_is_told_its_fault(tmp_path, content, why):
    path = tmp_path / "list"
    path.write_bytes(content)
    with pytest.raises(Unreadable) as fault:
        read_list(path)
    assert str(fault.value) == why


def test_files_that_cannot_be_opened_say_so(tmp_path):
    for read in (read_list, read_mmdb):
        with pytest.raises(Unreadable) as fault:
            read(tmp_path / "none")
        assert str(fault.value) == "cannot be read: " + os.strerror(2)
    (tmp_path / "rubbish").write_bytes(b"rubbish")
    with pytest.raises(Unreadable) as fault:
        read_mmdb(tmp_path / "rubbish")
    assert str(fault.value) == "is no MMDB file, or a part of one"


networks_v4 = st.lists(st.ip_addresses(v=4), max_size=8).flatmap(
    lambda addresses: st.tuples(
        *[
            st.integers(8, 32).map(
                lambda n, a=each: ipaddress.ip_network((int(a), n), strict=False)
            )
            for each in addresses
        ]
    )
)


@effort(max_examples=40)
@given(networks_v4, st.ip_addresses(v=4))
def test_a_list_holds_what_one_of_its_networks_holds(tmp_path_factory, networks, address):
    path = tmp_path_factory.mktemp("lists") / "list"
    path.write_text("\n".join(map(str, networks)))
    found = read_list(path)
    assert (address in found) is any(address in each for each in networks)
    for each in networks:
        assert each.network_address in found
        assert each.broadcast_address in found


@effort(max_examples=40)
@given(networks_v4, st.ip_addresses(v=4))
def test_a_file_knows_the_narrowest_network_of_an_address(tmp_path_factory, networks, address):
    """The files of these tests are what the format says: the reader is not ours."""
    path = tmp_path_factory.mktemp("files") / "x.mmdb"
    atlas = read_mmdb(write_mmdb(path, {str(each): {"name": str(each)} for each in networks}))
    holding = [each for each in networks if address in each]
    narrowest = max(holding, key=lambda each: each.prefixlen, default=None)
    found = atlas.record_of(address)
    assert found == ({} if narrowest is None else {"name": str(narrowest)})
