"""Owner and thief use one session at one instant, of a real server, on both databases (I4, I5, I6).

The thief has every cookie, and another network and another browser. Whatever comes first: no
challenge is lost, none is written over a newer proof, and nothing of the owner's is burnt.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from idp.kernel.secrets import digest
from idp.store import sessions as rows
from idp.store.sessions import Past
from tests.app import PASSWORD, VERIFIER, Provider, RelyingParty, fields_of
from tests.machines.burst import Answer, burst, cookies_of, get, post, send
from tests.machines.installation import provider_over, relying_party, server_over
from tests.presence.places import AWAY, CHROME, FIREFOX, HOME, move
from tests.protocol.refreshing import BOTH
from tests.support.databases import fresh_database
from tests.support.server import ProviderProcess

pytestmark = pytest.mark.xdist_group("challenge race")

SESSION_COOKIE = "__Host-idp_session"
AT_HOME = {"X-Forwarded-For": HOME, "User-Agent": FIREFOX}
ELSEWHERE = {"X-Forwarded-For": AWAY, "User-Agent": CHROME}
ROUNDS = 4
Events = Callable[[], Counter[str]]


@pytest.fixture(scope="module")
def installation(
    database_kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Provider, ProviderProcess]]:
    folder = tmp_path_factory.mktemp(f"challenge-{database_kind}")
    with (
        fresh_database(database_kind, folder) as url,
        provider_over(url, folder) as provider,
        server_over(url, folder, IDP_TRUSTED_PROXIES="1") as server,
    ):
        provider.add_user()
        yield provider, server


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    """A client of this test alone, in whose browser ada is signed in at home."""
    made = relying_party(provider, grant_types=BOTH)
    move(made.browser)
    return made


def silent(rp: RelyingParty, cookies: str, where: dict[str, str]) -> bytes:
    query = urlencode(rp.parameters(prompt="none"))
    return get(f"/authorize?{query}", cookies=cookies, **where)


def said(answer: Answer) -> str:
    """What came back to the client: its error, or that it got a code."""
    query = parse_qs(urlsplit(answer.header("Location")).query)
    return query["error"][0] if "error" in query else "code"


def code_in(answer: Answer) -> str:
    return parse_qs(urlsplit(answer.header("Location")).query)["code"][0]


def redemption(rp: RelyingParty, code: str) -> bytes:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": rp.redirect_uri}
    return post("/token", form | {"code_verifier": VERIFIER}, **rp.basic())


def refreshing(rp: RelyingParty, token: str) -> bytes:
    return post("/token", {"grant_type": "refresh_token", "refresh_token": token}, **rp.basic())


def past_of(provider: Provider, secret: str) -> Past | None:
    with provider.context() as ctx:
        return rows.find_by_secret(ctx.db, digest(secret))


def secret_in(cookies: str) -> str:
    return dict(pair.split("=", 1) for pair in cookies.split("; "))[SESSION_COOKIE]


def test_of_two_places_at_once_the_thief_gets_nothing_and_the_session_is_stopped_once(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events: Events
):
    for number in range(1, ROUNDS + 1):
        rp.browser.delete_cookie(SESSION_COOKIE, domain="id.example.test")
        rp.sign_in()
        cookies = cookies_of(rp.browser)
        requests = [silent(rp, cookies, AT_HOME), silent(rp, cookies, ELSEWHERE)] * 8

        answers = burst(server.port, requests)

        assert {each.status for each in answers} == {303}
        owner, thief = answers[::2], answers[1::2]
        assert {said(each) for each in thief} == {"login_required"}
        past = past_of(provider, secret_in(cookies))
        assert past is not None
        assert past.session.challenge == "network_and_browser_changed"
        codes = [code_in(each) for each in owner if said(each) == "code"]
        redeemed = burst(server.port, [redemption(rp, code) for code in [*codes, "none"]])
        assert {each.status for each in redeemed} == {400}
        counted = events()
        assert (counted["session.challenged"], counted["session.ended"]) == (number, 0)


def test_a_challenge_is_not_written_over_a_newer_proof_and_not_lost_before_it(
    rp: RelyingParty, provider: Provider, server: ProviderProcess
):
    rp.sign_in()
    for _ in range(ROUNDS):
        cookies = cookies_of(rp.browser)
        page = rp.authorize(prompt="login")
        form = fields_of(page) | {"identifier": "ada", "password": PASSWORD, "action": "sign_in"}
        proof = post("/login", form, cookies=cookies_of(rp.browser), **AT_HOME)
        thefts = [silent(rp, cookies, ELSEWHERE)] * 8

        answers = burst(server.port, [*thefts[:4], proof, *thefts[4:]])

        fresh = answers[4].cookie(SESSION_COOKIE)
        assert fresh, answers[4]
        assert {said(each) for n, each in enumerate(answers) if n != 4} == {"login_required"}
        renewed = past_of(provider, fresh)
        assert renewed is not None
        assert (renewed.ended_at, renewed.session.challenge) == (None, None)
        assert send(server.port, silent(rp, cookies, AT_HOME)).status == 303
        rp.browser.set_cookie(SESSION_COOKIE, fresh, domain="id.example.test", secure=True)
        assert said(send(server.port, silent(rp, cookies_of(rp.browser), AT_HOME))) == "code"


def test_what_is_refreshed_while_it_is_challenged_is_refused_afterwards_and_not_burnt(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events: Events
):
    tokens = [rp.sign_in()["refresh_token"] for _ in range(6)]
    cookies = cookies_of(rp.browser)
    thefts = [silent(rp, cookies, ELSEWHERE)] * 3

    answers = burst(server.port, [*(refreshing(rp, each) for each in tokens), *thefts])

    current = [
        answer.json()["refresh_token"] if answer.status == 200 else token
        for token, answer in zip(tokens, answers, strict=False)
    ]
    later = burst(server.port, [refreshing(rp, each) for each in current])
    assert {each.status for each in later} == {400}
    assert events()["grant.ended"] == 0

    rp.log_in(rp.authorize())
    renewed = burst(server.port, [refreshing(rp, each) for each in current])
    assert {each.status for each in renewed} == {200}


def test_an_end_stays_an_end_whatever_is_asked_at_the_same_instant(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events: Events
):
    for number in range(1, ROUNDS + 1):
        rp.browser.delete_cookie(SESSION_COOKIE, domain="id.example.test")
        rp.sign_in()
        cookies = cookies_of(rp.browser)
        fields = fields_of(rp.get("/logout")) | {"action": "logout"}
        sign_out = post("/logout/confirm", fields, cookies=cookies, **AT_HOME)
        thefts = [silent(rp, cookies, ELSEWHERE)] * 4

        burst(server.port, [*thefts[:2], sign_out, *thefts[2:]])

        past = past_of(provider, secret_in(cookies))
        assert past is not None
        assert past.end_reason == "user_logout"
        assert events()["session.ended"] == number
        again = send(server.port, silent(rp, cookies, AT_HOME))
        assert said(again) == "login_required"
