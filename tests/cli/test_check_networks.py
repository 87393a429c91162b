"""`idp check`: what it says of the operator's files of networks."""

from datetime import timedelta

import pytest

from idp.cli.check import networks
from idp.surroundings.geography import read_mmdb
from tests.cli.test_check import LOOPBACK, NOON, severities, some_facts
from tests.support.mmdb import write_mmdb

NUMBERS = {"192.0.2.0/24": {"autonomous_system_number": 64500}}
CITIES = {"192.0.2.0/24": {"country": {"iso_code": "DE"}}}


def said(**traits) -> list[str]:
    facts = some_facts(**traits)
    return [each.what for check in networks.CHECKS for each in check(facts)]


@pytest.fixture
def files(tmp_path):
    tor = tmp_path / "tor"
    tor.write_text("192.0.2.1\n")
    return {
        "geo_asn_file": write_mmdb(tmp_path / "asn.mmdb", NUMBERS),
        "geo_country_file": write_mmdb(tmp_path / "city.mmdb", CITIES),
        "hosting_networks_file": tor,
        "tor_exits_file": tor,
    }


def test_nothing_is_said_of_files_that_are_right(files):
    assert said(**files) == []
    assert said(**files, now=NOON + timedelta(days=50)) == []


def test_without_files_it_is_a_note_but_while_trying_things_out(files):
    assert severities(networks.CHECKS, some_facts()) == ["note"]
    assert severities(networks.CHECKS, some_facts(**LOOPBACK)) == []
    del files["geo_asn_file"]
    assert said(**files) == []


def test_a_file_that_is_missing_or_broken_is_a_fault_that_names_it(files, tmp_path):
    files["geo_asn_file"] = tmp_path / "none.mmdb"
    files["geo_country_file"].write_bytes(b"rubbish")
    files["tor_exits_file"].write_text("not one\n")

    assert said(**files) == [
        f"IDP_GEO_ASN_FILE: {tmp_path}/none.mmdb cannot be read: No such file or directory.",
        f"IDP_GEO_COUNTRY_FILE: {tmp_path}/city.mmdb is no MMDB file, or a part of one.",
        f"IDP_HOSTING_NETWORKS_FILE: {tmp_path}/tor line 1 is no network: not.",
        f"IDP_TOR_EXITS_FILE: {tmp_path}/tor line 1 is no network: not.",
    ]
    assert set(severities(networks.CHECKS, some_facts(**files))) == {"fault"}


def test_a_file_whose_tree_is_broken_is_a_fault_and_no_traceback(files):
    path = files["geo_asn_file"]
    path.write_bytes(bytes(4) + path.read_bytes()[4:])

    assert said(**files) == [f"IDP_GEO_ASN_FILE: {path} is no MMDB file, or a part of one."]


def test_a_file_of_the_other_kind_is_a_fault(files):
    files["geo_asn_file"], files["geo_country_file"] = (
        files["geo_country_file"],
        files["geo_asn_file"],
    )
    assert [each.partition(" knows ")[2] for each in said(**files)] == [
        "no AS numbers.",
        "no countries.",
    ]


def test_an_old_file_is_a_warning_with_its_age(files):
    built = read_mmdb(files["geo_asn_file"]).built_at
    files["geo_country_file"] = write_mmdb(
        files["geo_country_file"], CITIES, built=int(built.timestamp()) + 86400
    )
    facts = some_facts(**files, now=built + timedelta(days=61))

    (old,) = [each for check in networks.CHECKS for each in check(facts)]
    assert old.severity.value == "warning"
    assert old.what == f"IDP_GEO_ASN_FILE: {files['geo_asn_file']} is 61 days old."
