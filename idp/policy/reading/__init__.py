"""The policy file (TOML 1.0): its text becomes a policy, or a list of all that is wrong with it."""

from idp.policy.reading.file import policy_of

__all__ = ["policy_of"]
