"""`idp check`: facts are read in one place and judged by small pure functions in another."""
