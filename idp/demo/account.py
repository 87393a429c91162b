"""The demo's user: every standard claim filled (OIDC Core §5.1), a password made for this place."""

import secrets

from idp.account import administration
from idp.account.administration import Changes
from idp.context import RequestContext
from idp.credentials.password_rules import PasswordRefused
from idp.store import users

NAME = "demo"
_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aeiou"
_WORDS = 4
_TRIES = 20

PROFILE = Changes(
    email="alex.morgan@example.com",
    email_verified=True,
    phone_number="+49 30 901820",
    phone_number_verified=True,
    claims={
        "name": "Alex Robin Morgan",
        "given_name": "Alex",
        "family_name": "Morgan",
        "middle_name": "Robin",
        "nickname": "Lex",
        "profile": "https://example.com/people/alex",
        "picture": "https://example.com/people/alex.png",
        "website": "https://alex.example.com",
        "gender": "non-binary",
        "birthdate": "1990-05-17",
        "zoneinfo": "Europe/Berlin",
        "locale": "en-GB",
        "address.formatted": "Karl-Liebknecht-Str. 8\n10178 Berlin\nGermany",
        "address.street_address": "Karl-Liebknecht-Str. 8",
        "address.locality": "Berlin",
        "address.region": "Berlin",
        "address.postal_code": "10178",
        "address.country": "Germany",
    },
)


def ensure_user(ctx: RequestContext) -> str | None:
    """Make the demo's user; return the password, this once; None when the user is there already."""
    if users.find_by_username(ctx.db, NAME) is not None:
        return None
    for _ in range(_TRIES):
        password = readable_password()
        try:
            administration.create_user(ctx, NAME, PROFILE, password)
        except PasswordRefused:  # once in a million: made of syllables that are a known word
            ctx.db.rollback()
        else:
            return password
    raise RuntimeError("no password pleases our own rules")


def readable_password() -> str:
    """Return four words that mean nothing and can be read out: 66 random bits."""
    return "-".join(_word() for _ in range(_WORDS))


def _word() -> str:
    parts = (_CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS, _CONSONANTS)
    return "".join(secrets.choice(part) for part in parts)
