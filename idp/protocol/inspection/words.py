"""The sentences of an inspection, for who runs the house."""

from idp.web.end_words import end_in_words

KINDS = {
    "authorization_code": "an authorization code",
    "refresh_token": "a refresh token",
    "access_token": "an access token",
    "id_token": "an ID token",
    "introspection_response": "a signed answer about a token",
    "session_secret": "the secret of a session's cookie",
    "unknown": "nothing that this provider makes",
}
REASONS = {
    "acr_too_low": "its client by now asks for a better sign-in than this was",
    "client_disabled": "its client is disabled",
    "client_gone": "its client was deleted",
    "client_tokens_voided": "all that its client got for itself before an instant was voided",
    "code_redeemed": "it was redeemed; redeemed once more, it takes back what it bought",
    "consent_revoked": "the user took the consent back",
    "expired": "it has expired",
    "forged": "it was not made by us, changed, or made under another master key",
    "grant_ended": "its grant was ended",
    "grant_gone": "its grant was removed: too old, or its user or client was deleted",
    "idle_too_long": "it was not used for too long",
    "key_removed": "its key signs nothing that is still of use; it cannot be verified any more",
    "key_revoked": "its key was revoked; what it says cannot be verified any more",
    "key_unknown": "it names a key that was never ours, or of which no record is left",
    "never_issued": "a later one than was ever given: is this database an older copy?",
    "no_refresh_token": "its grant has no refresh token",
    "not_a_token": "it tells about a token, and is none itself",
    "not_ours": "we make nothing of this form",
    "replaced_by_generation": "it was replaced by a successor",
    "revoked": "it was revoked alone; its grant may stand",
    "secret_unknown": "no session has it: never made, replaced by a newer one, or removed",
    "session_challenged": "its session has to be proved anew first; then it is good again",
    "session_ended": "its session was ended",
    "session_gone": "its session was removed, being over for long",
    "session_idle_too_long": "its session was not used for too long",
    "session_too_old": "its session came to its absolute limit",
    "too_old": "its family came to its absolute limit",
    "user_disabled": "its user is disabled",
    "user_gone": "its user was deleted",
    "would_be_retried": "shown now, it gives the same successor again",
    "would_be_reuse": "shown now, it is taken for stolen and ends the family",
}


def in_words(reason: str) -> str:
    """Return the sentence of a reason, with its detail; that of an end, where it is one's own."""
    name, _, detail = reason.partition(":")
    if name not in REASONS:
        return end_in_words(reason)
    if name in ("grant_ended", "session_ended"):
        detail = end_in_words(detail)
    return f"{REASONS[name]} ({detail})" if detail else REASONS[name]
