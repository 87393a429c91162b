"""What a token is, whether it is good, and if not why: for operators, never for clients."""
