"""The settings of what is known about networks: files of the operator's (docs/networks.md)."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings


class SurroundingsSettings(BaseSettings):
    """What an operator may give to tell one network, or one country, from another."""

    geo_asn_file: Path | None = Field(
        None,
        description="MMDB file of networks (AS numbers), so that a hop within one is none "
        "(docs/networks.md).",
    )
    geo_country_file: Path | None = Field(
        None,
        description="MMDB file of countries or cities; only cities show who travels too fast.",
    )
    hosting_networks_file: Path | None = Field(
        None, description="List of networks of hosting centres, one a line."
    )
    tor_exits_file: Path | None = Field(
        None, description="List of the exits of Tor, one a line, or as the Tor project writes it."
    )
