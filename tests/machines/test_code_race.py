"""Everything that must happen once, asked for many times at one instant, of a real server.

Sixteen threads, on PostgreSQL in two processes (RFC 6749 §4.1.2, RFC 9700 §4.2.4; invariants I1,
I3, I4, I6, I7, I8).
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pyotp
import pytest
from sqlalchemy import select, update

from idp.kernel.secrets import digest
from idp.store import sessions as session_rows
from idp.store.schema import consents, totp_authenticators
from idp.store.users import User
from tests.app import (
    CALLBACK,
    PASSWORD,
    VERIFIER,
    Provider,
    RelyingParty,
    claims_of,
    fields_of,
)
from tests.machines.burst import Answer, burst, cookies_of, get, post, send
from tests.support.server import ProviderProcess
from tests.support.spec import spec

pytestmark = pytest.mark.xdist_group("code race")

Events = Callable[[], Counter[str]]
SESSION_COOKIE = "__Host-idp_session"


def redemption(rp: RelyingParty, code: str) -> bytes:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": rp.redirect_uri,
        "code_verifier": VERIFIER,
    }
    return post("/token", form, **rp.basic())


def userinfo(token: str) -> bytes:
    return get("/userinfo", Authorization=f"Bearer {token}")


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


def code_in(answer: Answer) -> str:
    return parse_qs(urlsplit(answer.header("Location")).query)["code"][0]


def is_live(provider: Provider, secret: str) -> bool:
    with provider.context() as ctx:
        return session_rows.find_standing(ctx.db, digest(secret), ctx.now, "") is not None


@spec("RFC 6749 §4.1.2", "RFC 9700 §4.2.4")
def test_of_200_redemptions_of_one_code_one_succeeds_and_what_it_bought_is_void(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events: Events
):
    code = rp.code(scope="openid profile")

    answers = burst(server.port, [redemption(rp, code)] * 200)

    assert statuses(answers) == {200: 1, 400: 199}
    assert {a.json()["error"] for a in answers if a.status == 400} == {"invalid_grant"}
    won = next(a.json() for a in answers if a.status == 200)
    assert send(server.port, userinfo(won["access_token"])).status == 401
    counted = events()
    assert (counted["grant.redeemed"], counted["grant.ended"]) == (1, 1)
    assert counted["grant.refused"] == 199


@spec("OIDC Core §3.1.2.1")
def test_parallel_authorization_requests_of_one_session_get_a_code_each(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events: Events
):
    rp.code()
    path = f"/authorize?{urlencode(rp.parameters())}"

    answers = burst(server.port, [get(path, cookies=cookies_of(rp.browser))] * 40)

    assert statuses(answers) == {303: 40}
    codes = {code_in(answer) for answer in answers}
    assert len(codes) == 40
    redeemed = burst(server.port, [redemption(rp, code) for code in codes])
    assert statuses(redeemed) == {200: 40}
    assert {claims_of(a.json()["id_token"])["sid"] for a in redeemed} == {
        claims_of(redeemed[0].json()["id_token"])["sid"]
    }
    assert events()["session.opened"] == 1


def test_parallel_sign_ins_open_a_session_each(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events: Events
):
    sign_ins = []
    for number in range(12):
        provider.add_user(f"user{number}")
        browser = provider.browser()
        page = RelyingParty(provider, rp.registered, browser).authorize()
        form = {
            **fields_of(page),
            "identifier": f"user{number}",
            "password": PASSWORD,
            "action": "sign_in",
        }
        sign_ins.append(post("/login", form, cookies=cookies_of(browser)))

    answers = burst(server.port, sign_ins)

    assert statuses(answers) == {303: 12}
    secrets = [answer.cookie(SESSION_COOKIE) for answer in answers]
    assert all(is_live(provider, secret) for secret in secrets)
    assert len(set(secrets)) == events()["session.opened"] == 12


def test_parallel_sign_ins_of_one_user_are_admitted_or_told_to_wait(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events: Events
):
    sign_ins = []
    for _ in range(20):
        browser = provider.browser()
        page = RelyingParty(provider, rp.registered, browser).authorize()
        form = {**fields_of(page), "identifier": "ada", "password": PASSWORD, "action": "sign_in"}
        sign_ins.append(post("/login", form, cookies=cookies_of(browser)))

    answers = burst(server.port, sign_ins)

    assert set(statuses(answers)) <= {303, 429}
    opened = [a.cookie(SESSION_COOKIE) for a in answers if a.status == 303]
    assert opened
    assert all(is_live(provider, secret) for secret in opened)
    assert events()["session.opened"] == len(opened)


def test_one_consent_submitted_many_times_at_once_is_given_and_answered_once(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events: Events
):
    page = rp.log_in(rp.authorize(scope="openid email"))
    form = {**fields_of(page), "action": "allow"}
    cookies = cookies_of(rp.browser)

    answers = burst(server.port, [post("/consent", form, cookies=cookies)] * 20)

    assert statuses(answers) == {303: 20}
    with provider.context() as ctx:
        mine = select(consents.c.scope).where(consents.c.client_id == rp.client_id)
        (given,) = ctx.db.read(mine).scalars()
    assert set(given) == {"openid", "email"}
    onward = [get(answer.header("Location"), cookies=cookies) for answer in answers]
    resumed = burst(server.port, onward)
    assert statuses(resumed) == {303: 1, 400: 19}
    assert next(a for a in resumed if a.status == 303).header("Location").startswith(CALLBACK)
    assert events()["grant.opened"] == 1


def code_page(rp: RelyingParty, user: User) -> dict[str, str]:
    """Sign in up to the page that asks for a one-time code; return its hidden fields."""
    page = rp.log_in(rp.authorize(), username=user.username)
    assert b'id="page-login-code"' in page.data
    return fields_of(page)


@spec("RFC 6238 §5.2")
def test_a_half_done_sign_in_finished_twice_at_once_opens_one_session(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events: Events
):
    """With one code, and with two different codes that are both right."""
    grace = provider.add_user("grace")
    secret = pyotp.TOTP(provider.add_totp(grace))
    for number, ahead in enumerate((0, 30, 30), start=1):
        browser = provider.browser()
        fields = code_page(RelyingParty(provider, rp.registered, browser), grace)
        # Each round has steps of its own: a step is accepted once, ever.
        now = provider.clock.now
        forms = [
            {**fields, "code": secret.at(now + timedelta(seconds=late)), "action": "verify"}
            for late in (0, ahead, 0, ahead)
        ]
        with provider.context() as ctx:
            ctx.db.write(update(totp_authenticators).values(last_timecode=0))

        cookies = cookies_of(browser)
        answers = burst(server.port, [post("/login/code", form, cookies=cookies) for form in forms])

        assert set(statuses(answers)) <= {200, 303, 429}
        opened = [given for a in answers if (given := a.cookie(SESSION_COOKIE))]
        assert len(opened) == 1
        assert is_live(provider, opened[0])
        assert events()["session.opened"] == number


@spec("RP-Initiated Logout §2")
def test_what_is_redeemed_while_the_person_signs_out_is_not_usable_afterwards(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events: Events
):
    codes = [rp.code() for _ in range(24)]
    cookies = cookies_of(rp.browser)
    sign_out = post(
        "/logout/confirm", {**fields_of(rp.get("/logout")), "action": "logout"}, cookies=cookies
    )
    authorize = get(f"/authorize?{urlencode(rp.parameters())}", cookies=cookies)
    early, late = ([redemption(rp, code) for code in part] for part in (codes[:12], codes[12:20]))
    requests = [*early, authorize, sign_out, sign_out, authorize, *late]

    answers = burst(server.port, requests)

    assert not {status for status in statuses(answers) if status == 0 or status >= 500}
    bought = [a.json()["access_token"] for a in answers if b"access_token" in a.body]
    fresh = [code_in(a) for a in answers if "code=" in a.header("Location")]
    refused = burst(server.port, [userinfo(token) for token in bought] or [userinfo("none")])
    assert set(statuses(refused)) == {401}
    later = [redemption(rp, code) for code in [*codes[20:], *fresh]]
    assert set(statuses(burst(server.port, later))) == {400}
    silent = get(f"/authorize?{urlencode(rp.parameters(prompt='none'))}", cookies=cookies)
    assert "error=login_required" in send(server.port, silent).header("Location")
    counted = events()
    assert counted["session.ended"] == 1
    assert counted["grant.redeemed"] == len(bought)


def test_of_two_new_proofs_at_once_one_is_written_and_nobody_is_signed_out(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events: Events
):
    """A new secret at each new proof (I6); whoever lost the race has a session all the same."""
    rp.code()
    cookies = cookies_of(rp.browser)
    old = dict(pair.split("=", 1) for pair in cookies.split("; "))[SESSION_COOKIE]
    page = rp.authorize(prompt="login")
    form = {**fields_of(page), "identifier": "ada", "password": PASSWORD, "action": "sign_in"}

    answers = burst(server.port, [post("/login", form, cookies=cookies)] * 4)

    assert statuses(answers) == {303: 4}
    secrets = {answer.cookie(SESSION_COOKIE) for answer in answers}
    assert len(secrets) == 4
    assert all(is_live(provider, secret) for secret in secrets)
    assert not is_live(provider, old)
    counted = events()
    assert counted["session.proved"] == 1
    assert counted["session.opened"] == 1 + 3
    assert counted["session.ended"] == 0
