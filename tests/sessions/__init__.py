"""The SSO session: who may end it, and what it outlives."""
