"""Mail by SMTP: encrypted, verified, well-formed, and by nobody else's rules."""

import smtplib
import ssl
from datetime import UTC, datetime, timedelta

import pytest

from idp.delivery import mail
from idp.delivery.dispatch import LEASE
from idp.delivery.outcome import Never, NotNow
from idp.delivery.parcel import Parcel
from idp.settings import Settings
from idp.settings.channels import Relay, Tls
from idp.store.outbox import Leased
from tests.app import NOON
from tests.support.smtp import smtp_server
from tests.support.spec import spec

LETTER = {
    "to": "ada@example.test",
    "subject": "Grüße, Ada",
    "text": "Ihr Code: 😀\n.\nhttps://x=y\n",
}


def parcel(**changed: str) -> Parcel:
    held = Leased(
        sid=None,
        client_id=None,
        id=1,
        kind="mail",
        subject="ada-id",
        payload_sealed=b"",
        attempts=1,
        created_at=NOON,
        leased_until=NOON,
    )
    return Parcel(held=held, key="k" * 24, payload=LETTER | changed, good_until=None)


def settings_for(url: str, **values: str) -> Settings:
    given = {"issuer": "https://id.example.test", "mail_from": "Ünser ID <id@example.test>"}
    return Settings(smtp_url=url, **(given | values))


@spec("RFC 5322 §3.6", "RFC 3834 §5")
def test_a_mail_says_who_when_and_that_a_machine_wrote_it():
    with smtp_server() as server:
        mail.send(settings_for(server.url), parcel())
        (got,) = server.wait_for(1)

    assert (got.sender, got.recipients) == ("id@example.test", ["ada@example.test"])
    assert (got.subject, got.text) == (LETTER["subject"], LETTER["text"])
    assert str(got.message["From"]) == "Ünser ID <id@example.test>"
    assert got.message["Date"].datetime == datetime(2030, 1, 1, 12, tzinfo=UTC)
    assert got.message["Message-ID"] == f"<{'k' * 24}@id.example.test>"
    assert got.message["Auto-Submitted"] == "auto-generated"
    assert got.message.get_content_type() == "text/plain"
    assert got.raw.isascii()
    assert max(map(len, got.raw.splitlines())) <= 998


@spec("RFC 8314 §3.3")
@pytest.mark.parametrize("tls", ["direct", "starttls"])
def test_the_connection_is_encrypted_and_the_certificate_verified(tls, monkeypatch):
    with smtp_server(tls=tls, login=("id", "p@ss:word/%")) as server, smtp_server() as another:
        relay = Relay(
            host="127.0.0.1",
            port=server.port,
            tls=Tls.STARTTLS if tls == "starttls" else Tls.FROM_THE_START,
            user="id",
            password="p@ss:word/%",
        )
        message, to = mail.compose(settings_for(server.url), parcel())
        # A certificate of the right name, by an authority that nobody here trusts.
        monkeypatch.setenv("SSL_CERT_FILE", str(another.certificates.ca_file))
        with pytest.raises(ssl.SSLCertVerificationError):
            mail.hand_over(relay, message, to, name="id.example.test")
        assert (server.logins, server.messages) == ([], [])

        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificates.ca_file))
        mail.hand_over(relay, message, to, name="id.example.test")
        (got,) = server.wait_for(1)

    assert got.tls in ("TLSv1.2", "TLSv1.3")
    assert server.logins == [got.tls]


@pytest.mark.parametrize("tls", [Tls.FROM_THE_START, Tls.STARTTLS])
@pytest.mark.parametrize(("host", "trusted"), [("127.0.0.1", False), ("localhost", True)])
def test_a_relay_that_cannot_prove_its_name_gets_nothing(tls, host, trusted, monkeypatch):
    with smtp_server(tls="starttls" if tls is Tls.STARTTLS else "direct") as server:
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(server.certificates.ca_file))
        relay = Relay(host=host, port=server.port, tls=tls)
        message, to = mail.compose(settings_for(server.url), parcel())
        with pytest.raises(ssl.SSLCertVerificationError):
            mail.hand_over(relay, message, to, name="id.example.test")
        assert server.messages == []


def test_a_relay_without_starttls_gets_nothing_but_on_this_machine():
    with smtp_server(login=("id", "secret")) as server:
        relay = Relay(
            host="127.0.0.1", port=server.port, tls=Tls.STARTTLS, user="id", password="secret"
        )
        message, to = mail.compose(settings_for(server.url), parcel())
        with pytest.raises(smtplib.SMTPNotSupportedError):
            mail.hand_over(relay, message, to, name="id.example.test")
        assert server.messages == []
        mail.send(settings_for(server.url), parcel())
        server.wait_for(1)


