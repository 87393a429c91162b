"""The operators' client, and the world that it takes things back in."""

import pytest

from tests.admin.world import Admin, World, an_admin
from tests.app import Provider


@pytest.fixture
def world(provider: Provider) -> World:
    return World(provider)


@pytest.fixture
def admin(provider: Provider) -> Admin:
    return an_admin(provider)
