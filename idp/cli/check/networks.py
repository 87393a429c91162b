"""The operator's files of networks: there, whole, of the right kind and not too old."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from idp.cli.check.facts import Check, Facts, Finding, fault, note, warning
from idp.surroundings import geography
from idp.surroundings.geography import Charted, Record
from idp.surroundings.lists import read_list
from idp.surroundings.watched import Unreadable

OLD = timedelta(days=60)
# Nobody reads a whole file to see what kind it is; the first networks of some have no owner.
_SAMPLE = 1000
_WITHOUT = "Nobody is kept out, but what the file would say is unknown."


def no_files(facts: Facts) -> Iterator[Finding]:
    """Prefixes tell less than owners and countries do."""
    settings = facts.settings
    if not (settings.geo_asn_file or settings.geo_country_file or settings.plain_http):
        yield note(
            "No file says whose network an address is in, or in which country.",
            "Each change of network looks like any other, and travel is never seen.",
            "Set IDP_GEO_ASN_FILE and IDP_GEO_COUNTRY_FILE (docs/networks.md).",
        )


def numbers(facts: Facts) -> Iterator[Finding]:
    """One MMDB file knows AS numbers."""
    path = facts.settings.geo_asn_file
    yield from _atlas(facts, "IDP_GEO_ASN_FILE", path, geography.network_number, "AS numbers")


def countries(facts: Facts) -> Iterator[Finding]:
    """The other one knows countries."""
    path = facts.settings.geo_country_file
    yield from _atlas(facts, "IDP_GEO_COUNTRY_FILE", path, geography.country, "countries")


def lists(facts: Facts) -> Iterator[Finding]:
    """Lists name a network a line."""
    named = {
        "IDP_HOSTING_NETWORKS_FILE": facts.settings.hosting_networks_file,
        "IDP_TOR_EXITS_FILE": facts.settings.tor_exits_file,
    }
    for name, path in named.items():
        try:
            if path is not None:
                read_list(path)
        except Unreadable as error:
            yield fault(f"{name}: {path} {error}.", _WITHOUT, "Give a network or address a line.")


def _atlas(
    facts: Facts, name: str, path: Path | None, read: Callable[[Record], object], what: str
) -> Iterator[Finding]:
    if path is None:
        return
    try:
        atlas: Charted = geography.read_mmdb(path)
        first = geography.first_records(path, _SAMPLE)
    except Unreadable as error:
        yield fault(f"{name}: {path} {error}.", _WITHOUT, "Give an MMDB file (docs/networks.md).")
        return
    if all(read(record) is None for record in first):
        yield fault(f"{name}: {path} knows no {what}.", _WITHOUT, "Give the right MMDB file.")
    age = facts.now - atlas.built_at
    if age > OLD:
        yield warning(
            f"{name}: {path} is {age.days} days old.",
            "Networks change hands: some people will seem to be where they are not.",
            "Replace it by a newer one, each month at the latest; no restart is needed.",
        )


CHECKS: tuple[Check, ...] = (no_files, numbers, countries, lists)
