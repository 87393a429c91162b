"""What each operation costs: CPU time of the provider and of its database, and requests per second."""
