"""One proof of a factor, handed in a hundred times at one instant, and accepted once (I6, I7, I8).

Over HTTP, where the throttle lets few guesses pass at once, and as services, where nothing but the
row decides.
"""

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from threading import Barrier

import pytest
from sqlalchemy import func, select

from idp.context import RequestContext
from idp.credentials import recovery, totp
from idp.kernel.secrets import digest
from idp.login.service import begin_attempt, find_attempt, finish_attempt
from idp.login.sign_in import Browser
from idp.store import sessions as session_rows
from idp.store.schema import sessions
from idp.store.users import User
from tests.app import ISSUER, Provider, RelyingParty
from tests.login.keys import asked_on, bind
from tests.machines.burst import Answer, burst, cookies_of, post
from tests.support.authenticator import Authenticator
from tests.support.server import ProviderProcess
from tests.support.spec import spec

pytestmark = pytest.mark.xdist_group("factor race")

TIMES = 100
SESSION_COOKIE = "__Host-idp_session"
Events = Callable[[], Counter[str]]


def secrets_in(answers: list[Answer]) -> list[str]:
    """Return the session secrets that browsers were given."""
    return [given for each in answers if (given := each.cookie(SESSION_COOKIE))]


def assert_one_won(provider: Provider, user: User, answers: list[Answer]) -> None:
    """One session; everybody else was told so in form."""
    assert {each.status for each in answers} <= {200, 303, 429}
    (secret,) = secrets_in(answers)
    with provider.context() as ctx:
        count = select(func.count()).where(sessions.c.user_id == user.id)
        assert ctx.db.read(count).scalar_one() == 1
        assert session_rows.find_standing(ctx.db, digest(secret), ctx.now, "") is not None


@pytest.fixture
def person(provider: Provider) -> User:
    """Somebody new, with a password."""
    return provider.add_user(f"person-{len(provider.audit())}")


def after_password(rp: RelyingParty, user: User):
    return rp.log_in(rp.authorize(), username=user.username)


def fields_on(page) -> dict[str, str]:
    tags = re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', page.get_data(True))
    return {name: unescape(value) for name, value in tags}


@spec("RFC 6238 §5.2", "ASVS 5.0 V6.5.1")
@pytest.mark.parametrize("windows", [1, 5])
def test_one_code_of_an_app_opens_one_session(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events: Events, windows: int
):
    """In one window, and in several half-done sign-ins of browsers that know nothing of another."""
    user = provider.add_user(f"app-{windows}")
    code = provider.code(provider.add_totp(user))
    requests = []
    for _ in range(windows):
        browser = RelyingParty(provider, rp.registered, provider.browser())
        fields = fields_on(after_password(browser, user))
        sent = {**fields, "code": code, "action": "verify"}
        form = post("/login/code", sent, cookies=cookies_of(browser.browser))
        requests += [form] * (TIMES // windows)

    answers = burst(server.port, requests)

    assert_one_won(provider, user, answers)
    counted = events()
    assert (counted["totp.accepted"], counted["session.opened"]) == (1, 1)


@spec("ASVS 5.0 V6.5.1")
def test_one_recovery_code_opens_one_session(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events: Events, person: User
):
    provider.add_totp(person)
    with provider.context() as ctx:
        code = recovery.regenerate(ctx, person.id)[0]
    fields = fields_on(after_password(rp, person))
    sent = {**fields, "recovery_code": code, "action": "use_recovery_code"}

    answers = burst(
        server.port, [post("/login/recovery", sent, cookies=cookies_of(rp.browser))] * TIMES
    )

    assert_one_won(provider, person, answers)
    counted = events()
    assert (counted["recovery_code.used"], counted["session.opened"]) == (1, 1)
    with provider.context() as ctx:
        assert recovery.remaining(ctx, person.id) == recovery.CODES - 1


@spec("WebAuthn §13.4.3", "ASVS 5.0 V6.5.1")
@pytest.mark.parametrize("step", ["alone", "beside a password"])
def test_one_answer_of_a_passkey_opens_one_session(
    rp: RelyingParty, provider: Provider, server: ProviderProcess, events: Events, step: str
):
    user, key = provider.add_user(f"key-{step[:5]}"), Authenticator()
    bind(provider, user, key)
    page = rp.authorize() if step == "alone" else after_password(rp, user)
    asked = asked_on(page)
    sent = {**asked.fields, "credential": key.get(asked.options)}

    answers = burst(server.port, [post(asked.action, sent, cookies=cookies_of(rp.browser))] * TIMES)

    assert_one_won(provider, user, answers)
    counted = events()
    assert (counted["passkey.accepted"], counted["session.opened"]) == (1, 1)
    assert counted["passkey.suspected"] == 0


@spec("WebAuthn §7.1")
def test_one_new_passkey_is_bound_once_and_its_codes_are_shown_once(
    provider: Provider, server: ProviderProcess, events: Events, rp: RelyingParty, person: User
):
    page = binding_page(rp, provider, person)
    asked = asked_on(page)
    sent = {**asked.fields, "credential": Authenticator().create(asked.options)}

    answers = burst(server.port, [post(asked.action, sent, cookies=cookies_of(rp.browser))] * 40)

    assert {each.status for each in answers} <= {200, 303}
    counted = events()
    assert counted["passkey.added"] == 1
    assert counted["recovery_codes.made"] == 1
    assert sum(b'id="page-recovery-codes"' in each.body for each in answers) == 1


def binding_page(rp: RelyingParty, provider: Provider, user: User):
    """Return the page on which a signed-in person binds a passkey."""
    page = rp.log_in(rp.follow(rp.get("/account/authenticators")), username=user.username)
    csrf = fields_on(page)["csrf_token"]
    answered = rp.browser.post("/account/passkey", data={"csrf_token": csrf}, base_url=ISSUER)
    return rp.follow(answered)


# Without the throttle: the row alone decides.


def at_once(provider: Provider, act: Callable[[RequestContext], object]) -> list[object]:
    """Let a hundred requests do the same, none before all of them are there."""
    ready = Barrier(TIMES)

    def one(_: int) -> object:
        ready.wait()
        with provider.context() as ctx:
            return act(ctx)

    with ThreadPoolExecutor(TIMES) as pool:
        return list(pool.map(one, range(TIMES)))


def test_of_a_hundred_looks_at_one_code_one_takes_it(
    provider: Provider, events: Events, person: User
):
    code = provider.code(provider.add_totp(person))

    answers = at_once(provider, lambda ctx: totp.verify(ctx, person.id, code))

    assert Counter(answers) == {True: 1, False: TIMES - 1}
    assert events()["totp.accepted"] == 1


def test_of_a_hundred_uses_of_one_recovery_code_one_counts(
    provider: Provider, events: Events, person: User
):
    with provider.context() as ctx:
        code = recovery.regenerate(ctx, person.id)[0]

    answers = at_once(provider, lambda ctx: recovery.use(ctx, person.id, code))

    assert Counter(answers) == {True: 1, False: TIMES - 1}
    assert events()["recovery_code.used"] == 1


def test_of_a_hundred_ends_of_one_half_done_sign_in_one_opens_it(provider: Provider, person: User):
    browser = digest("the cookie of a browser")
    with provider.context() as ctx:
        attempt_id = begin_attempt(ctx, person.id, ("pwd",), browser)
        found = find_attempt(ctx, attempt_id, browser, Browser(None, None, None))
    assert found is not None

    answers = at_once(provider, lambda ctx: finish_attempt(ctx, found[0]))

    assert Counter(answers) == {True: 1, False: TIMES - 1}
