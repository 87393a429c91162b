"""Open a grant, redeem its code, end it with everything that hangs on it, and say why."""
