"""What the provider can do, said once (OIDC Discovery §3, RFC 8414 §2)."""
