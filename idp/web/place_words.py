"""Where an address is, in words: as much as the operator's files know, which is never a street."""

from babel import Locale
from flask_babel import get_locale

from idp.web.words import gettext as _


def country_name(code: str) -> str:
    """Return a country in the reader's language; a code that nobody knows stands as it is."""
    locale = get_locale() or Locale("en")
    return str(locale.territories.get(code.upper()) or code)


def approximately(code: str) -> str:
    """Return where something seems to have been; an address says so roughly, or wrongly."""
    return _("%(country)s (approximate)", country=country_name(code))
