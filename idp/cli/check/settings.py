"""What the settings say, and what is risky about it."""

from collections.abc import Iterator
from datetime import timedelta

from idp.cli.check.facts import Check, Facts, Finding, fault, note, warning
from idp.settings import SecondFactor
from idp.web.brand import DARK_PAGE, LIGHT_PAGE, parse, readable, to_hex

CODE_AT_MOST = timedelta(minutes=1)
ACCESS_TOKEN_AT_MOST = timedelta(hours=1)
OTHERS = 0o077


def plain_http(facts: Facts) -> Iterator[Finding]:
    """Http is for trying things out."""
    if facts.settings.plain_http:
        yield warning(
            f"The issuer is {facts.settings.issuer}, without TLS.",
            "Only this machine can use it, and cookies are neither `Secure` nor `__Host-`: another "
            "program on this machine can read or set them.",
            "For anybody else, set IDP_ISSUER to an https URL and put a TLS proxy in front.",
        )


def second_factor(facts: Facts) -> Iterator[Finding]:
    """A password alone is phished and reused."""
    if facts.settings.second_factor is SecondFactor.OFF:
        yield warning(
            "IDP_SECOND_FACTOR is off.",
            "Nobody is asked to set up a second factor, so a password that leaks is enough.",
            "Set IDP_SECOND_FACTOR to `encouraged` or `required`.",
        )


def proxies(facts: Facts) -> Iterator[Finding]:
    """The client's address decides whom the throttle slows down."""
    settings = facts.settings
    if not settings.plain_http and settings.trusted_proxies == 0:
        yield warning(
            "The issuer is https, but IDP_TRUSTED_PROXIES is 0.",
            "TLS ends at a proxy, and every visitor seems to come from it: the throttle counts "
            "all of them together, and the audit log names the proxy.",
            "Set IDP_TRUSTED_PROXIES to the number of proxies in front.",
        )
    if settings.plain_http and settings.trusted_proxies > 0:
        yield warning(
            f"IDP_TRUSTED_PROXIES is {settings.trusted_proxies}, but the issuer is http.",
            "If no proxy stands in front, any visitor can claim any address.",
            "Set IDP_TRUSTED_PROXIES to 0 unless there is a proxy.",
        )


def lifetimes(facts: Facts) -> Iterator[Finding]:
    """What leaks is worth something for as long as it lives."""
    if facts.settings.code_lifetime > CODE_AT_MOST:
        yield warning(
            f"IDP_CODE_LIFETIME is {facts.settings.code_lifetime.total_seconds():.0f} s.",
            "A code stands in the browser's history and in logs; clients redeem it at once.",
            f"Set it to {CODE_AT_MOST.total_seconds():.0f} or less.",
        )
    if facts.settings.access_token_lifetime > ACCESS_TOKEN_AT_MOST:
        yield warning(
            f"IDP_ACCESS_TOKEN_LIFETIME is {_hours(facts.settings.access_token_lifetime)}.",
            "Who verifies tokens without asking us accepts a revoked one until it expires.",
            "Set it to a few minutes.",
        )


def brand_color(facts: Facts) -> Iterator[Finding]:
    """A colour that cannot be read is corrected; the operator may want another one."""
    color = facts.settings.brand_color.lower()
    if not color:
        return
    for pages, page in (("light", LIGHT_PAGE), ("dark", DARK_PAGE)):
        shown = to_hex(readable(parse(color), page))
        if shown != color:
            yield note(
                f"IDP_BRAND_COLOR {color} is shown as {shown} on {pages} pages.",
                "Its contrast there is below 4.5:1 (WCAG 2.2 §1.4.3).",
                "Nothing, or choose a colour that reads well.",
            )


def single_node(facts: Facts) -> Iterator[Finding]:
    """SQLite is one process on one machine."""
    if facts.settings.embedded and not facts.settings.plain_http:
        yield note(
            "The database is the embedded one (SQLite).",
            "It is served by one process on one machine: a restart is a short outage.",
            "Nothing, or set IDP_DATABASE_URL to a PostgreSQL database for more nodes.",
        )


def master_key(facts: Facts) -> Iterator[Finding]:
    """Without its master key a database cannot sign."""
    if facts.master_key_fault is not None:
        yield fault(
            facts.master_key_fault,
            "It seals the signing keys and the authenticators' secrets.",
            "Give IDP_MASTER_KEY, or IDP_MASTER_KEY_FILE: 32 random bytes in base64url.",
        )


def file_modes(facts: Facts) -> Iterator[Finding]:
    """What seals or is sealed is nobody else's business."""
    for file in facts.files:
        if file.mode & OTHERS:
            wanted = 0o700 if file.path.is_dir() else 0o600
            yield (fault if file.secret else warning)(
                f"{file.path} has mode {file.mode:04o}.",
                "Other accounts of this machine get at it.",
                f"chmod {wanted:o} {file.path}",
            )


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:g} h"


CHECKS: tuple[Check, ...] = (
    plain_http,
    second_factor,
    proxies,
    lifetimes,
    brand_color,
    single_node,
    master_key,
    file_modes,
)
