"""The API of docs/step-up.md, against a real provider, and a client that does as it is told."""

import re
from pathlib import Path

import httpx2
import pytest
from flask import Flask

from idp.resource_server import Unreachable, keys
from tests.app import Provider, RelyingParty, claims_of, make_provider
from tests.protocol.parties import page_of
from tests.support.spec import spec

PAGE = Path(__file__).parents[2] / "docs/step-up.md"


@pytest.fixture
def provider(database_url, tmp_path) -> Provider:
    return make_provider(database_url, tmp_path)


@pytest.fixture
def api(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """What the page shows, word for word; only the network and the clock are the test's."""
    network = httpx2.Client(transport=httpx2.WSGITransport(app=provider.app))
    monkeypatch.setattr(keys, "new_client", lambda: network)
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(example.splitlines()) <= 20
    shown: dict = {}
    exec(compile(example, PAGE.name, "exec"), shown)
    shown["tokens"]._clock = provider.clock
    made: Flask = shown["api"]
    made.testing = True
    return made


def transfer(api: Flask, token: str | None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return api.test_client().post("/transfers", headers=headers)


def challenge_of(response) -> dict[str, str]:
    return dict(re.findall(r'(\w+)="([^"]*)"', response.headers["WWW-Authenticate"]))


@spec("RFC 9470 §2", "RFC 9470 §3", "RFC 9470 §4", "RFC 9470 §6.1", "RFC 9068 §4")
def test_a_client_that_passes_the_challenge_on_gets_through(provider: Provider, api: Flask):
    ada = provider.add_user()
    rp = RelyingParty(provider, provider.add_client(first_party=True), provider.browser())
    weak = rp.sign_in()["access_token"]
    secret = provider.add_totp(ada)

    refused = transfer(api, weak)
    assert refused.status_code == 401
    assert refused.get_json() == {"error": "insufficient_user_authentication"}
    said = challenge_of(refused)
    assert (said["acr_values"], said["max_age"]) == ("mfa", "300")

    page = rp.authorize(acr_values=said["acr_values"], max_age=said["max_age"])
    assert page_of(page) == "login-code"
    answer = rp.answer(rp.submit(page, code=provider.code(secret)))
    strong = rp.redeem(answer["code"]).get_json()["access_token"]
    done = transfer(api, strong)

    assert done.get_json() == {"paid_by": claims_of(strong)["sub"]}


@spec("RFC 9470 §3")
def test_a_proof_of_long_ago_is_asked_for_again(provider: Provider, api: Flask):
    secret = provider.add_totp(provider.add_user())
    rp = RelyingParty(provider, provider.add_client(first_party=True), provider.browser())
    page = rp.log_in(rp.authorize())
    rp.answer(rp.submit(page, code=provider.code(secret)))
    provider.clock.forward(minutes=6)
    old = rp.redeem(rp.answer(rp.authorize())["code"]).get_json()["access_token"]
    assert claims_of(old)["acr"] == "mfa"

    said = challenge_of(transfer(api, old))
    page = rp.authorize(acr_values=said["acr_values"], max_age=said["max_age"])
    assert page_of(page) == "login"
    page = rp.log_in(page)
    answer = rp.answer(rp.submit(page, code=provider.code(secret)))
    fresh = rp.redeem(answer["code"]).get_json()["access_token"]

    assert transfer(api, fresh).status_code == 200


@spec("RFC 6750 §3.1", "RFC 9068 §5")
def test_what_is_no_access_token_does_not_get_through(provider: Provider, api: Flask):
    provider.add_user()
    rp = RelyingParty(provider, provider.add_client(first_party=True), provider.browser())
    tokens = rp.sign_in(scope="email openid")

    assert transfer(api, None).headers["WWW-Authenticate"] == "Bearer"
    assert transfer(api, tokens["id_token"]).get_json() == {"error": "invalid_token"}
    provider.clock.forward(minutes=6)
    assert transfer(api, tokens["access_token"]).get_json() == {"error": "invalid_token"}


def test_without_the_provider_nothing_is_accepted(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, api: Flask
):
    provider.add_user()
    rp = RelyingParty(provider, provider.add_client(first_party=True), provider.browser())
    token = rp.sign_in()["access_token"]
    monkeypatch.setattr(provider.app, "wsgi_app", lambda _, start: start("503 Away", []) and [])

    with pytest.raises(Unreachable):
        transfer(api, token)
