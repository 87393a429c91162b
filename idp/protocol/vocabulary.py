"""The values that an authorization request may use; discovery publishes them."""

PARAMETERS = (
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "prompt",
    "display",
    "max_age",
    "acr_values",
    "ui_locales",
    "login_hint",
    "id_token_hint",
    "claims",
    "code_challenge",
    "code_challenge_method",
    "resource",
    "dpop_jkt",
)
RESPONSE_MODES = ("query", "form_post")
PROMPTS = ("none", "login", "consent", "select_account")
DISPLAYS = ("page", "popup", "touch", "wap")
