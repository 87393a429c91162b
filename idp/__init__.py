"""An OpenID Provider built around the session."""

__version__ = "0.1.0"
