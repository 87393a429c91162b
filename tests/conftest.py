"""What every test may ask for, and what no test may do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser

from tests.app import Provider, RelyingParty, dispose_of_providers, make_provider
from tests.machines import woven
from tests.support import browser as browsers
from tests.support import databases, network, run, server
from tests.support.postgres import Cluster, shared_cluster, stop_shared_cluster

# A loaded machine is slow, not wrong.
settings.register_profile(
    "provider", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("provider")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        action="append",
        choices=databases.KINDS,
        help="run tests that need a database on this kind alone (default: on every kind)",
    )


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.test_run_folder = run.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    databases.forget()
    if hasattr(config, "test_run_folder"):
        stop_shared_cluster()
        run.end(config.test_run_folder)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        kinds = metafunc.config.getoption("--database") or databases.KINDS
        metafunc.parametrize("database_kind", kinds, scope="session")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in woven.lines(terminalreporter.getreports("passed")):
        terminalreporter.write_line(line)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[pytest.TestReport]:
    report = yield
    if report.failed:
        report.sections.extend(server.running_logs())
    return report


@pytest.fixture(scope="session", autouse=True)
def _only_loopback() -> Iterator[None]:
    with network.only_loopback():
        yield


@pytest.fixture(autouse=True)
def _no_connection_stays_open() -> Iterator[None]:
    yield
    dispose_of_providers()


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, migrated database; the test runs once for each kind."""
    with databases.fresh_database(database_kind, tmp_path) as url:
        yield url


@pytest.fixture
def empty_database_url(database_kind: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table; the test runs once for each kind."""
    with databases.empty_database(database_kind, tmp_path) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, migrated SQLite database."""
    with databases.fresh_database("sqlite", tmp_path) as url:
        yield url


@pytest.fixture
def postgresql_url(tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, migrated PostgreSQL database."""
    with databases.fresh_database("postgresql", tmp_path) as url:
        yield url


@pytest.fixture(scope="session")
def postgres() -> Cluster:
    """The run's PostgreSQL server itself."""
    return shared_cluster()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium."""
    with browsers.launched() as running:
        yield running


@pytest.fixture
def visitor(browser: Browser) -> Iterator[browsers.Watched]:
    """A person with a clean profile; whatever the browser complains about fails the test."""
    with browsers.watched(browser) as context:
        yield context
        context.assert_clean()


@pytest.fixture
def provider(database_url: str, tmp_path: Path) -> Provider:
    """A provider in this process over a fresh database; the test runs once for each kind."""
    return make_provider(database_url, tmp_path)


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    """A confidential, third-party client with its own browser; the user `ada` exists."""
    provider.add_user()
    return RelyingParty(provider, provider.add_client(), provider.browser())
