"""What relying parties ask of the provider, and what the specifications say it answers."""
