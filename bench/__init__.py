"""What each operation costs: CPU time of provider and database, and requests per second."""
