"""Memory: tables, one transaction per request, and a module of statements per table."""
