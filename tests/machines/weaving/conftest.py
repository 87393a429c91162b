"""A stage for all tests of a module: one provider over one database."""

from collections.abc import Iterator

import pytest

from tests.machines.weaving.operations import model_scene
from tests.machines.weaving.stage import Stage, staged
from tests.support.databases import fresh_database


@pytest.fixture(scope="module")
def stage(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp(database_kind)
    with fresh_database(database_kind, folder) as url, staged(url, folder, model_scene) as made:
        yield made
