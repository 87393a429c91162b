"""The database: its schema, and what a transaction promises."""
