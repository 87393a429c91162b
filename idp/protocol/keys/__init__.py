"""Signing keys: made ahead, published before they sign, retired before they go."""
