"""The provider metadata: what OIDC Discovery §3 asks for, and nothing that is not true."""

import re

import pytest

from idp.protocol.discovery.library import WELL_KNOWN
from tests.app import ISSUER, claims_of
from tests.support.authenticator import Maker
from tests.support.spec import spec

# IANA "OAuth Authorization Server Metadata" (RFC 8414 §7.1.2) with OIDC Discovery §3's own names.
REGISTERED = {
    "acr_values_supported",
    "authorization_endpoint",
    "authorization_response_iss_parameter_supported",
    "backchannel_logout_session_supported",
    "backchannel_logout_supported",
    "claim_types_supported",
    "claims_locales_supported",
    "claims_parameter_supported",
    "claims_supported",
    "code_challenge_methods_supported",
    "display_values_supported",
    "dpop_signing_alg_values_supported",
    "end_session_endpoint",
    "frontchannel_logout_session_supported",
    "frontchannel_logout_supported",
    "grant_types_supported",
    "id_token_signing_alg_values_supported",
    "introspection_endpoint",
    "introspection_endpoint_auth_methods_supported",
    "introspection_signing_alg_values_supported",
    "issuer",
    "jwks_uri",
    "op_policy_uri",
    "op_tos_uri",
    "prompt_values_supported",
    "registration_endpoint",
    "request_parameter_supported",
    "request_uri_parameter_supported",
    "require_request_uri_registration",
    "response_modes_supported",
    "response_types_supported",
    "revocation_endpoint",
    "revocation_endpoint_auth_methods_supported",
    "scopes_supported",
    "service_documentation",
    "subject_types_supported",
    "token_endpoint",
    "token_endpoint_auth_methods_supported",
    "ui_locales_supported",
    "userinfo_endpoint",
    "userinfo_signing_alg_values_supported",
}
BOOLEANS = {name for name in REGISTERED if name.endswith("_parameter_supported")} | {
    *("backchannel_logout_supported", "backchannel_logout_session_supported"),
    *("frontchannel_logout_supported", "frontchannel_logout_session_supported"),
    "require_request_uri_registration",
}


def document(provider, path=WELL_KNOWN[0], **options):
    return provider.browser().get(path, base_url=ISSUER, **options)


@pytest.fixture
def metadata(provider):
    return document(provider).get_json()


@spec("OIDC Discovery §4.3", "OIDC Discovery §3")
def test_the_issuer_is_the_address_without_the_well_known_part(metadata):
    assert metadata["issuer"] == ISSUER
    assert re.fullmatch(r"https://[^/?#]+", metadata["issuer"])


@spec("RFC 8414 §3")
def test_the_oauth_document_says_the_same(provider, metadata):
    assert document(provider, "/.well-known/oauth-authorization-server").get_json() == metadata


@spec("OIDC Discovery §4.2")
def test_it_is_json(provider):
    answer = document(provider)

    assert answer.status_code == 200
    assert answer.content_type == "application/json"


@spec("OIDC Discovery §3")
def test_everything_required_is_there(metadata):
    assert {
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
    } <= set(metadata)


# draft-parecki-oauth-global-token-revocation-06 §5
DRAFTED = {
    "global_token_revocation_endpoint",
    "global_token_revocation_endpoint_auth_methods_supported",
}


@spec("OIDC Discovery §3")
def test_every_endpoint_is_https_and_ours(metadata):
    endpoints = {k: v for k, v in metadata.items() if k.endswith("_endpoint") or k == "jwks_uri"}

    assert {"userinfo_endpoint", "end_session_endpoint"} <= set(endpoints)
    assert all(re.fullmatch(rf"{ISSUER}/[a-z-]+", url) for url in endpoints.values())


@spec("OIDC Discovery §3")
def test_every_endpoint_answers(provider, metadata):
    browser = provider.browser()
    paths = {k: v for k, v in metadata.items() if k.endswith("_endpoint") or k == "jwks_uri"}
    posted = (
        *("token_endpoint", "introspection_endpoint", "revocation_endpoint"),
        "global_token_revocation_endpoint",
    )

    statuses = {
        name: browser.open(
            url.removeprefix(ISSUER),
            method="POST" if name in posted else "GET",
            base_url=ISSUER,
        ).status_code
        for name, url in paths.items()
    }

    assert statuses == {
        "authorization_endpoint": 400,
        "token_endpoint": 400,
        "userinfo_endpoint": 401,
        "introspection_endpoint": 400,
        "revocation_endpoint": 400,
        "global_token_revocation_endpoint": 401,
        "jwks_uri": 200,
        "end_session_endpoint": 200,
    }


@spec("OIDC Discovery §3", "RFC 8414 §2")
def test_every_name_is_registered_and_every_value_of_its_type(metadata):
    assert set(metadata) <= REGISTERED | DRAFTED
    for name, value in metadata.items():
        if name in BOOLEANS:
            assert isinstance(value, bool), name
        elif name.endswith("_supported"):
            assert isinstance(value, list), name
            assert value, name
            assert all(isinstance(v, str) and v for v in value), name
            assert len(set(value)) == len(value), name
        else:
            assert isinstance(value, str), name


