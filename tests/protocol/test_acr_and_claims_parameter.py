"""How surely someone must be known, and single claims by name (OIDC Core §5.5)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.authorization.claims_parameter import ClaimsRequest, parse
from idp.protocol.errors import InvalidRequest
from idp.store import users
from tests.app import claims_of, text_of
from tests.protocol.parties import page_of, party, refused
from tests.support.spec import spec

ESSENTIAL_MFA = json.dumps({"id_token": {"acr": {"essential": True, "values": ["mfa"]}}})
VOLUNTARY_MFA = json.dumps({"id_token": {"acr": {"values": ["mfa"]}}})


@spec("OIDC Core §5.5.1.1")
@pytest.mark.parametrize("wanted", ["sfa", "sfa mfa", "urn:x sfa"])
def test_acr_is_one_of_the_requested_when_it_can_be(rp, wanted):
    assert claims_of(rp.sign_in(acr_values=wanted)["id_token"])["acr"] in wanted.split()


@spec("OIDC Core §5.5.1.1", "OIDC Core §3.1.2.1")
def test_a_voluntary_acr_out_of_reach_is_no_error(rp):
    for asked in (
        {"acr_values": "mfa"},
        {"acr_values": "urn:x phr"},
        {"claims": VOLUNTARY_MFA},
        {"claims": '{"id_token":{"acr":{"essential":true}}}'},
    ):
        assert claims_of(rp.sign_in(**asked)["id_token"])["acr"] == "sfa"
        assert "code" in rp.answer(rp.authorize(**asked, prompt="none"))


@spec("OIDC Core §5.5.1.1", "Unmet Authentication Requirements §2")
@pytest.mark.parametrize("values", [["mfa"], ["urn:x"]])
def test_an_essential_acr_out_of_reach_is_refused(rp, values):
    rp.sign_in()
    claims = json.dumps({"id_token": {"acr": {"essential": True, "values": values}}})

    assert refused(rp, rp.authorize(claims=claims)) == "unmet_authentication_requirements"
    assert (
        refused(rp, rp.authorize(claims=claims, prompt="none"))
        == "unmet_authentication_requirements"
    )


@spec("OIDC Core §5.5.1.1")
def test_an_essential_acr_that_is_held_is_no_hindrance(rp):
    rp.sign_in()
    claims = '{"id_token":{"acr":{"essential":true,"value":"sfa"}}}'

    assert "code" in rp.answer(rp.authorize(claims=claims, prompt="none"))


@pytest.fixture
def with_totp(provider, rp):
    """Ada signed in by password before she had an authenticator; return its secret."""
    rp.sign_in()
    with provider.context() as ctx:
        ada = users.find_by_username(ctx.db, "ada")
    return provider.add_totp(ada)


@spec("OIDC Core §5.5.1.1")
@pytest.mark.parametrize(
    "asked", [{"acr_values": "mfa"}, {"claims": ESSENTIAL_MFA}], ids=["voluntary", "essential"]
)
def test_a_session_steps_up_when_more_can_be_shown(provider, rp, with_totp, asked):
    before = rp.browser.get_cookie("__Host-idp_session", domain="id.example.test").value

    page = rp.authorize(**asked)
    assert page_of(page) == "login-code"
    response = rp.submit(page, code=provider.code(with_totp), action="verify")
    claims = claims_of(rp.redeem(rp.answer(response)["code"]).get_json()["id_token"])

    assert claims["acr"] == "mfa"
    assert {"pwd", "otp", "mfa"} <= set(claims["amr"])
    assert provider.event_names().count("session.opened") == 1
    after = rp.browser.get_cookie("__Host-idp_session", domain="id.example.test").value
    assert after != before
    assert "code" in rp.answer(rp.authorize(**asked, prompt="none"))


@spec("OIDC Core §5.5.1.1", "OIDC Core §3.1.2.6")
def test_where_nobody_may_be_asked_a_step_up_is_interaction_required(rp, with_totp):
    response = rp.authorize(claims=ESSENTIAL_MFA, prompt="none")

    assert refused(rp, response) == "interaction_required"
    assert "code" in rp.answer(rp.authorize(acr_values="mfa", prompt="none"))


@spec("OIDC Core §5.5.1.1")
def test_a_wrong_code_steps_nobody_up(rp, with_totp):
    page = rp.submit(rp.authorize(acr_values="mfa"), code="000000", action="verify")

    assert page_of(page) == "login-code"
    assert "code is not right" in text_of(page)
    assert refused(rp, rp.authorize(claims=ESSENTIAL_MFA, prompt="none")) == "interaction_required"


@spec("OIDC Core §3.1.2.6")
def test_a_step_up_can_be_cancelled(rp, with_totp):
    response = rp.submit(rp.authorize(acr_values="mfa"), action="cancel")

    assert refused(rp, response) == "access_denied"


@spec("OIDC Core §2", "RFC 8176 §2")
def test_two_factors_at_sign_in_are_mfa(provider, rp, with_totp):
    page = rp.log_in(rp.authorize(prompt="login"))
    response = rp.submit(page, code=provider.code(with_totp), action="verify")
    claims = claims_of(rp.redeem(rp.answer(response)["code"]).get_json()["id_token"])

    assert (claims["acr"], claims["amr"]) == ("mfa", ["mfa", "otp", "pwd"])


@spec("OIDC Core §5.5.1.1")
def test_mfa_satisfies_who_asks_for_less(provider, rp, with_totp):
    rp.submit(rp.authorize(acr_values="mfa"), code=provider.code(with_totp), action="verify")

    said = {}
    for wanted in ("sfa", "sfa mfa", "urn:x"):
        tokens = rp.redeem(rp.answer(rp.authorize(acr_values=wanted))["code"]).get_json()
        said[wanted] = claims_of(tokens["id_token"])["acr"]

    assert said == {"sfa": "sfa", "sfa mfa": "mfa", "urn:x": "mfa"}


@spec("OIDC Core §5.5.1.1")
def test_who_can_enrol_is_asked_to_when_mfa_is_essential(provider_with):
    provider = provider_with(second_factor="encouraged")
    provider.add_user()
    rp = party(provider, first_party=True)
    page = rp.log_in(rp.authorize())
    assert page_of(page) == "enrol"
    assert "code" in rp.answer(rp.submit(page, action="skip"))

    demanded = rp.authorize(claims=ESSENTIAL_MFA)

    assert page_of(demanded) == "enrol"
    assert 'value="skip"' not in demanded.get_data(as_text=True)
    still = rp.submit(demanded, action="skip")
    assert page_of(still) == "enrol"
    assert "code" in rp.answer(rp.authorize(acr_values="mfa"))


def test_where_a_second_factor_is_required_no_session_opens_without(provider_with):
    provider = provider_with(second_factor="required")
    provider.add_user()
    rp = party(provider, first_party=True)

    assert page_of(rp.log_in(rp.authorize())) == "enrol"

    assert "session.opened" not in provider.event_names()
    assert refused(rp, rp.authorize(prompt="none")) == "login_required"


@spec("OIDC Core §5.5")
def test_an_essential_claim_comes_at_userinfo_without_its_scope(rp):
    claims = json.dumps({"userinfo": {"name": {"essential": True}, "email": None, "odd": None}})
    tokens = rp.sign_in(claims=claims)

    answer = rp.userinfo(tokens["access_token"]).get_json()

    assert (answer["name"], answer["email"]) == ("Ada Example", "ada@example.test")
    assert set(answer) == {"sub", "name", "email"}
    assert "name" not in claims_of(tokens["id_token"])


@spec("OIDC Core §5.5")
def test_claims_may_be_asked_for_in_the_id_token(rp):
    tokens = rp.sign_in(claims='{"id_token":{"email":{"essential":true},"iss":{"value":"x"}}}')

    claims = claims_of(tokens["id_token"])
    assert claims["email"] == "ada@example.test"
    assert "name" not in claims
    assert claims["iss"] == "https://id.example.test"
    assert "email" not in rp.userinfo(tokens["access_token"]).get_json()


@spec("OIDC Core §5.5")
def test_what_is_not_of_the_form_is_refused(rp):
    for text in (
        "{",
        "[]",
        "null",
        "1",
        '"x"',
        '{"userinfo":[]}',
        '{"userinfo":{"name":true}}',
        '{"id_token":"acr"}',
        "[" * 30_000,
        '{"userinfo":{"name":' * 500,
        "1" * 5000,
    ):
        assert refused(rp, rp.authorize(claims=text)) == "invalid_request", text[:20]


@spec("OIDC Core §5.5")
def test_what_is_not_understood_is_ignored():
    assert parse('{"elsewhere":{"x":1},"userinfo":{"unknown":null}}') == ClaimsRequest()
    assert parse('{"userinfo":{},"id_token":{}}') == ClaimsRequest()
    assert parse('{"id_token":{"acr":{"values":"mfa","value":7}}}') == ClaimsRequest()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@spec("OIDC Core §5.5")
@given(
    st.text()
    | JSON.map(json.dumps)
    | st.dictionaries(
        st.sampled_from(["userinfo", "id_token"]),
        st.dictionaries(st.sampled_from(["acr", "sub", "name", "x"]), JSON),
    ).map(json.dumps)
)
def test_every_text_is_read_or_refused(text):
    try:
        asked = parse(text)
    except InvalidRequest:
        return
    assert all(value.isascii() for value in asked.acr_values)


@spec("OIDC Core §5.5.1.1")
@pytest.mark.parametrize(
    ("acr", "essential"),
    [
        ({"essential": True, "values": ["mfa"]}, True),
        ({"essential": True, "value": "mfa"}, True),
        ({"essential": True, "values": "mfa"}, True),
        ({"essential": True, "value": 7}, True),
        ({"essential": True}, False),
        ({"essential": True, "values": []}, False),
        ({"essential": "true", "values": ["mfa"]}, False),
        ({"essential": False, "values": ["mfa"]}, False),
        ({"values": ["mfa"]}, False),
        (None, False),
    ],
)
def test_a_level_is_essential_where_one_is_named_and_called_so(acr, essential):
    assert parse(json.dumps({"id_token": {"acr": acr}})).acr_essential is essential
