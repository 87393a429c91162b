"""POST /token: a grant in, tokens out (RFC 6749 §3.2)."""
