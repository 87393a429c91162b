"""HTTP plumbing by itself."""
