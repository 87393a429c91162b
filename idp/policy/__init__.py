"""Pure decisions: facts in, verdict out. No clock, no store, no Flask."""
