"""What the settings of proofs say: what people can sign in with, and how they are told."""

from collections.abc import Iterator

from idp.cli.check.facts import Check, Facts, Finding, fault, note, warning
from idp.credentials.attestation import roots_in
from idp.credentials.breached import fault_of_list
from idp.kernel.errors import SetupFault


def passkeys(facts: Facts) -> Iterator[Finding]:
    """Browsers do WebAuthn for host names only (WebAuthn §5.1.2)."""
    if not facts.settings.passkeys:
        yield warning(
            f"The issuer's host {facts.settings.rp_id} is an IP address.",
            "Browsers offer no passkeys there, so nobody has a factor that cannot be phished.",
            "Use a host name in IDP_ISSUER; on one machine, `localhost`.",
        )


def attestation_roots(facts: Facts) -> Iterator[Finding]:
    """Whoever vouches for passkeys has to be known."""
    try:
        roots_in(facts.settings.webauthn_attestation_roots)
    except SetupFault as error:
        yield fault(
            str(error),
            "No maker is believed, so no passkey can be vouched for.",
            "Give a PEM file with the makers' root certificates.",
        )


def breached_passwords(facts: Facts) -> Iterator[Finding]:
    """Where the list cannot be read, nobody can choose a password."""
    path = facts.settings.breached_passwords
    reason = fault_of_list(path) if path is not None else None
    if reason is not None:
        yield fault(
            f"IDP_BREACHED_PASSWORDS: {path} {reason}.",
            "Rather than take a stolen password, none is taken.",
            "Give a sorted file of `HASH:count` lines, or a folder of ranges named `00000` to "
            "`FFFFF`.",
        )


def no_mail(facts: Facts) -> Iterator[Finding]:
    """People are told by mail."""
    if not facts.settings.sends_mail and not facts.settings.plain_http:
        yield note(
            "No mail is sent.",
            "Nobody is told when how they sign in changes, and a forgotten password takes an "
            "operator.",
            "Set IDP_SMTP_URL and IDP_MAIL_FROM.",
        )


def restricted_codes(facts: Facts) -> Iterator[Finding]:
    """NIST SP 800-63B-4 §3.1.3 restricts what is sent over networks that others run."""
    text = (
        "Telephone numbers are taken over and messages read on the way; NIST SP 800-63B-4 "
        "§3.1.3.3 restricts them."
    )
    mail = (
        "A mailbox is no second factor (NIST SP 800-63B-4 §3.1.3.1), so these codes do not raise "
        "`acr`."
    )
    channels = {
        "IDP_TEXT_CODES": (facts.settings.text_codes, text),
        "IDP_MAIL_CODES": (facts.settings.mail_codes, mail),
    }
    for name, (on, why) in channels.items():
        if on:
            yield warning(
                f"{name} is on.",
                f"{why} A false page can ask for the code and use it.",
                "Ask people for a passkey or an authenticator app instead.",
            )


CHECKS: tuple[Check, ...] = (
    passkeys,
    attestation_roots,
    breached_passwords,
    no_mail,
    restricted_codes,
)
