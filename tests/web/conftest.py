"""A request to stand in, without a database behind it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import flask
import pytest

from tests.app import ISSUER, Provider, make_provider
from tests.support import databases

Standing = Callable[..., AbstractContextManager[flask.ctx.RequestContext]]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Provider:
    """A provider whose database nobody asks."""
    folder: Path = tmp_path_factory.mktemp("web")
    with databases.fresh_database("sqlite", folder) as url:
        return make_provider(url, folder)


@pytest.fixture
def inside(house: Provider) -> Standing:
    """Stand inside a request, as the rooms do."""

    @contextmanager
    def stand(path: str = "/", **options: Any) -> Iterator[flask.ctx.RequestContext]:
        options.setdefault("base_url", ISSUER)
        with house.app.test_request_context(path, **options) as context:
            yield context

    return stand
