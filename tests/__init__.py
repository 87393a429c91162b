"""The tests of the provider, and what they stand on."""
