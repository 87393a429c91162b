"""The provider metadata document."""

from typing import Any

from idp.kernel.dpop_proof import ALGORITHMS
from idp.kernel.jose import SIGNING_ALGORITHMS
from idp.policy.factors import supported
from idp.protocol import scopes, vocabulary
from idp.protocol.clients.metadata import AUTHENTICATION_METHODS, GRANT_TYPES
from idp.settings import Settings


def provider_metadata(settings: Settings, locales: list[str]) -> dict[str, Any]:
    """Return the metadata of this provider."""
    issuer = settings.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "introspection_endpoint": f"{issuer}/introspect",
        "revocation_endpoint": f"{issuer}/revoke",
        "jwks_uri": f"{issuer}/jwks",
        "global_token_revocation_endpoint": f"{issuer}/global-token-revocation",
        "global_token_revocation_endpoint_auth_methods_supported": ["Bearer", "DPoP"],
        "end_session_endpoint": f"{issuer}/logout",
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "scopes_supported": list(scopes.SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": list(vocabulary.RESPONSE_MODES),
        "grant_types_supported": list(GRANT_TYPES),
        "acr_values_supported": list(supported(settings)),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "token_endpoint_auth_methods_supported": list(AUTHENTICATION_METHODS),
        "revocation_endpoint_auth_methods_supported": list(AUTHENTICATION_METHODS),
        # Whoever asks about tokens has a secret (RFC 7662 §2.1).
        "introspection_endpoint_auth_methods_supported": [
            method for method in AUTHENTICATION_METHODS if method != "none"
        ],
        "introspection_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "display_values_supported": list(vocabulary.DISPLAYS),
        "claim_types_supported": ["normal"],
        "claims_supported": [
            *("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid"),
            *scopes.USER_CLAIMS,
        ],
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "require_request_uri_registration": False,
        "authorization_response_iss_parameter_supported": True,
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "prompt_values_supported": list(vocabulary.PROMPTS),
        "ui_locales_supported": locales,
    }
