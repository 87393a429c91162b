"""What a mail or text message with a code says: short, what for, where, and to nobody else."""

from dataclasses import dataclass

from idp.web.words import gettext


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a code is for: to sign in, or to prove an address; and where it is typed."""

    code: str
    name: str
    host: str
    new_address: bool
    minutes: int


def mail_subject(about: Occasion) -> str:
    """Return a subject with the code in it: it can be read without opening the mail."""
    return gettext("%(code)s is your code for %(name)s", code=about.code, name=about.name)


def mail_text(about: Occasion) -> str:
    """Return a mail."""
    what_for = (
        gettext("This code confirms this mail address at %(name)s:", name=about.name)
        if about.new_address
        else gettext("This code lets you sign in to %(name)s:", name=about.name)
    )
    where = gettext(
        "Type it at %(host)s and nowhere else. It is good for %(minutes)d minutes, once.",
        host=about.host,
        minutes=about.minutes,
    )
    nobody = gettext("Give it to nobody: we never ask for it by mail or telephone.")
    unasked = (
        gettext("If you did not ask for it, ignore this mail.")
        if about.new_address
        else gettext(
            "If you are not signing in just now, somebody else knows your password: change it."
        )
    )
    return f"{what_for}\n\n    {about.code}\n\n{where}\n{nobody}\n\n{unasked}\n"


def text_message(about: Occasion) -> str:
    """Return a text message; its last line lets a phone offer the code to that host alone.

    That line is a domain-bound code (WICG Origin-Bound One-Time Codes §2), never translated.
    """
    what_for = (
        gettext("%(code)s confirms this number at %(host)s.", code=about.code, host=about.host)
        if about.new_address
        else gettext("%(code)s is your code for %(host)s.", code=about.code, host=about.host)
    )
    nobody = gettext("Type it there only and give it to nobody.")
    return f"{what_for} {nobody}\n\n@{about.host} #{about.code}"
