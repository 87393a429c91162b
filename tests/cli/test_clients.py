"""`idp client ...`."""

import pytest

from idp.cli.answers import pairs, table
from idp.kernel.secrets import digest
from idp.protocol.clients import registry
from idp.store import clients
from tests.cli.conftest import Idp
from tests.support.spec import spec

URI = "https://app.example.test/cb"


def test_a_created_client_is_answered_with_all_that_a_developer_pastes(idp: Idp) -> None:
    made = idp.add_client()

    assert made["discovery"] == "http://localhost:8000/.well-known/openid-configuration"
    assert made["client_secret"].startswith("idp_cs_")
    with idp.inside() as ctx:
        client = registry.find_newest(ctx, made["client_id"])
    assert client is not None
    assert client.secret_hash == digest(made["client_secret"])
    assert client.metadata.redirect_uris == (URI,)


def test_a_secret_is_shown_once(idp: Idp) -> None:
    made = idp.add_client()
    told = idp("client", "show", made["client_id"]) + idp("client", "list", "--json")
    assert made["client_secret"] not in told
    assert made["client_id"] in told


def test_everything_said_about_a_client_is_registered(idp: Idp) -> None:
    made = idp.add_client(
        *("--redirect-uri", "http://127.0.0.1/cb", "--post-logout-redirect-uri", URI),
        *("--first-party", "--grant", "authorization_code", "--grant", "client_credentials"),
        *("--scope", "openid", "--scope", "api.read", "--auth-method", "client_secret_post"),
        *("--id-token-alg", "ES256", "--profile", "oauth21"),
        *("--require-acr", "mfa", "--default-acr", "phr", "--default-acr", "mfa"),
        *("--default-max-age", "3600"),
        *("--client-uri", "https://app.example.test", "--policy-uri", f"{URI}/policy"),
        *("--tos-uri", f"{URI}/terms", "--logo-uri", f"{URI}/logo.svg"),
    )
    kept = idp.json("client", "show", made["client_id"])
    assert (
        kept.items()
        >= {
            "redirect_uris": [URI, "http://127.0.0.1/cb"],
            "post_logout_redirect_uris": [URI],
            "first_party": True,
            "grant_types": ["authorization_code", "client_credentials"],
            "scope": ["openid", "api.read"],
            "token_endpoint_auth_method": "client_secret_post",
            "id_token_signed_response_alg": "ES256",
            "profile": "oauth21",
            "require_acr": "mfa",
            "default_acr_values": ["phr", "mfa"],
            "default_max_age": 3600,
            "client_uri": "https://app.example.test",
            "logo_uri": f"{URI}/logo.svg",
        }.items()
    )


@spec("RFC 6749 §2.1")
def test_a_public_client_has_no_secret_and_gets_none(idp: Idp) -> None:
    made = idp.add_client("--public")
    assert made["client_secret"] is None
    assert made["metadata"]["token_endpoint_auth_method"] == "none"
    said = idp.refused("client", "rotate-secret", made["client_id"])
    assert said == "Error: There is no such client.\n"


def test_public_and_an_authentication_method_exclude_each_other(idp_on_sqlite: Idp) -> None:
    arguments = ("--name", "A", "--redirect-uri", URI, "--public")
    said = idp_on_sqlite.refused(
        *("client", "create", *arguments, "--auth-method", "client_secret_basic"), status=2
    )
    assert "no secret" in said


@spec("RFC 9700 §4.1.3", "RFC 8252 §7.3")
def test_every_fault_of_a_registration_is_told_at_once(idp_on_sqlite: Idp) -> None:
    bad = (
        "http://app.example.test/cb",
        "https://app.example.test/cb#part",
        "https://user@app.example.test/cb",
        "javascript:alert(1)",
        "https://app.example.test/a b",
    )
    said = idp_on_sqlite.refused(
        *("client", "create", "--name", "", "--grant", "password", "--auth-method", "trust"),
        *(part for uri in bad for part in ("--redirect-uri", uri)),
        *("--id-token-alg", "none", "--profile", "lax", "--scope", 'a"b', "--tos-uri", "tos"),
        *("--require-acr", "gold", "--default-acr", "mfa", "--default-acr", "silver"),
    )
    told = said.splitlines()
    assert len(told) == 1 + len(bad) + 9, said
    assert idp_on_sqlite.json("client", "list") == []


