"""What asking about a token, and giving one back, say to the database (DESIGN §5; RFC 7662 §4)."""

import pytest

from idp.store.database import Database
from tests.app import Provider, RelyingParty, make_provider
from tests.machines.statements import Conversation, overheard
from tests.protocol.parties import party
from tests.protocol.refreshing import BOTH
from tests.support.spec import spec

API = "https://api.example.test"


@pytest.fixture
def provider(database_url, tmp_path):
    # In process, on a clock that stands still: a copy never grows old while it is counted.
    made = make_provider(database_url, tmp_path)
    yield made
    made.house.get(Database).engine.dispose()


@pytest.fixture
def app(provider: Provider) -> RelyingParty:
    provider.add_user()
    return party(provider, grant_types=BOTH, resources=(API,), first_party=True)


@pytest.fixture
def api(provider: Provider) -> RelyingParty:
    """A resource server that has asked before."""
    made = party(
        provider,
        grant_types=("client_credentials",),
        redirect_uris=(),
        scope=("api",),
        audiences=(API,),
    )
    assert made.introspect("x").status_code == 200
    return made


def counts(heard: Conversation) -> tuple[int, int]:
    return len(heard.work), len(heard.frames)


def test_a_live_token_takes_one_statement_and_no_transaction(provider, app, api):
    bought = app.sign_in(resource=API)
    own = api.token(grant_type="client_credentials").get_json()["access_token"]

    for asker, token in (
        (api, bought["access_token"]),
        (app, bought["access_token"]),
        (app, bought["refresh_token"]),
        (api, own),
    ):
        with overheard(provider) as heard:
            assert asker.introspect(token).get_json()["active"] is True
        assert counts(heard) == (1, 0)


@spec("RFC 7662 §4", "RFC 7662 §2.2")
@pytest.mark.parametrize("accept", ["application/json", "application/token-introspection+jwt"])
def test_garbage_and_what_belongs_to_others_are_told_apart_by_nothing(provider, app, api, accept):
    """Neither by the answer nor by its headers, nor by what it asks of the database."""
    old = app.sign_in(resource=API)
    provider.clock.forward(minutes=6)
    live, given_back = app.sign_in(), app.sign_in(resource=API)
    app.revoke(given_back["access_token"])
    replaced = app.sign_in()["refresh_token"]
    app.token(grant_type="refresh_token", refresh_token=replaced)
    opaque = party(provider, grant_types=BOTH, access_token_format="opaque", first_party=True)
    head, body, signature = live["access_token"].split(".")
    inactive = {
        "expired": old["access_token"],
        "foreign": live["access_token"],
        "foreign, opaque": opaque.sign_in()["access_token"],
        "foreign, to refresh": live["refresh_token"],
        "foreign, replaced": replaced,
        "revoked": given_back["access_token"],
        "an ID token": live["id_token"],
        "a code": app.code(),
        "a forged JWT": f"{head}.{body}.{signature[::-1]}",
        "a forged refresh token": "idp_rt_" + "A" * 70,
        "a forged opaque token": "idp_at_" + "A" * 300,
        "garbage": "garbage",
        "long": "A" * 9000,
    }
    api.introspect("x")

    seen = set()
    for token in inactive.values():
        with overheard(provider) as heard:
            answer = api.introspect(token, accept=accept)
        # A signature is another one each time, and says no more than what it signs.
        said = answer.get_data(as_text=True).rpartition(".")[0] or answer.get_data(as_text=True)
        told = [(n, v) for n, v in answer.headers if n != "Content-Length"]
        seen.add((answer.status_code, said, len(answer.data), str(told), tuple(heard.said)))

    assert len(seen) == 1
    assert counts(heard) == (1, 0)


def test_giving_back_takes_two_statements_at_most(provider, app):
    """On PostgreSQL a grant ends, and is recorded, by one statement that needs no frame."""
    bought, code = app.sign_in(), app.code()
    own = party(provider, grant_types=("client_credentials",), scope=("api",), redirect_uris=())
    mine = own.token(grant_type="client_credentials").get_json()["access_token"]

    with provider.context() as ctx:
        grant = (1, 0) if ctx.db.dialect == "postgresql" else (2, 2)

    for asker, token, wanted in (
        (app, bought["access_token"], (2, 2)),
        (app, bought["refresh_token"], grant),
        (app, code, grant),
        (own, mine, (2, 2)),
    ):
        with overheard(provider) as heard:
            assert asker.revoke(token).status_code == 200
        assert counts(heard) == wanted


def test_giving_back_what_is_void_or_was_never_ours_takes_no_more(provider, app):
    bought = app.sign_in()
    app.revoke(bought["refresh_token"])

    for token, statements in ((bought["refresh_token"], 2), ("idp_rt_" + "A" * 70, 0), ("x", 0)):
        with overheard(provider) as heard:
            assert app.revoke(token).status_code == 200
        assert len(heard.work) == statements
