"""Real servers, many requests at once, and databases that go away."""
