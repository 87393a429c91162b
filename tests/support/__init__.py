"""What the tests stand on: databases, a running provider, a browser, other people's clients."""
