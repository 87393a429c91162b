"""Which language a page speaks: the client's wish, then the browser's, among those we have."""

import flask
from babel import Locale, UnknownLocaleError

LOCALES = ("en",)


def select_locale() -> str:
    """Return the locale of this request (OIDC Core §3.1.2.1 ui_locales)."""
    wishes = (flask.g.get("ui_locale") or "").split()
    for wish in wishes:
        try:
            language = Locale.parse(wish, sep="-").language
        except (ValueError, UnknownLocaleError):
            continue
        if language in LOCALES:
            return language
    return flask.request.accept_languages.best_match(LOCALES) or LOCALES[0]
