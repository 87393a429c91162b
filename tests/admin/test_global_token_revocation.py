"""Everything of one user, named by a subject identifier (RFC 9493)."""

import pytest

from tests.admin.world import GLOBAL, World
from tests.app import ISSUER
from tests.protocol.parties import token_error
from tests.support.spec import spec

HOST = ISSUER.removeprefix("https://")
UNKNOWN, MALFORMED = (404, "not_found"), (400, "invalid_request")


def names_of_ada(user):
    email = {"format": "email", "email": "ADA@example.test"}
    opaque = {"format": "opaque", "id": user.id}
    return {
        "iss_sub": {"format": "iss_sub", "iss": ISSUER, "sub": user.id},
        "opaque": opaque,
        "email": email,
        "account": {"format": "account", "uri": f"acct:ada@{HOST}"},
        "account, spelled otherwise": {"format": "account", "uri": f"ACCT:%41da@{HOST.upper()}"},
        "aliases": {"format": "aliases", "identifiers": [email, opaque]},
        "aliases, one of them unknown": {
            "format": "aliases",
            "identifiers": [{"format": "opaque", "id": "nobody"}, opaque],
        },
    }


@spec("RFC 9493 §3.2", "RFC 9493 §3.2.8")
def test_each_format_finds_the_user(provider, admin):
    user = provider.add_user()
    for name, sub_id in names_of_ada(user).items():
        response = admin.post({"sub_id": sub_id}, GLOBAL)
        assert (response.status_code, response.data) == (204, b""), name
    told = [e for e in provider.audit() if e.name == "tokens.revoked"]
    assert {e.user_id for e in told} == {user.id}
    assert told[0].data["selector"] == {"sub_id": "iss_sub"}


def test_all_of_the_user_ends_and_nothing_of_another(world: World):
    sub_id = names_of_ada(world.users["ada"])["email"]

    assert world.admin.post({"sub_id": sub_id}, GLOBAL).status_code == 204

    dead = world.dead()
    assert {name for name in (*world.tokens, *world.browsers) if name.startswith("ada")} == dead
    ended = [e for e in world.provider.audit() if e.name in ("session.ended", "grant.ended")]
    assert {e.data["reason"] for e in ended} == {"admin:global_token_revocation"}


@pytest.mark.parametrize(
    "sub_id",
    [
        {"format": "opaque", "id": "nobody"},
        {"format": "iss_sub", "iss": "https://other.test", "sub": "ADA"},
        {"format": "email", "email": "unproved@example.test"},
        {"format": "email", "email": "nobody@example.test"},
        {"format": "account", "uri": "acct:ada@other.test"},
        {"format": "account", "uri": f"acct:nobody@{HOST}"},
        {"format": "aliases", "identifiers": [{"format": "opaque", "id": "nobody"}]},
    ],
)
@spec("RFC 9493 §3.2")
def test_a_subject_that_nobody_knows_is_said_to_be_unknown(provider, admin, sub_id):
    user = provider.add_user()
    provider.add_user("eve", email="unproved@example.test", email_verified=False)
    if sub_id.get("sub") == "ADA":
        sub_id = sub_id | {"sub": user.id}

    assert token_error(admin.post({"sub_id": sub_id}, GLOBAL)) == UNKNOWN


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sub_id": "ada"},
        {"sub_id": {}},
        {"sub_id": {"format": "phone_number", "phone_number": "+4930901820"}},
        {"sub_id": {"format": ["opaque"], "id": "x"}},
        {"sub_id": {"format": "opaque"}},
        {"sub_id": {"format": "opaque", "id": ""}},
        {"sub_id": {"format": "opaque", "id": "\0"}},
        {"sub_id": {"format": "opaque", "id": 7}},
        {"sub_id": {"format": "opaque", "id": "x", "email": "x"}},
        {"sub_id": {"format": "account", "uri": "mailto:ada@example.test"}},
        {"sub_id": {"format": "aliases", "identifiers": []}},
        {"sub_id": {"format": "aliases", "identifiers": "x"}},
        {"sub_id": {"format": "aliases", "identifiers": ["x"]}},
        {"sub_id": {"format": "aliases", "identifiers": [{"format": "aliases"}]}},
        {"sub_id": {"format": "aliases", "identifiers": [{"format": "opaque", "id": "x"}] * 21}},
        {"sub_id": {"format": "opaque", "id": "x"}, "reason": "x"},
        {"subject": {"format": "opaque", "id": "x"}},
    ],
)
@spec("RFC 9493 §3")
def test_a_malformed_request_is_refused(admin, body):
    assert token_error(admin.post(body, GLOBAL)) == MALFORMED


@spec("RFC 9493 §3.2.8")
def test_who_could_be_two_people_is_not_guessed(provider, admin):
    ada, eve = provider.add_user(), provider.add_user("eve", email="ada@example.test")
    both = [{"format": "opaque", "id": each.id} for each in (ada, eve)]

    for sub_id in (
        {"format": "email", "email": "ada@example.test"},
        {"format": "aliases", "identifiers": both},
    ):
        assert token_error(admin.post({"sub_id": sub_id}, GLOBAL)) == (422, "ambiguous_subject")
    assert "tokens.revoked" not in provider.event_names()


def test_discovery_names_the_endpoint(provider):
    document = provider.browser().get("/.well-known/oauth-authorization-server", base_url=ISSUER)
    told = document.get_json()

    assert told["global_token_revocation_endpoint"] == ISSUER + GLOBAL
    assert told["global_token_revocation_endpoint_auth_methods_supported"] == ["Bearer", "DPoP"]
