"""Applications of providers with other settings than the usual."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.app import RelyingParty, make_provider


@pytest.fixture
def party(database_url: str, tmp_path: Path) -> Callable[..., RelyingParty]:
    """Compose a provider with these settings; return a client of the operator's own, and `ada`."""

    def composed(**settings: Any) -> RelyingParty:
        provider = make_provider(database_url, tmp_path, **settings)
        provider.add_user()
        return RelyingParty(provider, provider.add_client(first_party=True), provider.browser())

    return composed
