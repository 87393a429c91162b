"""What a code or a token says, and whether we said it."""
