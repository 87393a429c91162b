"""A provider that sends mail and text messages to servers of the test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from idp.store.schema import outbox
from idp.worker.courier import Courier
from tests.app import Provider, make_provider
from tests.support.gateway import TextGateway, text_gateway
from tests.support.smtp import SmtpServer, smtp_server

SENDER = "Example ID <id@example.test>"


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


@pytest.fixture
def gateway() -> Iterator[TextGateway]:
    with text_gateway() as server:
        yield server


@pytest.fixture
def provider(database_url: str, tmp_path: Path, smtp: SmtpServer, gateway: TextGateway) -> Provider:
    return make_provider(
        database_url,
        tmp_path,
        smtp_url=smtp.url,
        mail_from=SENDER,
        text_gateway_url=gateway.url,
        text_gateway_token="gateway-token",
    )


@pytest.fixture
def courier(provider: Provider) -> Courier:
    return Courier(provider.house)


@pytest.fixture
def rows(provider: Provider) -> Callable[[], list[Any]]:
    """Return the outbox, the oldest row first."""

    def read() -> list[Any]:
        with provider.context() as ctx:
            return list(ctx.db.read(select(outbox).order_by(outbox.c.id)))

    return read
