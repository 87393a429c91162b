"""Discovery and the JWK Set as prebuilt bytes, rebuilt when the keys change."""

from idp.context import RequestContext
from idp.kernel.encoding import json_bytes
from idp.protocol.discovery.metadata import provider_metadata
from idp.protocol.keys import service as keys
from idp.protocol.keys.keyring import Keyring
from idp.settings import Settings
from idp.web.documents import Document, document

METADATA_AGE = 3600
JWKS = "/jwks"
WELL_KNOWN = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")


class Publications:
    """The documents of this process."""

    def __init__(self, settings: Settings, locales: list[str]) -> None:
        body = json_bytes(provider_metadata(settings, locales))
        self._jwks_age = int(settings.jwks_max_age.total_seconds())
        metadata = document(body, "application/json", METADATA_AGE)
        self._fixed = dict.fromkeys(WELL_KNOWN, metadata)
        self._jwks = document(b'{"keys":[]}', "application/jwk-set+json", self._jwks_age)

    def serves(self, path: str) -> bool:
        """Tell whether a document stands at `path`."""
        return path == JWKS or path in self._fixed

    def metadata(self, path: str) -> Document | None:
        """Return a document that never changes while the process lives."""
        return self._fixed.get(path)

    def jwks(self, ring: Keyring) -> Document:
        """Return the JWK Set of this reading of the keys (RFC 7517 §5)."""
        body = ring.keys.jwks
        if self._jwks.body is not body:
            self._jwks = document(body, "application/jwk-set+json", self._jwks_age)
        return self._jwks


def fresh_jwks(ctx: RequestContext, publications: Publications) -> Document:
    """Return the JWK Set, the keys read anew when the last reading is old."""
    return publications.jwks(keys.publishing(ctx))
