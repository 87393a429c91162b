"""What proves a user: passwords, one-time codes, recovery codes, devices; and how fast to guess."""
