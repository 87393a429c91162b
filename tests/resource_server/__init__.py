"""What an API asks of a token, and of the sign-in behind it."""
