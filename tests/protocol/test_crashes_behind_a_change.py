"""A crash behind a change hurts nobody: what was not answered can be asked for again (I9)."""

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from idp.protocol import responses
from idp.protocol.token_endpoint import answer
from tests.app import RelyingParty
from tests.protocol.refreshing import confidential, public, refresh, refreshed

__all__ = ["confidential", "public"]

Crashing = Callable[[Callable[[], TestResponse]], None]


@pytest.fixture
def crashing(monkeypatch: pytest.MonkeyPatch) -> Crashing:
    """Ask for something whose answer falls to pieces when all that leads to it is done."""

    def crash(*_: object, **__: object) -> None:
        raise ArithmeticError

    def ask(request: Callable[[], TestResponse]) -> None:
        with monkeypatch.context() as patching:
            patching.setattr(answer, "bearer_answer", crash)
            patching.setattr(responses, "to_client", crash)
            assert request().status_code == 500

    return ask


def test_a_code_is_not_burnt(confidential: RelyingParty, crashing: Crashing):
    code = confidential.code()

    crashing(lambda: confidential.redeem(code))

    assert "grant.redeemed" not in confidential.provider.event_names()
    assert confidential.redeem(code).status_code == 200


def test_a_client_with_a_secret_gets_the_successor_when_it_asks_again(
    confidential: RelyingParty, crashing: Crashing
):
    token = confidential.sign_in()["refresh_token"]

    crashing(lambda: refresh(confidential, token))
    confidential.provider.clock.forward(minutes=30)

    assert refreshed(confidential, refreshed(confidential, token)["refresh_token"])
    assert "grant.ended" not in confidential.provider.event_names()


def test_a_client_without_one_has_all_the_time_of_its_token(
    public: RelyingParty, crashing: Crashing
):
    token = public.sign_in()["refresh_token"]

    crashing(lambda: refresh(public, token))
    public.provider.clock.forward(minutes=30)

    assert refreshed(public, token)
    assert public.provider.event_names()[-1] == "refresh_token.rotated"


def test_an_authorization_can_be_asked_for_again(confidential: RelyingParty, crashing: Crashing):
    confidential.sign_in()

    crashing(confidential.authorize)

    assert confidential.redeem(confidential.code()).status_code == 200


def test_each_event_beside_its_change_says_what_the_change_was(confidential: RelyingParty):
    token = confidential.sign_in()["refresh_token"]
    refreshed(confidential, token)
    refreshed(confidential, token)

    *_, opened, redeemed, rotated, retried = confidential.provider.audit()
    grant = {"grant_id": opened.data["grant_id"]}
    assert [event.name for event in (opened, redeemed, rotated, retried)] == [
        "grant.opened",
        "grant.redeemed",
        "refresh_token.rotated",
        "refresh_token.retried",
    ]
    assert {(event.client_id, event.sid, event.user_id) for event in (redeemed, rotated)} == {
        (opened.client_id, opened.sid, opened.user_id)
    }
    assert opened.client_id == confidential.registered.client.client_id
    assert opened.data == grant | {"scope": ["openid"]}
    assert redeemed.data == grant
    assert rotated.data == retried.data == grant | {"generation": 2}
