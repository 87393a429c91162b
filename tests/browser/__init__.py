"""What people see: real pages in a real browser."""
