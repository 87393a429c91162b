"""A client that is switched off gets nothing, and what it had is void."""

import pytest

from idp.protocol.clients import service
from tests.protocol.parties import party, reasons
from tests.protocol.refreshing import BOTH, ended, refresh, refused

ALL = (*BOTH, "client_credentials")


@pytest.fixture
def rp(provider):
    provider.add_user()
    return party(provider, grant_types=ALL, scope=("openid", "api"))


def disable(provider, rp):
    with provider.context() as ctx:
        return service.disable(ctx, rp.client_id)


def enable(provider, rp):
    with provider.context() as ctx:
        return service.enable(ctx, rp.client_id)


def test_nothing_is_given_to_it_and_nothing_of_it_is_accepted(provider, rp):
    tokens, code = rp.sign_in(), rp.code()

    assert disable(provider, rp)

    for answer in (
        rp.redeem(code),
        refresh(rp, tokens["refresh_token"]),
        rp.token(grant_type="client_credentials"),
    ):
        assert refused(answer) == (401, "invalid_client")
    assert rp.userinfo(tokens["access_token"]).status_code == 401
    assert "switched off" in rp.authorize().get_data(as_text=True)
    assert set(ended(provider)) == {"client_disabled"}


def test_nobody_is_sent_to_a_client_that_is_switched_off(provider, rp):
    page = rp.authorize()
    disable(provider, rp)
    provider.clock.forward(seconds=3)

    assert rp.log_in(page).status_code == 400


def test_another_node_with_an_old_copy_gives_it_nothing(provider, sibling, rp):
    tokens = rp.sign_in()
    rp.provider = sibling
    assert rp.token(grant_type="client_credentials").status_code == 200

    disable(provider, rp)

    assert refused(rp.token(grant_type="client_credentials")) == (401, "invalid_client")
    assert refused(refresh(rp, tokens["refresh_token"])) == (401, "invalid_client")


def test_what_was_void_stays_so_when_it_is_enabled_again(provider, rp):
    tokens = rp.sign_in()
    disable(provider, rp)

    assert enable(provider, rp)

    assert refused(refresh(rp, tokens["refresh_token"])) == (400, "invalid_grant")
    assert reasons(provider)[-1] == "grant_ended:client_disabled"
    assert rp.sign_in()


def test_doing_it_twice_says_so(provider, rp):
    assert [disable(provider, rp), disable(provider, rp)] == [True, False]
    assert [enable(provider, rp), enable(provider, rp)] == [True, False]
    assert [n for n in provider.event_names() if n.startswith("client.")][1:] == [
        "client.disabled",
        "client.enabled",
    ]


def test_there_must_be_such_a_client(provider):
    with provider.context() as ctx, pytest.raises(service.NoSuchClient):
        service.disable(ctx, "nobody")
