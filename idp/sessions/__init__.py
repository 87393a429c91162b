"""The SSO session: the one room that writes it."""
