"""RP-Initiated Logout 1.0: a client asks us to end the session."""
