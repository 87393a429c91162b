"""`idp demo`: from nothing to a working sign-in with one command."""

import json
import os
import re
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.inspection import assert_well_made
from tests.browser.passkeys import VirtualKey
from tests.demo.person import Person
from tests.demo.running import Demo
from tests.support.browser import Watched
from tests.support.spec import spec

# The aim is three seconds; a busy build machine gets more, and the number is printed.
READY_WITHIN = 20


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo in its first run."""
    with Demo(tmp_path_factory.mktemp("demo") / "data") as demo:
        yield demo


def gone(port: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return True
        time.sleep(0.02)
    return False


pytestmark = pytest.mark.xdist_group("demo")


def test_the_first_run_says_what_to_open_and_the_password_once(first: Demo) -> None:
    assert first.said().splitlines()[0] == f"Open {first.base}"
    assert first.said().count(first.password() or "nothing") == 1
    assert "Sign in as  demo" in first.said()


def test_what_the_demo_keeps_is_its_owners_only(first: Demo) -> None:
    assert stat.S_IMODE(first.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in first.folder.iterdir()} == {0o600}
    assert first.password() not in (first.folder / "demo-client.json").read_text()


@spec("OIDC Core §5.4", "OIDC Core §3.1.2.1", "RP-Initiated Logout §2")
def test_a_person_walks_through_the_demo(first: Demo) -> None:
    person = Person()
    person.open(first.base)
    assert person.sees("sign-in")

    person.click("silent")
    assert person.sees("error")
    assert "login_required" in person.words()

    person.click("sign-in")
    assert person.page.url.startswith(f"{first.issuer}/login")
    person.submit(identifier="demo", password=first.password() or "")
    person.submit(action="skip")
    assert "Demo notes" in person.words()
    person.submit(action="allow")

    assert person.sees("claims"), person.words()
    for claim in ("alex.morgan@example.com", "+49 30 901820", "Karl-Liebknecht-Str. 8", "1990-05"):
        assert claim in person.words()

    person.click("silent")
    assert "still signed in" in person.words()

    person.press("refresh")
    assert "the old refresh token is spent" in person.words()
    person.press("refresh")
    assert person.sees("claims")

    # Nothing is asked for the second application: the session is there, and it is our own.
    person.click("second")
    person.click("sign-in")
    assert person.page.url == f"{first.base}/second/"
    assert person.sees("claims")

    person.click("again")
    assert person.page.url.startswith(f"{first.issuer}/login")

    person.open(f"{first.base}/second/")
    person.submit()
    assert person.page.url.startswith(f"{first.issuer}/logged-out")
    for name in ("Demo notes", "Demo calendar"):
        assert name in person.words()
    person.click("return")
    assert "You are signed out, here and at the provider." in person.words()
    person.click("silent")
    assert "login_required" in person.words()

    # The first application is told by the provider, a second or two later.
    deadline = time.monotonic() + 20
    person.open(first.base)
    while person.sees("claims"):
        assert time.monotonic() < deadline, "nobody told it"
        time.sleep(0.2)
        person.open(first.base)
    assert "You signed out elsewhere." in person.words()
    person.open(first.base)
    assert person.sees("sign-in")
    assert "elsewhere" not in person.words()


def test_a_person_who_says_no_is_told_so(first: Demo) -> None:
    person = Person()
    person.open(f"{first.base}/again")
    person.submit(identifier="demo", password=first.password() or "")
    if person.sees("skip"):
        person.submit(action="skip")
    if person.sees("deny"):
        person.submit(action="deny")
        assert "access_denied" in person.words()


def test_the_applications_are_plain_pages_under_a_strict_policy(first: Demo) -> None:
    person = Person()
    for path in ("/", "/second/", "/signed-out", "/callback?error=a&error_description=b&state=c"):
        person.open(first.base + path)
        assert person.page.status_code == 200
        policy = person.page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "<script" not in person.page.text
        assert "style=" not in person.page.text
    assert all(cookie.name == "idp_demo_client" for cookie in person.browser.cookies)


def test_an_answer_nobody_asked_for_is_refused_and_never_echoed_as_markup(first: Demo) -> None:
    person = Person()
    person.open(f"{first.base}/callback?error=%3Cb%3E&error_description=%3Ci%3E&state=x")
    assert person.sees("error")
    assert "<b>" not in person.page.text
    assert "<i>" not in person.page.text


@spec("OIDC Core §3.1.2.1")
def test_who_has_no_passkey_is_not_stopped_and_reads_what_it_came_to(first: Demo) -> None:
    person = Person()
    person.open(f"{first.base}/second/sign-in")
    person.submit(identifier="demo", password=first.password() or "")
    if person.sees("skip"):
        person.submit(action="skip")

    person.click("passkey")
    assert "see what acr says now" in person.words()
    assert "acr sfa amr pwd auth_time 20" in person.words()


@pytest.mark.browser
@spec("OIDC Core §3.1.2.1", "OpenID EAP ACR Values §2")
def test_a_passkey_is_asked_for_and_the_claims_say_that_it_was_shown(
    tmp_path: Path, visitor: Watched
) -> None:
    with Demo(tmp_path / "data") as demo:
        page = visitor.page()
        key = VirtualKey(page)
        page.goto(f"{demo.base}/second/sign-in")
        page.fill("[name=identifier]", "demo")
        page.fill("[name=password]", demo.password() or "")
        page.click("[value=sign_in]")
        page.click("#create-passkey")
        page.click("#continue")
        # The passkey was made, not shown; and made is not proved.
        expect(page.locator("#acr")).to_have_text("mfa")
        assert_well_made(page)

        key.answers(at_once=False)
        page.click("#passkey")
        expect(page).to_have_url(re.compile(f"^{re.escape(demo.issuer)}/login/key"))
        key.answers(at_once=True)
        page.click("#use-key")
        expect(page.locator("#acr")).to_have_text("phr")
        expect(page.locator("#amr")).to_have_text("mfa, pop, pwd, user")
        expect(page.locator("#auth-time")).to_contain_text("UTC")


@pytest.mark.browser
@spec("WCAG 2.2")
def test_the_applications_are_well_made_pages(first: Demo, visitor: Watched) -> None:
    page = visitor.page()
    page.goto(first.base)
    assert_well_made(page)
    page.click("#silent")
    page.wait_for_selector("#error")
    assert_well_made(page)

    page.click("#sign-in")
    page.fill("[name=identifier]", "demo")
    page.fill("[name=password]", first.password() or "")
    page.click("[value=sign_in]")
    for question in ("#skip", "#allow"):
        page.wait_for_load_state()
        if page.query_selector(question):
            page.click(question)
    page.wait_for_selector("#claims")
    assert_well_made(page)


@pytest.mark.parametrize("busy", ["port", "client_port"])
def test_a_taken_port_is_said_to_be_taken(first: Demo, busy: str, tmp_path: Path) -> None:
    second = Demo(tmp_path, **{busy: getattr(first, busy)})
    with pytest.raises(RuntimeError, match=f"Port {getattr(first, busy)} is taken"), second:
        pass
    assert list(tmp_path.iterdir()) == []


def test_later_runs_say_nothing_twice_and_keep_everything(tmp_path: Path) -> None:
    with Demo(tmp_path / "data") as demo:
        assert demo.stop() == 0
        assert "Traceback" not in demo.said()
    kept = (tmp_path / "data" / "demo-client.json").read_text()

    with Demo(tmp_path / "data", demo.port, demo.client_port) as again:
        print(f"\nsecond run ready after {again.ready_after:.2f} s")
        assert again.ready_after < READY_WITHIN
        assert again.password() is None
        assert "user set-password demo" in again.said()
        assert (tmp_path / "data" / "demo-client.json").read_text() == kept

        person = Person()
        person.open(f"{again.base}/sign-in")
        person.submit(identifier="demo", password=demo.password() or "")
        assert person.page.status_code == 200
        assert not person.sees("page-login"), person.words()


def test_ctrl_c_ends_everything_without_a_word(tmp_path: Path) -> None:
    with Demo(tmp_path / "data") as demo:
        before = demo.said()
        assert demo.stop(signal.SIGINT) == 0
        assert demo.said() == before
        assert gone(demo.port)
        assert gone(demo.client_port)


def test_nothing_outlives_a_demo_that_is_killed(tmp_path: Path) -> None:
    with Demo(tmp_path / "data") as demo:
        os.kill(demo.process.pid, signal.SIGKILL)
        assert gone(demo.port)
        assert gone(demo.client_port)


def test_another_port_registers_the_applications_anew(tmp_path: Path) -> None:
    with Demo(tmp_path / "data") as demo:
        pass
    kept = json.loads((tmp_path / "data" / "demo-client.json").read_text())
    with Demo(tmp_path / "data", demo.port) as moved:
        person = Person()
        person.open(f"{moved.base}/sign-in")
        assert person.page.url.startswith(f"{moved.issuer}/login"), person.words()
    now = json.loads((tmp_path / "data" / "demo-client.json").read_text())
    assert {each["client_id"] for each in kept}.isdisjoint(each["client_id"] for each in now)
