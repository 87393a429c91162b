"""Every setting, declared once; nothing else reads the environment."""

from idp.settings.declared import Settings
from idp.settings.loading import load, master_key
from idp.settings.proof import Attestation, SecondFactor

__all__ = ["Attestation", "SecondFactor", "Settings", "load", "master_key"]
