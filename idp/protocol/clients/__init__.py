"""Who is calling: client metadata, the cached registry, and client authentication."""