@spec("OIDC Discovery §3")
def test_it_says_what_is_served(metadata):
    assert metadata["response_types_supported"] == ["code"]
    assert metadata["subject_types_supported"] == ["public"]
    assert set(metadata["response_modes_supported"]) == {"query", "form_post"}
    assert {"openid", "profile", "email", "address", "phone"} <= set(metadata["scopes_supported"])
    assert {"sub", "iss", "auth_time", "acr", "name", "email"} <= set(metadata["claims_supported"])
    assert {"authorization_code", "client_credentials"} <= set(metadata["grant_types_supported"])


@spec("OIDC Discovery §3")
def test_the_levels_that_somebody_can_reach_are_announced(metadata):
    assert metadata["acr_values_supported"] == ["sfa", "mfa", "phr"]


@spec("OIDC Discovery §3")
def test_where_makers_vouch_for_keys_the_highest_level_is_announced(provider_with, tmp_path):
    roots = tmp_path / "roots.pem"
    Maker().write_roots(roots)
    vouched = provider_with(webauthn_attestation="preferred", webauthn_attestation_roots=roots)

    announced = document(vouched, WELL_KNOWN[0]).get_json()["acr_values_supported"]

    assert announced == ["sfa", "mfa", "phr", "phrh"]


@spec("OIDC Discovery §3")
def test_rs256_is_among_the_id_token_algorithms_and_none_is_not(metadata):
    algorithms = metadata["id_token_signing_alg_values_supported"]

    assert {"RS256", "ES256", "PS256", "EdDSA"} == set(algorithms)


@spec("OIDC Discovery §3")
def test_request_objects_are_denied_aloud_because_silence_would_promise_them(metadata):
    assert metadata["request_parameter_supported"] is False
    assert metadata["request_uri_parameter_supported"] is False
    assert metadata["claims_parameter_supported"] is True


@spec("RFC 9207 §3")
def test_the_issuer_in_the_response_is_announced(metadata):
    assert metadata["authorization_response_iss_parameter_supported"] is True


@spec("RFC 8414 §2", "RFC 9700 §2.1.1")
def test_s256_is_announced_and_plain_is_not(metadata):
    assert metadata["code_challenge_methods_supported"] == ["S256"]


@spec("RFC 9449 §5.1")
def test_the_algorithms_of_proofs_are_asymmetric_and_rsa_of_pkcs_1_5_is_not_among_them(metadata):
    algorithms = metadata["dpop_signing_alg_values_supported"]

    assert {"ES256", "PS256", "EdDSA"} <= set(algorithms)
    assert not {"none", "RS256", "HS256"} & set(algorithms)


@spec("OIDC Discovery §3")
def test_no_grant_is_announced_that_the_token_endpoint_does_not_know(metadata, rp):
    known = {
        grant: rp.token(grant_type=grant).get_json()["error"]
        for grant in metadata["grant_types_supported"]
    }

    assert "unsupported_grant_type" not in known.values()


@spec("OIDC Discovery §3")
def test_languages_are_bcp_47_in_their_proper_case(metadata):
    tag = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?\Z")

    assert all(tag.match(each) for each in metadata["ui_locales_supported"])


@spec("OIDC Discovery §3")
def test_every_claim_that_is_sent_is_announced(provider, rp, metadata):
    tokens = rp.sign_in(scope="openid profile email address phone")
    sent = {*claims_of(tokens["id_token"]), *rp.userinfo(tokens["access_token"]).get_json()}

    # at_hash is part of the response, no claim about anybody.
    assert sent - {"at_hash"} <= set(metadata["claims_supported"])


@spec("RFC 9110 §13.1.2")
@pytest.mark.parametrize("path", [*WELL_KNOWN, "/jwks"])
def test_documents_are_kept_by_caches_and_confirmed_by_their_etag(provider, path):
    first = document(provider, path)
    again = document(provider, path, headers={"If-None-Match": first.headers["ETag"]})
    other = document(provider, path, headers={"If-None-Match": '"another"'})

    assert first.headers["Cache-Control"].startswith("public, max-age=")
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert other.status_code == 200


@spec("RFC 9110 §9.3.2")
@pytest.mark.parametrize("path", [*WELL_KNOWN, "/jwks"])
def test_head_says_the_same_without_the_body(provider, path):
    full = document(provider, path)
    head = provider.browser().head(path, base_url=ISSUER)

    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == full.headers["ETag"]
    assert head.headers["Content-Length"] == str(len(full.data))


@pytest.mark.parametrize("path", [*WELL_KNOWN, "/jwks"])
def test_documents_may_be_read_by_browser_apps_of_any_origin(provider, path):
    answer = document(provider, path, headers={"Origin": "https://spa.example.test"})

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Set-Cookie" not in answer.headers


@spec("Back-Channel Logout §2.1", "Front-Channel Logout §3", "RP-Initiated Logout §2.1")
def test_clients_are_told_of_the_end_of_a_session_and_of_which(metadata):
    for name in ("backchannel_logout", "frontchannel_logout"):
        assert metadata[f"{name}_supported"] is True
        assert metadata[f"{name}_session_supported"] is True
    assert metadata["end_session_endpoint"] == f"{ISSUER}/logout"
