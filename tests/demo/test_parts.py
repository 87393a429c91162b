"""The demo's parts: its password, its settings, its applications without a provider."""

from pathlib import Path

import pytest

from idp.cli.demo import settings_of
from idp.credentials.password_rules import check_password
from idp.demo.account import PROFILE, readable_password
from idp.demo.client import create_client
from idp.demo.memory import MOST, Memory, SignedIn
from idp.kernel.errors import SetupFault
from idp.protocol.scopes import PROFILE_CLAIMS
from tests.support.ports import free_port
from tests.support.spec import spec

REGISTRATIONS = [
    {"name": "Demo notes", "path": "", "client_id": "one", "client_secret": "s1"},
    {"name": "Demo calendar", "path": "/second", "client_id": "two", "client_secret": "s2"},
]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDP_ISSUER", "IDP_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)


def test_the_password_is_long_readable_and_pleases_our_own_rules() -> None:
    for password in {readable_password() for _ in range(200)}:
        check_password(password, minimum=15, words=["demo", "alex.morgan@example.com", "Sign-in"])
        assert password.replace("-", "").isalpha()


@spec("OIDC Core §5.1")
def test_the_demo_user_has_every_standard_claim() -> None:
    simple = {name for name in PROFILE.claims if not name.startswith("address.")}
    assert simple | {"address"} >= PROFILE_CLAIMS


def test_the_demo_settings_are_its_own_where_the_environment_says_nothing(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, 8123)
    assert (settings.issuer, settings.data_dir) == ("http://localhost:8123", tmp_path)
    assert settings_of(None, 8000).data_dir == Path("data")


def test_the_environment_chooses_issuer_and_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("IDP_ISSUER", "https://id.example.test")
    monkeypatch.setenv("IDP_DATA_DIR", str(tmp_path))
    settings = settings_of(None, 8000)
    assert (settings.issuer, settings.data_dir) == ("https://id.example.test", tmp_path)


def test_an_issuer_at_another_port_is_a_slip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_ISSUER", "http://localhost:9000")
    with pytest.raises(SetupFault, match="8000"):
        settings_of(None, 8000)


@pytest.mark.parametrize("path", ["/sign-in", "/silent", "/again", "/passkey", "/second/sign-in"])
def test_a_provider_that_does_not_answer_is_a_page_not_a_crash(path: str) -> None:
    app = create_client(f"http://localhost:{free_port()}", REGISTRATIONS)
    page = app.test_client().get(path)
    assert page.status_code == 200
    assert 'id="error"' in page.text
    assert "provider_unreachable" in page.text


def test_signing_out_when_nobody_is_signed_in_is_no_error() -> None:
    app = create_client("http://localhost:8000", REGISTRATIONS)
    assert app.test_client().post("/sign-out").headers["Location"] == "http://localhost/"


def test_the_memory_keeps_people_apart_and_does_not_grow_for_ever() -> None:
    memory, sessions = Memory(), [dict[str, object]() for _ in range(MOST + 1)]
    person = SignedIn("token", {}, {})
    for session in sessions:
        memory.keep(session, "one", person)
    assert memory.find(sessions[0], "one") is None
    assert memory.find(sessions[-1], "one") is person
    assert memory.find(sessions[-1], "two") is None
    assert memory.find({}, "one") is None
    assert memory.forget(sessions[-1], "one") is person
    assert memory.find(sessions[-1], "one") is None
