"""The settings of the policy by which everybody is judged (docs/policy.md)."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings


class PolicySettings(BaseSettings):
    """Where an operator's own policy stands."""

    policy_file: Path | None = Field(
        None,
        description="TOML file of your own limits and rules, read anew when it changes "
        "(docs/policy.md). Unset: the built-in policy.",
    )
    policy_draft_file: Path | None = Field(
        None,
        description="A policy file that is only tried out: decisions record what it would have "
        "said.",
    )
