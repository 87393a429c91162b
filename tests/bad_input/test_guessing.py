"""Who guesses learns nothing about who exists, and no disguise buys another try."""

import re

import pytest

from idp.account.administration import disable_user
from tests.app import ISSUER, PASSWORD, fields_of
from tests.bad_input.strategies import query_of
from tests.bad_input.wire import Wire, fields_on
from tests.support.spec import spec

VARIES = re.compile(
    r'(name="(?:csrf_token|ticket)" value="[^"]*"|nonce="[^"]*"|ticket=[^"&]*|value="[^"]*"|'
    r"&#34;challenge&#34;: ?&#34;[\w-]+&#34;)"
)


@pytest.fixture
def people(provider):
    provider.add_user("ada")
    provider.add_user("gone")
    provider.add_user("left")
    provider.add_user("bare", password=None)
    guarded = provider.add_user("guarded")
    provider.add_totp(guarded)
    with provider.context() as ctx:
        disable_user(ctx, "gone")
        disable_user(ctx, "left")
    return provider


class Guesser:
    """A machine that guesses passwords, with as many faces as it likes."""

    def __init__(self, provider, address: str = "203.0.113.7") -> None:
        self.wire = Wire(provider.app, address=address)
        self.fields = fields_on(self.wire.get("/login"))

    def guess(self, name: str, password: str = "wrong", **headers: str):
        sent = self.fields | {"identifier": name, "password": password}
        return self.wire.post("/login", query_of(sent), headers=headers)


def seen(answer):
    """Everything that a guesser can see, but for what differs on any two pages."""
    headers = sorted(
        (name, re.sub(r"nonce-[\w-]+", "", value))
        for name, value in answer.headers
        if name != "Content-Length"
    )
    return answer.status, headers, VARIES.sub("", answer.text)


ACCOUNTS = {
    "wrong password": ("ada", "wrong"),
    "unknown": ("nobody", "wrong"),
    "disabled, right password": ("gone", PASSWORD),
    "disabled, wrong password": ("left", "wrong"),
    "without a password": ("bare", "wrong"),
    "with a second factor": ("guarded", "wrong"),
    "nonsense": ("\u202e\U0001f600", "wrong"),
}


@spec("ASVS 5.0 V6.3.8")
def test_nothing_tells_whether_an_account_exists_up_to_the_last_wait(people):
    """Status, headers, text and the number of free tries are the same for all."""
    stories = {}
    for number, (what, (name, password)) in enumerate(ACCOUNTS.items()):
        guesser = Guesser(people, f"198.51.100.{number}")
        stories[what] = [seen(guesser.guess(name, password)) for _ in range(8)]
    first = stories.pop("wrong password")
    assert [status for status, _, _ in first] == [200] * 5 + [429] * 3
    for what, story in stories.items():
        assert story == first, what


def test_the_events_alone_know_who_was_tried(people):
    Guesser(people).guess("nobody")
    Guesser(people).guess("gone", PASSWORD)
    failed = [event for event in people.audit() if event.name == "login.failed"]
    assert [event.user_id is None for event in failed] == [True, False]
    assert "nobody" not in str([event.data for event in failed])


DISGUISES = (
    "Ada",
    "ADA",
    " ada ",
    "ada\u00a0",
    "\uff41\uff44\uff41",
    "\U0001d41a\U0001d41d\U0001d41a",
    "\u24d0\u24d3\u24d0",
    "aDa\u3000",
)


@spec("ASVS 6.3.1")
def test_no_spelling_of_a_name_buys_another_try(people):
    guesser = Guesser(people)
    statuses = [guesser.guess(name).status for name in DISGUISES]
    assert statuses == [200] * 5 + [429] * (len(DISGUISES) - 5)
    # Nor is the right password looked at, however the name is spelt.
    assert Guesser(people).guess("ADA", PASSWORD).status == 429


