"""Front-Channel Logout 1.0, and the page that says which client was told what."""

import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from idp.protocol.clients import service as clients
from idp.protocol.clients.metadata import ClientMetadata
from idp.protocol.clients.metadata_checks import faults_of
from idp.worker.courier import Courier
from tests.account.people import act, another_browser
from tests.app import CALLBACK, ISSUER, claims_of, submit, text_of
from tests.protocol.parties import page_of, party
from tests.support.site import site
from tests.support.spec import spec

BYE = "https://app.example.test/bye"
FRAME = "https://app.example.test/signed-out"


@pytest.fixture
def provider(provider_with):
    made = provider_with(outgoing_allow="127.0.0.0/8")
    made.add_user()
    return made


def framed(provider, browser=None, **metadata):
    traits = {
        "client_name": "Framed",
        "first_party": True,
        "frontchannel_logout_uri": FRAME,
        "post_logout_redirect_uris": (BYE,),
    }
    return party(provider, browser, **(traits | metadata))


def deaf(provider, browser, **metadata):
    traits = {"client_name": "Deaf", "first_party": True, "post_logout_redirect_uris": (BYE,)}
    return party(provider, browser, **(traits | metadata))


def leave(rp, hint, **parameters):
    return rp.follow(rp.get(f"/logout?{urlencode({'id_token_hint': hint} | parameters)}"))


def frames_of(page):
    found = re.findall(r'<iframe[^>]* src="([^"]*)"', page.get_data(as_text=True))
    return [unescape(url) for url in found]


def sources_of(page):
    policy = page.headers["Content-Security-Policy"].split("; ")
    return [each.split()[1:] for each in policy if each.startswith("frame-src")]


def lines_of(page):
    """What is said of each client, by its name."""
    html = page.get_data(as_text=True)
    pattern = r'class="app-name"><bdi>(.*?)</bdi>.*?class="app-said">(.*?)</p>'
    found = re.findall(pattern, html, re.DOTALL)
    return [(name, re.sub(r"<[^>]*>", "", said).strip()) for name, said in found]


TOLD = "Was told, and has confirmed it."
HERE = "Is asked in this browser to sign you out."
TELLING = "Is being told now."
TRYING = "Could not be reached yet. We keep trying."
DEAF = "Cannot be told. You may still be signed in there."
FAILED = "Could not be told. Sign out there as well."


@spec("Front-Channel Logout §2", "Front-Channel Logout §3")
def test_the_page_shows_each_client_in_a_frame_that_says_which_session(provider):
    rp = framed(provider)
    other = framed(
        provider,
        rp.browser,
        redirect_uris=("http://localhost:3000/callback",),
        frontchannel_logout_uri="http://localhost:3000/out?a=b",
    )
    claims = claims_of(rp.sign_in()["id_token"])
    hint = other.sign_in()["id_token"]

    page = leave(other, hint)

    assert page_of(page) == "logged-out"
    mine, theirs = sorted(frames_of(page), reverse=True)
    said = {"iss": [ISSUER], "sid": [claims["sid"]]}
    assert mine.partition("?")[0] == FRAME
    assert parse_qs(urlsplit(mine).query) == said
    assert theirs.startswith("http://localhost:3000/out?a=b&")
    assert parse_qs(urlsplit(theirs).query) == said | {"a": ["b"]}
    assert sources_of(page) == [["http://localhost:3000", "https://app.example.test"]]
    assert 'sandbox="allow-same-origin allow-scripts"' in page.get_data(as_text=True)


@spec("Front-Channel Logout §4.1", "RP-Initiated Logout §3")
def test_the_way_back_is_taken_after_the_frames_by_itself_and_by_a_link(provider):
    rp = framed(provider)
    hint = rp.sign_in()["id_token"]

    page = leave(rp, hint, post_logout_redirect_uri=BYE, state="s&1")

    assert page_of(page) == "logged-out"
    assert len(frames_of(page)) == 1
    target = f"{BYE}?state=s%261"
    assert page.headers["Refresh"] == f"2; url={target}"
    assert f'href="{target}" rel="noreferrer" data-onward' in page.get_data(as_text=True)
    again = rp.get(page.request.full_path)
    assert (frames_of(again), again.headers["Refresh"]) == (frames_of(page), f"2; url={target}")


@spec("RP-Initiated Logout §3")
def test_without_a_client_in_a_frame_nobody_waits(provider):
    rp = deaf(provider, None)
    framed(provider, rp.browser).code()
    hint = rp.sign_in()["id_token"]

    assert leave(rp, hint, post_logout_redirect_uri=BYE).headers["Location"] == BYE


@spec("RP-Initiated Logout §2", "Front-Channel Logout §2")
def test_who_is_asked_first_sees_the_frames_afterwards(provider):
    rp = framed(provider)
    rp.sign_in()
    page = rp.follow(
        rp.get(f"/logout?{urlencode({'client_id': rp.client_id, 'post_logout_redirect_uri': BYE})}")
    )
    assert page_of(page) == "logout"
    assert frames_of(page) == []
    assert sources_of(page) == []

    done = rp.follow(submit(rp.browser, page, "/logout/confirm", action="logout"))

    assert len(frames_of(done)) == 1
    assert done.headers["Refresh"].endswith(BYE)


