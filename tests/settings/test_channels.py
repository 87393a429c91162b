"""Where mail and text messages go is checked at start, and no fault repeats a password."""

import pytest
from pydantic import ValidationError

from idp.kernel.errors import SetupFault
from idp.settings import Settings, load
from idp.settings.channels import Relay, Tls, relay, sender
from tests.support.spec import spec


@spec("RFC 8314 §3")
@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("smtp://mail.example", Relay(host="mail.example", port=587, tls=Tls.STARTTLS)),
        ("smtp://mail.example:25/", Relay(host="mail.example", port=25, tls=Tls.STARTTLS)),
        ("smtps://mail.example", Relay(host="mail.example", port=465, tls=Tls.FROM_THE_START)),
        ("smtps://localhost:4650", Relay(host="localhost", port=4650, tls=Tls.FROM_THE_START)),
        ("smtp://localhost:1025", Relay(host="localhost", port=1025, tls=Tls.NONE)),
        ("smtp://[::1]:25", Relay(host="::1", port=25, tls=Tls.NONE)),
        (
            "smtp://id%40x:p%3A%2F%25@mail.example",
            Relay(host="mail.example", port=587, tls=Tls.STARTTLS, user="id@x", password="p:/%"),
        ),
    ],
)
def test_nothing_is_sent_in_the_clear_but_to_this_machine(url, wanted):
    assert relay(url) == wanted


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example",
        "mail.example:25",
        "smtp://",
        "smtp://:25",
        "smtp://mail.example:port",
        "smtp://mail.example:70000",
        "smtp://mail.example/path",
        "smtp://mail.example?tls=no",
        "smtp://mail.example#x",
        "smtp://user@mail.example",
        "smtp://user:@mail.example",
        "smtp://:hunter2@mail.example",
        "smtp://mail .example",
        "smtp://mail.example\nx",
    ],
)
def test_another_relay_is_refused(url):
    with pytest.raises(ValidationError):
        Settings(smtp_url=url, mail_from="id@example.test")


def test_a_fault_does_not_repeat_the_password(monkeypatch):
    monkeypatch.setenv("IDP_SMTP_URL", "smtp://id:hunter2@mail.example:port")
    monkeypatch.setenv("IDP_TEXT_GATEWAY_TOKEN", "hunter2 hunter2")
    with pytest.raises(SetupFault) as fault:
        load()
    assert str(fault.value).splitlines() == [
        "IDP_SMTP_URL: not a URL",
        "IDP_TEXT_GATEWAY_TOKEN: visible ASCII characters only",
    ]


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("id@example.test", "", "id@example.test"),
        ("Example ID <id@example.test>", "Example ID", "id@example.test"),
        ("Ünser ID <id@example.test>", "Ünser ID", "id@example.test"),
        ('"ID, Inc." <id@example.test>', "ID, Inc.", "id@example.test"),
    ],
)
def test_the_sender_is_one_address_with_or_without_a_name(text, name, address):
    assert Settings(mail_from=text).mail_from == text
    assert (sender(text).display_name, sender(text).addr_spec) == (name, address)


@pytest.mark.parametrize(
    "text",
    [
        "id",
        "@example.test",
        "id@",
        "a@example.test, b@example.test",
        "us: a@example.test;",
        "id@example.test\r\nBcc: eve@example.test",
        "<>",
        "ünser@example.test",
        " ",
    ],
)
def test_another_sender_is_refused(text):
    with pytest.raises(ValidationError):
        Settings(mail_from=text)


@pytest.mark.parametrize(
    "url",
    [
        "https://gateway.example/messages?from=ID",
        "http://localhost:9000",
        "http://127.0.0.1/x",
        "",
    ],
)
def test_a_gateway_is_https_or_on_this_machine(url):
    assert Settings(text_gateway_url=url).text_gateway_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://gateway.example",
        "ftp://gateway.example",
        "https://",
        "https://user:secret@gateway.example",
        "https://gateway.example/#x",
        "https://gateway.example:x",
        "https://gateway .example",
        "gateway.example",
    ],
)
def test_another_gateway_is_refused(url):
    with pytest.raises(ValidationError):
        Settings(text_gateway_url=url)


@pytest.mark.parametrize("token", ["", "two words", "tökén", "line\nbreak"])
def test_a_token_fits_a_header(token):
    with pytest.raises(ValidationError):
        Settings(text_gateway_token=token)
