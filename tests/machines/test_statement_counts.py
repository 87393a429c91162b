"""What each operation says to the database, caches warm (DESIGN §5): noise cannot move that.

The second number is how many BEGIN, COMMIT and ROLLBACK frame it: on PostgreSQL each is a round
trip as well.
"""

import re

import pytest

from idp.store.database import Database
from tests.app import CALLBACK, Provider, RelyingParty, make_provider
from tests.machines.statements import Conversation, overheard
from tests.protocol.parties import party
from tests.protocol.refreshing import BOTH, refresh, refreshed
from tests.support.dpop import USERINFO, Holder, new_key


@pytest.fixture
def provider(database_url, tmp_path):
    # In process, on a clock that stands still: a copy never grows old while it is counted.
    made = make_provider(database_url, tmp_path)
    yield made
    made.house.get(Database).engine.dispose()


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    """A third-party client that ada agreed to, and her signed-in browser."""
    provider.add_user()
    party = RelyingParty(
        provider,
        provider.add_client(
            grant_types=("authorization_code", "refresh_token", "client_credentials"),
            scope=("openid", "api", "offline_access"),
        ),
        provider.browser(),
    )
    party.sign_in()
    return party


def counts(heard: Conversation) -> tuple[int, int]:
    return len(heard.work), len(heard.frames)


HOLDER = Holder()
VERB = r"(INSERT) INTO (\w+)|(UPDATE) (\w+)|(SELECT|DELETE) .*?FROM (\w+)"
# On PostgreSQL a change and its event are one statement.
SHAPE = re.compile(rf"(?:^|^WITH changed AS \(|, noted AS \()(?:{VERB})")


def verbs(heard: Conversation) -> list[str]:
    """Each change's or question's verb and its table."""
    matches = [match for each in heard.work for match in SHAPE.finditer(each)]
    return [" ".join(filter(None, match.groups())) for match in matches]


def by_database(provider: Provider, *, sqlite: object, postgresql: object) -> object:
    """What is expected of this provider's kind of database."""
    return {"sqlite": sqlite, "postgresql": postgresql}[
        provider.house.get(Database).engine.dialect.name
    ]


@pytest.mark.parametrize(
    "path",
    ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"],
)
def test_documents_ask_nothing(rp: RelyingParty, provider: Provider, path: str):
    with overheard(provider) as heard:
        for _ in range(5):
            assert rp.get(path).status_code == 200

    assert counts(heard) == (0, 0)


def test_the_keys_are_read_once_in_a_while_by_whatever_comes_first(
    rp: RelyingParty, provider: Provider
):
    provider.clock.forward(seconds=5)

    with overheard(provider) as heard:
        for _ in range(5):
            assert rp.get("/jwks").status_code == 200

    assert verbs(heard) == ["SELECT signing_keys"]


def test_client_credentials_only_write_the_audit_event(rp: RelyingParty, provider: Provider):
    with overheard(provider) as heard:
        assert rp.token(grant_type="client_credentials").status_code == 200

    assert verbs(heard) == ["INSERT audit_events"]
    assert counts(heard) == (1, 0)


def test_userinfo_asks_once_and_opens_no_transaction(rp: RelyingParty, provider: Provider):
    token = rp.sign_in()["access_token"]

    with overheard(provider) as heard:
        assert rp.userinfo(token).status_code == 200

    assert verbs(heard) == ["SELECT grants"]
    assert counts(heard) == (1, 0)


def proved(rp: RelyingParty, *request: str, **said) -> str:
    return HOLDER.proof(*request, now=rp.provider.clock.now, **said)


def test_a_proof_costs_one_statement_where_tokens_are_given(rp: RelyingParty, provider: Provider):
    code = rp.code()

    with overheard(provider) as alone:
        assert rp.token(proved(rp), grant_type="client_credentials").status_code == 200
    with overheard(provider) as exchanging:
        assert rp.redeem(code, proved(rp)).status_code == 200

    assert verbs(alone) == ["INSERT spent", "INSERT audit_events"]
    assert verbs(exchanging) == ["INSERT spent", "UPDATE grants", "INSERT audit_events"]
    assert (counts(alone), counts(exchanging)) == by_database(
        provider, sqlite=((2, 0), (3, 2)), postgresql=((2, 0), (2, 2))
    )


def test_a_proof_costs_one_statement_where_a_token_is_shown(rp: RelyingParty, provider: Provider):
    token = rp.redeem(rp.code(), proved(rp)).get_json()["access_token"]
    proof = proved(rp, "GET", USERINFO, access_token=token)

    with overheard(provider) as heard:
        assert rp.userinfo(token, proof, scheme="DPoP").status_code == 200

    assert verbs(heard) == ["INSERT spent", "SELECT grants"]
    assert counts(heard) == (2, 0)


