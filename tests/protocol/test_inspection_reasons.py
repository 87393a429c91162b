"""For each thing that can happen, why each kind of token is not good any more."""

import pytest
from sqlalchemy import delete

from idp.protocol.clients import service as clients
from idp.store import consents
from idp.store.schema import grants, sessions, users
from tests.app import Provider, RelyingParty, claims_of
from tests.protocol.looking import taken, why
from tests.protocol.parties import disable, end_session, party, session_of
from tests.protocol.refreshing import BOTH, OFFLINE


@pytest.fixture
def app(provider: Provider) -> RelyingParty:
    provider.add_user()
    return party(provider, grant_types=BOTH, scope=OFFLINE)


def end_family(provider, app, found):
    for token in ("refresh_token", "code"):
        app.revoke(found[token])


def sign_out(provider, app, found):
    end_session(provider, session_of(provider))


def disable_user(provider, app, found):
    disable(provider, claims_of(found["id_token"])["sub"])


def delete_user(provider, app, found):
    with provider.context() as ctx:
        ctx.db.write(delete(users))


def disable_client(provider, app, found):
    with provider.context() as ctx:
        clients.disable(ctx, app.client_id)


def delete_client(provider, app, found):
    with provider.context() as ctx:
        clients.delete(ctx, app.client_id)


def take_consent_back(provider, app, found):
    with provider.context() as ctx:
        assert consents.remove(ctx.db, claims_of(found["id_token"])["sub"], app.client_id)


def purge_session(provider, app, found):
    with provider.context() as ctx:
        ctx.db.write(delete(sessions))


def purge_grant(provider, app, found):
    with provider.context() as ctx:
        ctx.db.write(delete(grants))


def idle(provider, app, found):
    provider.clock.forward(minutes=61)


def old(provider, app, found):
    provider.clock.forward(hours=13)


def raise_floor(provider, app, found):
    with provider.context() as ctx:
        clients.change(ctx, app.client_id, {"require_acr": "mfa"})


def revoke_one(provider, app, found):
    app.revoke(found["access_token"])


def redeem_it(provider, app, found):
    assert app.redeem(found["code"]).status_code == 200


KINDS = ("code", "refresh_token", "access_token", "id_token")
GONE = ("grant_gone", "grant_gone", "grant_gone", "")
DISABLED = "grant_ended:client_disabled client_disabled"
# What happens, and the reasons of each kind after it.
REASONS = (
    (end_family, *("grant_ended:client_revoked",) * 3, ""),
    (sign_out, *("session_ended:admin",) * 4),
    (disable_user, *("user_disabled",) * 4),
    (delete_user, "grant_gone", "grant_gone", "grant_gone", "user_gone"),
    (disable_client, *(DISABLED,) * 3, ""),
    (delete_client, *GONE),
    (take_consent_back, *("consent_revoked",) * 3, ""),
    (purge_session, *("session_gone",) * 4),
    (purge_grant, *GONE),
    (
        idle,
        "expired session_idle_too_long",
        "session_idle_too_long",
        "expired session_idle_too_long",
        "expired session_idle_too_long",
    ),
    (
        old,
        "expired session_too_old",
        "session_too_old",
        "expired session_too_old",
        "expired session_too_old",
    ),
    (raise_floor, "", "acr_too_low:mfa", "", ""),
    (revoke_one, "", "", "revoked", ""),
    (redeem_it, "code_redeemed", "", "", ""),
)


@pytest.mark.parametrize(
    ("happens", "reasons"),
    [(each[0], each[1:]) for each in REASONS],
    ids=lambda each: each.__name__ if callable(each) else "",
)
def test_every_reason_is_told_for_each_kind(provider, app, happens, reasons):
    found = taken(app)

    happens(provider, app, found)

    told = tuple(" ".join(why(provider, found[kind])) for kind in KINDS)
    assert told == reasons