def test_a_code_client_without_redirect_uri_is_refused(idp_on_sqlite: Idp) -> None:
    said = idp_on_sqlite.refused("client", "create", "--name", "A")
    assert "needs one" in said


@spec("RFC 6749 §4.4")
def test_a_machine_needs_no_redirect_uri(idp: Idp) -> None:
    idp("client", "create", "--name", "Robot", "--grant", "client_credentials", "--scope", "api")


def test_what_is_said_of_a_client_changes_and_the_rest_stays(idp: Idp) -> None:
    made = idp.add_client("--policy-uri", "https://app.example.test/policy")
    before = idp.json("client", "show", made["client_id"])

    changed = idp.json(
        *("client", "update", made["client_id"], "--name", "Renamed", "--first-party"),
        *("--require-acr", "phr", "--default-acr", "phr", "--default-max-age", "60"),
    )

    assert changed == before | {
        "client_name": "Renamed",
        "first_party": True,
        "require_acr": "phr",
        "default_acr_values": ["phr"],
        "default_max_age": 60,
    }
    assert idp.json("client", "show", made["client_id"]) == changed
    assert [name for name, _, _ in idp.events()] == ["client.created", "client.changed"]


def test_none_takes_a_choice_back(idp: Idp) -> None:
    made = idp.add_client("--require-acr", "mfa", "--default-acr", "mfa", "--client-uri", URI)

    changed = idp.json(
        *("client", "update", made["client_id"], "--require-acr", "none", "--default-acr", "none"),
        *("--default-max-age", "none", "--client-uri", "none", "--third-party"),
    )

    assert changed["require_acr"] is changed["default_max_age"] is changed["client_uri"] is None
    assert changed["default_acr_values"] == []


def test_what_changes_nothing_leaves_no_trace(idp: Idp) -> None:
    made = idp.add_client()
    idp("client", "update", made["client_id"], "--third-party")

    assert [name for name, _, _ in idp.events()] == ["client.created"]


def test_a_change_that_cannot_be_registered_is_refused(idp_on_sqlite: Idp) -> None:
    made = idp_on_sqlite.add_client()
    client_id = made["client_id"]

    faulty = idp_on_sqlite.refused("client", "update", client_id, "--require-acr", "gold")
    assert "required acr: one of sfa, mfa, phr, phrh" in faulty
    public = idp_on_sqlite.refused("client", "update", client_id, "--auth-method", "none")
    assert "keeps it" in public
    unsaid = idp_on_sqlite.refused("client", "update", client_id, status=2)
    assert "Say what" in unsaid
    odd = idp_on_sqlite.refused("client", "update", client_id, "--default-max-age", "1h", status=2)
    assert "whole number" in odd
    assert "no such client" in idp_on_sqlite.refused("client", "update", "x", "--name", "B")


def test_of_two_changes_at_once_neither_undoes_the_other(idp_on_sqlite: Idp) -> None:
    made = idp_on_sqlite.add_client()
    with idp_on_sqlite.inside() as ctx:
        row = clients.find(ctx.db, made["client_id"])
        assert row is not None
        assert clients.change(ctx.db, row.client_id, ctx.now, version=row.version, metadata={})
        assert not clients.change(ctx.db, row.client_id, ctx.now, version=row.version, metadata={})


def test_a_rotated_secret_replaces_the_old_one(idp: Idp) -> None:
    made = idp.add_client()
    fresh = idp.json("client", "rotate-secret", made["client_id"])["client_secret"]
    with idp.inside() as ctx:
        row = clients.find(ctx.db, made["client_id"])
    assert fresh != made["client_secret"]
    assert row is not None
    assert row.secret_hash == digest(fresh)
    assert [name for name, _, _ in idp.events()] == ["client.created", "client.secret_rotated"]


