"""What is decided about people, and what is remembered for it."""
