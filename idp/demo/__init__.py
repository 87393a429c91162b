"""The demo: an account, two client applications, and what `idp demo` starts beside the provider."""