@spec("RFC 5321 §4.2.1")
@pytest.mark.parametrize(
    ("command", "code", "failure"),
    [
        ("RCPT", 450, NotNow("SMTPRecipientsRefused 450")),
        ("RCPT", 550, Never("SMTPRecipientsRefused 550")),
        ("DATA", 451, NotNow("SMTPDataError 451")),
        ("message", 452, NotNow("SMTPDataError 452")),
        ("message", 554, Never("SMTPDataError 554")),
        ("MAIL", 451, NotNow("SMTPSenderRefused 451")),
        ("MAIL", 550, NotNow("SMTPSenderRefused 550")),
        ("AUTH", 535, NotNow("SMTPAuthenticationError 535")),
        ("AUTH", 454, NotNow("SMTPAuthenticationError 454")),
    ],
)
def test_only_what_the_recipients_side_refuses_for_good_is_given_up(command, code, failure):
    with smtp_server(login=("id", "secret")) as server:
        server.refuse(command, code)
        with pytest.raises(type(failure)) as raised:
            mail.send(settings_for(server.url), parcel())
    assert raised.value.reason == failure.reason


def test_a_relay_that_is_silent_or_away_is_asked_again(monkeypatch):
    monkeypatch.setattr(mail, "TIMEOUT_SECONDS", 0.2)
    with smtp_server() as server:
        server.hang_at("message")
        with pytest.raises(NotNow, match="SMTPServerDisconnected"):
            mail.send(settings_for(server.url), parcel())
    with pytest.raises(NotNow, match="ConnectionRefusedError"):
        mail.send(settings_for(server.url), parcel())


def test_a_relay_that_dies_at_the_farewell_has_the_mail(monkeypatch):
    monkeypatch.setattr(mail, "TIMEOUT_SECONDS", 0.5)
    with smtp_server() as server:
        server.hang_at("QUIT")
        mail.send(settings_for(server.url), parcel())
        assert len(server.messages) == 1


@pytest.mark.parametrize(
    "to",
    [
        "ada@example.test\r\nBcc: eve@example.test",
        "ada@example.test\nBcc: eve@example.test",
        "ada@example.test, eve@example.test",
        "Ada <ada@example.test>",
        "ada@example.test\u2028",
        "ada@example.test>\r\nRCPT TO:<eve@example.test",
        "ada",
        "@example.test",
        "ada@",
        "ada@.",
        "",
        "ada@" + "x" * 70,
        "a b@example.test",
    ],
)
def test_a_recipient_is_one_address_and_nothing_else(to):
    with smtp_server() as server:
        with pytest.raises(Never, match="recipient is not one address"):
            mail.send(settings_for(server.url), parcel(to=to))
        assert server.messages == []
        assert server.connections == 0


@pytest.mark.parametrize(
    "subject", ["Hi\r\nBcc: eve@example.test", "Hi\nBcc: eve@example.test", "Hi\rX", "Hi\u2028X"]
)
def test_a_subject_is_one_line(subject):
    with smtp_server() as server:
        mail.send(settings_for(server.url), parcel(subject=subject))
        (got,) = server.wait_for(1)
    assert got.recipients == ["ada@example.test"]
    assert got.message["Bcc"] is None
    assert got.subject == " ".join(subject.split())


@spec("RFC 6531 §3.1", "RFC 5891 §4")
@pytest.mark.parametrize(
    ("to", "envelope"),
    [
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BÜCHER。example", "ada@xn--bcher-kva.example"),
        # IDNA 2003 makes somebody else's name of it: fass.example.
        ("ada@faß.example", "ada@xn--fa-hia.example"),
        ("åda@example.test", "åda@example.test"),
    ],
)
def test_addresses_in_other_scripts_are_reached(to, envelope):
    with smtp_server() as server:
        mail.send(settings_for(server.url), parcel(to=to))
        (got,) = server.wait_for(1)
    assert got.recipients == [envelope]


def test_the_relay_is_told_who_we_are():
    """And no name server is asked for the name of this machine."""
    assert mail.host_of(settings_for("smtp://localhost")) == "id.example.test"


def test_a_try_takes_a_bounded_time():
    """Greeting, EHLO, STARTTLS, EHLO, AUTH, MAIL, RCPT, DATA, message: within the lease."""
    assert timedelta(seconds=9 * mail.TIMEOUT_SECONDS) <= LEASE
