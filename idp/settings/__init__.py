"""Every setting, declared once; nothing else reads the environment."""

from idp.settings.declared import SecondFactor, Settings
from idp.settings.loading import load, master_key

__all__ = ["SecondFactor", "Settings", "load", "master_key"]
