"""Pure parts, tried without a provider around them."""