def test_a_session_in_another_browser_is_no_affair_of_this_ones_frames(provider):
    rp = framed(provider)
    rp.sign_in()
    here = another_browser(rp)
    sid = claims_of(here.sign_in()["id_token"])["sid"]

    page = act(here, "/account/sessions/end-all")

    (frame,) = frames_of(page)
    assert parse_qs(urlsplit(frame).query)["sid"] == [sid]


def test_an_origin_that_cannot_be_named_lets_its_scheme_through_and_nothing_else(provider):
    rp = framed(
        provider,
        redirect_uris=("http://[::1]:3000/callback",),
        frontchannel_logout_uri="http://[::1]:3000/out",
    )
    assert sources_of(leave(rp, rp.sign_in()["id_token"])) == [["http:"]]


# The page


def test_the_page_says_of_each_client_what_it_was_told(provider):
    with site() as quick, site() as refusing, site() as away:
        refusing.status = 400
        away.stop()
        rp = deaf(provider, None, client_uri="https://deaf.example.test/")
        for name, server in (("Quick", quick), ("Refusing", refusing), ("Away", away)):
            listening = {"backchannel_logout_uri": server.url, "client_name": name}
            deaf(provider, rp.browser, **listening).sign_in()
        framed(provider, rp.browser).sign_in()
        hint = rp.sign_in()["id_token"]

        page = leave(rp, hint)

        assert lines_of(page) == [
            ("Deaf", f"{DEAF} Open Deaf"),
            ("Away", TELLING),
            ("Quick", TELLING),
            ("Refusing", TELLING),
            ("Framed", HERE),
        ]
        assert b'id="look-again"' in page.data
        Courier(provider.house).deliver_due()
        page = rp.get(page.request.full_path)
        assert lines_of(page) == [
            ("Refusing", FAILED),
            ("Deaf", f"{DEAF} Open Deaf"),
            ("Away", TRYING),
            ("Framed", HERE),
            ("Quick", TOLD),
        ]
        away.start()
        provider.clock.forward(minutes=1)
        Courier(provider.house).deliver_due()
        page = rp.get(page.request.full_path)
        assert ("Away", TOLD) in lines_of(page)
        assert b'id="look-again"' not in page.data


def test_a_client_that_was_only_asked_for_a_code_is_not_on_the_page(provider):
    rp = deaf(provider, None)
    hint = rp.sign_in()["id_token"]
    framed(provider, rp.browser).code()

    assert [name for name, _ in lines_of(leave(rp, hint))] == ["Deaf"]


def test_the_account_page_signs_out_to_the_same_page(provider):
    rp = framed(provider)
    rp.sign_in()

    page = act(rp, "/account/sign-out")

    assert lines_of(page) == [("Framed", HERE)]
    assert "Refresh" not in page.headers


def test_a_ticket_that_is_forged_or_old_says_nothing_about_anybody(provider):
    rp = framed(provider)
    page = leave(rp, rp.sign_in()["id_token"])
    url = page.request.full_path
    provider.clock.forward(hours=2)

    for path in (url, url[:-4] + "AAAA", "/logged-out", "/logged-out?ticket=x"):
        shown = rp.get(path)
        assert (shown.status_code, page_of(shown)) == (200, "logged-out")
        assert lines_of(shown) == frames_of(shown) == []
    assert "You are signed out" in text_of(shown)


def test_a_client_that_is_gone_by_now_is_left_out(provider):
    rp = deaf(provider, None)
    hint = rp.sign_in()["id_token"]
    gone = framed(provider, rp.browser)
    gone.sign_in()
    with provider.context() as ctx:
        clients.delete(ctx, gone.client_id)

    assert [name for name, _ in lines_of(leave(rp, hint))] == ["Deaf"]


# Metadata


def of(**metadata):
    return faults_of(ClientMetadata(client_name="App", redirect_uris=(CALLBACK,), **metadata))


@spec("Back-Channel Logout §2.2", "Front-Channel Logout §2")
@pytest.mark.parametrize(
    "uri",
    [
        *("ftp://app.example.test/x", "https://app.example.test/x#y", "https:///x", "app:/x"),
        *("http://app.example.test/x", "https://u@app.example.test/x", "https://a b/", ""),
    ],
)
def test_another_uri_is_refused(uri):
    for name in ("backchannel_logout_uri", "frontchannel_logout_uri"):
        (fault,) = of(**{name: uri})
        assert fault.startswith(f"{name}: an https URL without a fragment")


@spec("Front-Channel Logout §2")
@pytest.mark.parametrize(
    ("uri", "right"),
    [
        ("https://app.example.test/out", True),
        ("https://app.example.test:443/out?a=b", True),
        ("https://app.example.test:8443/out", False),
        ("https://other.example.test/out", False),
        ("http://localhost/out", False),
    ],
)
def test_a_frame_comes_from_where_people_are_sent_to(uri, right):
    assert (of(frontchannel_logout_uri=uri) == []) is right


def test_a_server_on_this_machine_is_told_by_http():
    assert of(backchannel_logout_uri="http://127.0.0.1:3000/told") == []