@spec("ASVS 6.3.1")
def test_no_new_browser_and_no_claimed_address_buys_another_try(people):
    statuses = []
    for number in range(8):
        guesser = Guesser(people)
        forwarded = f"10.0.0.{number}"
        headers = {
            "X-Forwarded-For": forwarded,
            "X-Real-IP": forwarded,
            "Forwarded": f"for={forwarded}",
        }
        guesser.wire.jar["__Host-idp_device"] = f"{'A' * 21}{number}.{'B' * 43}"
        statuses.append(guesser.guess("ada", **headers).status)
    assert statuses == [200] * 5 + [429] * 3


def test_a_claimed_address_is_not_written_down(people):
    guesser = Guesser(people, "203.0.113.7")
    guesser.guess("ada", PASSWORD, **{"X-Forwarded-For": "10.9.9.9"})
    assert {event.address for event in people.audit()} & {"203.0.113.7", "10.9.9.9"} == {
        "203.0.113.7"
    }


def test_ones_own_sign_in_does_not_reset_what_one_failed_elsewhere(people):
    """An attacker with an account of his own mixes it in: the victim's counter stays."""
    guesser = Guesser(people)
    statuses = []
    for _ in range(7):
        statuses.append(guesser.guess("ada").status)
        own = Guesser(people)
        own.guess("bare")
    assert statuses == [200] * 5 + [429] * 2


def test_a_stranger_does_not_lock_a_known_device_out(rp, provider):
    rp.log_in(rp.follow(rp.get("/account")))
    rp.browser.post("/account/sign-out", data=fields_of(rp.get("/account")), base_url=ISSUER)
    # Strangers guess from everywhere, this device's own address included.
    for number in range(12):
        for address in ("127.0.0.1", f"203.0.113.{number}"):
            Guesser(provider, address).guess("ada")
    assert Guesser(provider).guess("ada", PASSWORD).status == 429
    page = rp.log_in(rp.follow(rp.get("/account")))
    assert b'id="page-account"' in page.data


def test_a_device_that_knows_one_account_is_a_stranger_to_all_others(rp, provider):
    provider.add_user("mallory")
    rp.log_in(rp.follow(rp.get("/account")), "mallory")
    device = rp.browser.get_cookie("__Host-idp_device", domain="id.example.test").value
    statuses = []
    for _ in range(7):
        guesser = Guesser(provider)
        guesser.wire.jar["__Host-idp_device"] = device
        statuses.append(guesser.guess("ada").status)
    assert statuses == [200] * 5 + [429] * 2


@spec("ASVS 6.3.1")
def test_codes_are_throttled_by_account_across_browsers_and_attempts(rp, provider):
    user = provider.add_user("grace")
    secret = provider.add_totp(user)
    statuses = []
    for number in range(7):
        guesser = Guesser(provider, f"203.0.113.{number}")
        step = guesser.wire.follow(guesser.guess("grace", PASSWORD))
        sent = fields_on(step) | {"code": "000000" if provider.code(secret) != "000000" else "1"}
        statuses.append(guesser.wire.post("/login/code", query_of(sent)).status)
    assert statuses == [200] * 5 + [429] * 2


def test_the_right_code_is_not_looked_at_while_waiting(rp, provider):
    user = provider.add_user("grace")
    secret = provider.add_totp(user)
    guesser = Guesser(provider)
    step = guesser.wire.follow(guesser.guess("grace", PASSWORD))
    fields = fields_on(step)
    for _ in range(6):
        guesser.wire.post("/login/code", query_of(fields | {"code": "nonsense"}))
    answer = guesser.wire.post("/login/code", query_of(fields | {"code": provider.code(secret)}))
    assert answer.status == 429
    assert "__Host-idp_session" not in guesser.wire.jar


def test_client_authentication_does_not_tell_whether_a_client_exists(rp, provider):
    public = provider.add_client(token_endpoint_auth_method="none")
    wire = Wire(provider.app)

    def answer(**form):
        found = wire.post("/token", query_of({"grant_type": "authorization_code"} | form))
        return found.status, found.headers, found.body

    unknown = answer(client_id="nobody", client_secret="x")
    assert unknown[0] == 401
    assert answer(client_id=rp.client_id, client_secret="x") == unknown
    assert answer(client_id=rp.client_id) == unknown
    assert answer(client_id=public.client.client_id, client_secret="x") == unknown
    assert answer(client_id=rp.client_id, client_secret=rp.registered.secret) == unknown
