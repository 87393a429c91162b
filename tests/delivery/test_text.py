"""Text messages by the HTTP gateway: its contract (docs/delivery.md)."""

import pytest

from idp.delivery import service, text
from idp.delivery.outcome import Never, NotNow
from idp.delivery.text import HttpGateway
from tests.support.gateway import text_gateway
from tests.support.spec import spec

MESSAGE = {"to": "+4930901820", "message": "12345678 ist Ihr Code 😀", "key": "the-row"}


@spec("RFC 6750 §2.1")
def test_a_message_is_posted_with_token_and_key():
    with text_gateway() as gateway:
        HttpGateway(gateway.url, "token").send(**MESSAGE)
        (got,) = gateway.wait_for(1)
    assert (got.to, got.message, got.key) == tuple(MESSAGE.values())
    assert got.authorization == "Bearer token"


def test_without_a_token_none_is_sent():
    with text_gateway() as gateway:
        HttpGateway(gateway.url, None).send(**MESSAGE)
        assert gateway.wait_for(1)[0].authorization is None


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (400, Never),
        (401, Never),
        (404, Never),
        (422, Never),
        (408, NotNow),
        (429, NotNow),
        (500, NotNow),
        (503, NotNow),
        (304, NotNow),
    ],
)
def test_a_status_decides_whether_it_is_tried_again(status, failure):
    with text_gateway() as gateway:
        gateway.answer(status)
        with pytest.raises(failure) as raised:
            HttpGateway(gateway.url, "token").send(**MESSAGE)
    assert raised.value.reason == f"HTTP {status}"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_2xx_means_that_it_was_taken(status):
    with text_gateway() as gateway:
        gateway.answer(status)
        HttpGateway(gateway.url, "token").send(**MESSAGE)


def test_a_redirect_is_not_followed():
    with text_gateway() as elsewhere, text_gateway() as gateway:
        gateway.answer(307, Location=elsewhere.url)
        with pytest.raises(NotNow, match="HTTP 307"):
            HttpGateway(gateway.url, "token").send(**MESSAGE)
        assert elsewhere.asked == []


def test_an_answer_without_end_is_not_listened_to():
    with text_gateway() as gateway:
        gateway.never_stop_talking()
        HttpGateway(gateway.url, "token").send(**MESSAGE)
        assert len(gateway.messages) == 1
        gateway.heal()


def test_a_gateway_that_is_silent_or_away_is_asked_again(monkeypatch):
    monkeypatch.setattr(text, "TIMEOUT_SECONDS", 0.2)
    with text_gateway() as gateway:
        gateway.hang()
        with pytest.raises(NotNow, match="ReadTimeout"):
            HttpGateway(gateway.url, "token").send(**MESSAGE)
    with pytest.raises(NotNow, match="ConnectError"):
        HttpGateway(gateway.url, "token").send(**MESSAGE)


def test_no_proxy_of_the_environment_reads_along(monkeypatch):
    with text_gateway() as proxy, text_gateway() as gateway:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        HttpGateway(gateway.url, "token").send(**MESSAGE)
        gateway.wait_for(1)
        assert proxy.asked == []


@spec("ITU-T E.164 §6")
@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        ("+49 30 901820", "+4930901820"),
        ("+1 (555) 010-9999", "+15550109999"),
        ("030/901820", "030901820"),
        ("+49 30 901820;ext=7", None),
        ("call me", None),
        ("", None),
        ("+1234", None),
        ("٠١٢٣٤٥٦", None),
    ],
)
def test_a_number_is_dialled_as_digits(number, wanted):
    assert text.dialled(number) == wanted


def test_what_is_no_number_is_given_up(provider, courier, gateway, rows):
    with provider.context() as ctx:
        service.text(ctx, to="call me", message="x", about="ada-id")
    courier.deliver_due()
    assert [(row.state, row.last_error) for row in rows()] == [
        ("dead", "recipient is not a number")
    ]
    assert gateway.asked == []


def test_each_try_has_the_same_key(provider, courier, gateway):
    with provider.context() as ctx:
        service.text(ctx, to=MESSAGE["to"], message="1", about="ada-id")
        service.text(ctx, to=MESSAGE["to"], message="2", about="eve-id")
    gateway.answer(503, times=2)
    courier.deliver_due()
    provider.clock.forward(seconds=15)
    courier.deliver_due()
    first, second, *again = gateway.asked
    assert first != second
    assert again == [first, second]
