"""What relying parties ask: each specification has its own room."""
