"""Why a session or a grant is over, in words to who runs the house; its user reads others."""

# What an operator wrote as the reason stands behind the one, the rule that wanted it behind the
# other.
BY_ADMIN, BY_POLICY = "admin:", "policy:"
_WORDS = {
    "absolute_timeout": "it came to its absolute limit",
    "admin": "an operator ended it",
    "admin:global_token_revocation": "a security system had everything of its user ended",
    "another_account": "somebody signed in with another account in the same browser",
    "client_disabled": "its client was disabled",
    "client_logout": "its client signed the user out",
    "client_revoked": "its client gave it back",
    "code_reused": "its code was used twice",
    "consent_revoked": "its user took the consent back",
    "factors_reset": "an operator reset the second steps of its user",
    "idle_timeout": "it was not used for too long",
    "not_me": "its user said of a sign-in that it was somebody else",
    "password_changed": "its user changed the password",
    "password_recovered": "its user replaced a forgotten password",
    "password_removed": "its user removed the password",
    "password_reset": "an operator set another password",
    "refresh_token_reused": "an old refresh token of it was used again",
    "session_limit": "there was no room for it beside a newer session",
    "user_deleted": "its user was deleted",
    "user_disabled": "its user was disabled",
    "user_ended": "its user ended it on the page of devices",
    "user_logout": "its user signed out",
}


def end_in_words(reason: str) -> str:
    """Return why something is over; a reason that nobody has words for stands as it is."""
    if reason in _WORDS:
        return _WORDS[reason]
    if reason.startswith(BY_ADMIN):
        return f"{_WORDS['admin']}: {reason.removeprefix(BY_ADMIN)}"
    if reason.startswith(BY_POLICY):
        return f"the policy ended it, by the rule {reason.removeprefix(BY_POLICY)}"
    return reason