def test_deleting_asks_first_and_no_means_no(idp: Idp) -> None:
    client_id = idp.add_client()["client_id"]
    idp.refused("client", "delete", client_id, stdin="n\n")
    assert [each["client_id"] for each in idp.json("client", "list")] == [client_id]

    result = idp.run("client", "delete", client_id, stdin="y\n")
    assert result.exit_code == 0
    assert idp.json("client", "list") == []


def test_deleting_with_yes_asks_nothing(idp: Idp) -> None:
    client_id = idp.add_client()["client_id"]
    assert idp.json("client", "delete", client_id, "--yes") == {
        "client_id": client_id,
        "deleted": True,
    }


@pytest.mark.parametrize("command", [("show",), ("rotate-secret",), ("delete", "--yes")])
def test_an_unknown_client_is_said_to_be_unknown(
    idp_on_sqlite: Idp, command: tuple[str, ...]
) -> None:
    said = idp_on_sqlite.refused("client", *command, "nobody")
    assert said == "Error: There is no such client.\n"


def test_nothing_that_is_shown_can_steer_the_terminal() -> None:
    told = table(("NAME",), [["Bad\x1b[2JName"]]) + pairs([("name", ["Bad\x9b2JName"])])
    assert all(character.isprintable() or character == "\n" for character in told)


def test_how_its_tokens_are_is_registered_and_taken_back(idp: Idp) -> None:
    api = "https://api.example.test/"
    made = idp.add_client(
        *("--grant", "authorization_code", "--grant", "refresh_token", "--dpop"),
        *("--access-token-format", "opaque", "--access-token-alg", "RS256"),
        *("--introspection-alg", "ES256", "--access-token-lifetime", "60"),
        *("--refresh-idle-lifetime", "3600", "--refresh-lifetime", "7200"),
        *("--resource", api, "--audience", api),
    )
    kept = idp.json("client", "show", made["client_id"])
    assert (
        kept.items()
        >= {
            "grant_types": ["authorization_code", "refresh_token"],
            "dpop_bound_access_tokens": True,
            "access_token_format": "opaque",
            "access_token_signed_response_alg": "RS256",
            "introspection_signed_response_alg": "ES256",
            "access_token_lifetime": 60,
            "refresh_idle_lifetime": 3600,
            "refresh_lifetime": 7200,
            "resources": [api],
            "audiences": [api],
        }.items()
    )

    changed = idp.json(
        *("client", "update", made["client_id"], "--no-dpop", "--access-token-lifetime", "none"),
        *("--resource", "none", "--audience", "none"),
    )

    assert changed["dpop_bound_access_tokens"] is False
    assert changed["access_token_lifetime"] is None
    assert (changed["resources"], changed["audiences"]) == ([], [])


def test_every_fault_of_tokens_is_told_at_once(idp_on_sqlite: Idp) -> None:
    said = idp_on_sqlite.refused(
        *("client", "create", "--name", "A", "--grant", "refresh_token", "--public"),
        *("--access-token-format", "paper", "--access-token-alg", "none"),
        *("--introspection-alg", "HS256", "--refresh-lifetime", "0"),
        *("--resource", "api", "--audience", "https://api.example.test/#x"),
    )
    told = said.splitlines()
    assert len(told) == 1 + 8, said


def test_a_client_is_switched_off_and_on(idp: Idp) -> None:
    client_id = idp.add_client()["client_id"]

    assert "is disabled" in idp("client", "disable", client_id)
    assert "was disabled already" in idp("client", "disable", client_id)
    assert idp.json("client", "show", client_id)["disabled"] is True
    assert "disabled" in idp("client", "list")
    assert "is enabled" in idp("client", "enable", client_id)
    assert idp.json("client", "show", client_id)["disabled"] is False
    assert "no such client" in idp.refused("client", "disable", "nobody")


def test_an_api_is_registered_by_what_it_is_alone(idp_on_sqlite: Idp) -> None:
    api = ("client", "create", "--name", "API", "--audience", "https://api.example.test/")
    made = idp_on_sqlite.json(*api)
    assert made["metadata"]["grant_types"] == ["client_credentials"]
