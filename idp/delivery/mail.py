"""Mail by SMTP (RFC 5321), as text in UTF-8 that a machine wrote (RFC 3834)."""

import re
import smtplib
import ssl
from contextlib import suppress
from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from urllib.parse import urlsplit

from idp.delivery.outcome import Never, NotNow
from idp.delivery.parcel import Parcel
from idp.kernel.hosts import in_ascii
from idp.settings import Settings
from idp.settings.channels import Relay, Tls, relay, sender

TIMEOUT_SECONDS = 20
_PERMANENT = range(500, 600)
# A local part in any script (RFC 6531 §3.3): words between dots.
_ATOMS = re.compile(r"[^\s()<>@,;:\\\"\[\].]+(\.[^\s()<>@,;:\\\"\[\].]+)*")


def send(settings: Settings, parcel: Parcel) -> None:
    """Hand a mail to the relay.

    Raises:
        NotNow: the relay is not there, refuses us, or asks to come back later.
        Never: the recipient or the message is refused for good, or no mail can be made of it.
    """
    if settings.smtp_url is None:
        raise NotNow("not configured")
    message, recipient = compose(settings, parcel)
    through = relay(settings.smtp_url.get_secret_value())
    try:
        hand_over(through, message, recipient, name=host_of(settings))
    except smtplib.SMTPRecipientsRefused as error:
        # One recipient, one answer.
        code = next(iter(error.recipients.values()))[0]
        raise _failure(error, code) from None
    except smtplib.SMTPDataError as error:
        raise _failure(error, error.smtp_code) from None
    except smtplib.SMTPNotSupportedError as error:
        raise _without_support(error, recipient) from None
    except smtplib.SMTPResponseException as error:
        # A sender or a password that is refused is the operator's to mend; the mail waits for it.
        raise NotNow(f"{type(error).__name__} {error.smtp_code}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise NotNow(type(error).__name__) from None


def _failure(error: Exception, code: int) -> NotNow | Never:
    return (Never if code in _PERMANENT else NotNow)(f"{type(error).__name__} {code}")


def _without_support(error: Exception, recipient: str) -> NotNow | Never:
    """Say whether the relay lacks what every mail needs (STARTTLS), or what this address needs."""
    return (NotNow if recipient.isascii() else Never)(type(error).__name__)


def compose(settings: Settings, parcel: Parcel) -> tuple[EmailMessage, str]:
    """Return a mail and its recipient; each try makes the same one, with the same Message-ID.

    Raises:
        Never: the recipient is not one address.
    """
    message = EmailMessage(policy=policy.SMTP)
    try:
        # A line break in an address ends here, so nobody adds a header or a recipient (CWE-93).
        to = _recipient(parcel.payload["to"])
        message["To"] = to
    except (ValueError, IndexError, MessageError):
        raise Never("recipient is not one address") from None
    message["From"] = sender(settings.mail_from)
    message["Subject"] = one_line(parcel.payload["subject"])
    message["Date"] = parcel.held.created_at
    message["Message-ID"] = f"<{parcel.key}@{host_of(settings)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(parcel.payload["text"], charset="utf-8", cte="quoted-printable")
    return message, to.addr_spec


def host_of(settings: Settings) -> str:
    """Return the host that we speak for."""
    return str(urlsplit(settings.issuer).hostname)


def _recipient(text: str) -> Address:
    """Return an address whose host is written in ASCII (RFC 5891 §4).

    Raises:
        ValueError: it is not one.
    """
    if not text.isprintable():
        raise ValueError(text)
    local, _, name = text.strip().rpartition("@")
    host = in_ascii(name)
    if local.isascii():
        parsed = Address(addr_spec=f"{local}@{host}")
    elif _ATOMS.fullmatch(local):
        parsed = Address(username=local, domain=host)
    else:
        raise ValueError(text)
    if not parsed.username or not parsed.domain:
        raise ValueError(text)
    return parsed


def one_line(text: str) -> str:
    """Return a text whose line breaks and control characters are spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def hand_over(through: Relay, message: EmailMessage, recipient: str, *, name: str) -> None:
    """Speak SMTP with the relay; a certificate that does not prove its name ends the talk.

    Args:
        through: the relay.
        message: the mail.
        recipient: whom it goes to.
        name: how we greet.

    Raises:
        smtplib.SMTPException: the relay says no.
        OSError: the relay is not there, silent, or not who it should be.
    """
    trust = ssl.create_default_context()
    smtp = _connected(through, trust, name)
    try:
        if through.tls is Tls.STARTTLS:
            smtp.starttls(context=trust)
        if through.user:
            smtp.login(through.user, through.password)
        smtp.send_message(message, to_addrs=[recipient])
        # The relay has it: whatever happens to the farewell, it is not sent again.
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()
    finally:
        smtp.close()


def _connected(through: Relay, trust: ssl.SSLContext, name: str) -> smtplib.SMTP:
    host, port = through.host, through.port
    if through.tls is Tls.FROM_THE_START:
        return smtplib.SMTP_SSL(host, port, name, timeout=TIMEOUT_SECONDS, context=trust)
    return smtplib.SMTP(host, port, name, timeout=TIMEOUT_SECONDS)
