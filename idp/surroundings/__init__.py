"""Where a request comes from: its network and its user agent. Knows files, no database."""