def test_a_worthless_proof_or_token_asks_nothing(rp: RelyingParty, provider: Provider):
    token = rp.redeem(rp.code(), proved(rp)).get_json()["access_token"]
    stranger = Holder(new_key("stranger"))
    now = provider.clock.now
    theirs = stranger.proof("GET", USERINFO, access_token=token, now=now)
    lie = proved(rp, htm="GET")

    with overheard(provider) as heard:
        assert rp.token(lie, grant_type="client_credentials").status_code == 400
        assert rp.userinfo(token).status_code == 401
        assert rp.userinfo(token, scheme="DPoP").status_code == 401
        assert rp.userinfo(token, theirs, scheme="DPoP").status_code == 401
        assert rp.userinfo(token[:-4] + "AAAA", theirs, scheme="DPoP").status_code == 401

    assert counts(heard) == (0, 0)


def test_a_forged_token_or_code_asks_nothing(rp: RelyingParty, provider: Provider):
    head, body, signature = rp.sign_in()["access_token"].split(".")

    with overheard(provider) as heard:
        assert rp.userinfo(f"{head}.{body}.{signature[::-1]}").status_code == 401
        assert rp.userinfo("no.token.atall").status_code == 401

    assert counts(heard) == (0, 0)


def test_an_authorization_with_a_live_session_and_its_exchange_take_five_statements(
    rp: RelyingParty, provider: Provider
):
    """For a third-party client, whose standing consent is read with the session."""
    with overheard(provider) as authorizing:
        response = rp.authorize()
    assert response.headers["Location"].startswith(CALLBACK)
    with overheard(provider) as exchanging:
        assert rp.redeem(rp.answer(response)["code"]).status_code == 200

    assert verbs(authorizing) == ["SELECT sessions", "INSERT grants", "INSERT audit_events"]
    assert verbs(exchanging) == ["UPDATE grants", "INSERT audit_events"]
    assert (counts(authorizing), counts(exchanging)) == by_database(
        provider, sqlite=((3, 2), (2, 2)), postgresql=((2, 0), (1, 2))
    )


@pytest.mark.parametrize("scope", ["openid", "openid offline_access"])
def test_a_refresh_rotates_and_is_recorded(rp: RelyingParty, provider: Provider, scope: str):
    token = rp.sign_in(scope=scope, prompt="consent")["refresh_token"]

    with overheard(provider) as rotating:
        first = refreshed(rp, token)
    with overheard(provider) as retrying:
        again = refreshed(rp, token)

    assert again["refresh_token"] == first["refresh_token"]
    for heard in (rotating, retrying):
        assert verbs(heard) == ["UPDATE grants", "INSERT audit_events"]
        assert counts(heard) == by_database(provider, sqlite=(2, 2), postgresql=(1, 0))


def test_a_public_client_rotates_with_its_answer_or_not_at_all(provider: Provider):
    """Its retry is welcome for seconds only, so that a crash must not have rotated."""
    provider.add_user()
    rp = party(provider, grant_types=BOTH, token_endpoint_auth_method="none")
    token = rp.sign_in()["refresh_token"]

    with overheard(provider) as heard:
        refreshed(rp, token)

    assert counts(heard) == by_database(provider, sqlite=(2, 2), postgresql=(1, 2))


def test_a_refresh_counts_as_activity_of_its_session_now_and_then(
    rp: RelyingParty, provider: Provider
):
    token = rp.sign_in()["refresh_token"]
    provider.clock.forward(minutes=7)
    rp.get("/jwks")
    rp.token(grant_type="client_credentials")

    with overheard(provider) as first:
        token = refreshed(rp, token)["refresh_token"]
    with overheard(provider) as second:
        refreshed(rp, token)

    assert "UPDATE sessions" in verbs(first)
    assert "UPDATE sessions" not in verbs(second)


def test_a_forged_refresh_token_asks_nothing(rp: RelyingParty, provider: Provider):
    token = rp.sign_in()["refresh_token"]

    with overheard(provider) as heard:
        other = "B" if token[30] == "A" else "A"
        assert refresh(rp, token[:30] + other + token[31:]).status_code == 400

    assert counts(heard) == (0, 0)


def test_a_client_that_is_not_in_the_copies_costs_one_more_statement(
    rp: RelyingParty, provider: Provider
):
    provider.clock.forward(seconds=2)

    with overheard(provider) as heard:
        assert rp.token(grant_type="client_credentials").status_code == 200

    assert verbs(heard) == ["SELECT clients", "INSERT audit_events"]


def test_activity_is_written_once_in_a_tenth_of_the_idle_time(rp: RelyingParty, provider: Provider):
    provider.clock.forward(minutes=7)
    rp.get("/jwks")
    rp.token(grant_type="client_credentials")

    with overheard(provider) as first:
        rp.authorize()
    with overheard(provider) as second:
        rp.authorize()

    assert "UPDATE sessions" in verbs(first)
    assert "UPDATE sessions" not in verbs(second)
