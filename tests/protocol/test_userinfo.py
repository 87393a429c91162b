"""The UserInfo endpoint (OIDC Core §5.3; RFC 6750)."""

import pytest

from tests.app import ISSUER, PROFILE, claims_of
from tests.protocol.parties import disable, end_session, party, session_of, token_error
from tests.support.spec import spec

STANDARD = {
    "profile": {
        "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username",
        "profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
    },
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}  # fmt: skip


def ask(provider, method="GET", **options):
    return provider.app.test_client().open("/userinfo", method=method, base_url=ISSUER, **options)


@spec("OIDC Core §5.3.1", "RFC 6750 §2.1", "RFC 6750 §2.2")
def test_the_token_may_come_in_three_ways(provider, rp):
    token = rp.sign_in(scope="openid email")["access_token"]
    header = {"Authorization": f"Bearer {token}"}

    answers = [
        ask(provider, headers=header),
        ask(provider, headers={"Authorization": f"bearer {token}"}),
        ask(provider, "POST", headers=header),
        ask(provider, "POST", data={"access_token": token}),
    ]

    assert [each.status_code for each in answers] == [200] * 4
    assert len({each.get_data() for each in answers}) == 1


@spec("OIDC Core §5.3.2")
def test_the_answer_is_json_about_the_same_subject(rp):
    tokens = rp.sign_in()
    response = rp.userinfo(tokens["access_token"])

    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.get_json() == {"sub": claims_of(tokens["id_token"])["sub"]}


@spec("OIDC Core §5.4", "OIDC Core §5.1")
@pytest.mark.parametrize("scope", STANDARD)
def test_a_scope_gives_each_of_its_claims_and_no_other(rp, scope):
    answer = rp.userinfo(rp.sign_in(scope=f"openid {scope}")["access_token"]).get_json()

    assert set(answer) == {"sub", *STANDARD[scope]}


@spec("OIDC Core §5.1", "OIDC Core §5.1.1")
def test_every_claim_has_its_type(rp):
    tokens = rp.sign_in(scope="openid profile email address phone")
    answer = rp.userinfo(tokens["access_token"]).get_json()

    assert answer["email_verified"] is True
    assert answer["phone_number_verified"] is False
    assert type(answer["updated_at"]) is int
    assert answer["address"] == PROFILE["address"]
    assert answer["birthdate"] == "1990-02-03"
    texts = set(answer) - {"email_verified", "phone_number_verified", "updated_at", "address"}
    assert all(isinstance(answer[name], str) and answer[name] for name in texts)


@spec("OIDC Core §5.3.2")
def test_what_is_unknown_is_left_out_and_never_null(provider):
    empty = {
        "name": None,
        "nickname": "",
        "address": {"formatted": "1 Street", "region": None, "country": ""},
        "website": [],
    }
    provider.add_user("grace", email=None, phone_number=None, profile=empty)
    rp = party(provider, first_party=True)
    page = rp.log_in(rp.authorize(scope="openid profile email address phone"), "grace")
    tokens = rp.redeem(rp.answer(page)["code"]).get_json()

    answer = rp.userinfo(tokens["access_token"]).get_json()

    assert set(answer) == {"sub", "preferred_username", "updated_at", "address"}
    assert answer["address"] == {"formatted": "1 Street"}


@spec("RFC 6750 §3")
def test_who_shows_nothing_is_told_which_scheme_to_use_and_no_more(provider):
    for options in (
        {},
        {"headers": {"Authorization": "Basic YTpi"}},
        {"headers": {"Authorization": "Bearer "}},
        {"method": "POST", "json": {"access_token": "x"}},
    ):
        response = ask(provider, **options)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"


@spec("RFC 6750 §3", "RFC 6750 §3.1", "OIDC Core §5.3.3")
def test_a_bad_token_is_named_in_the_header_too(provider):
    response = ask(provider, headers={"Authorization": "Bearer nonsense"})

    assert token_error(response) == (401, "invalid_token")
    assert response.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')


@spec("RFC 6750 §2.3", "RFC 9700 §4.3.2")
def test_a_token_in_the_url_is_not_read(provider, rp):
    token = rp.sign_in()["access_token"]

    for method in ("GET", "POST"):
        response = ask(provider, method, query_string={"access_token": token})
        assert response.status_code == 401


@spec("RFC 6750 §2", "RFC 6750 §3.1")
def test_two_tokens_are_one_too_many(provider, rp):
    token = rp.sign_in()["access_token"]
    header = {"Authorization": f"Bearer {token}"}

    twice = ask(provider, "POST", data={"access_token": token}, headers=header)
    repeated = ask(
        provider,
        "POST",
        data=f"access_token={token}&access_token={token}",
        content_type="application/x-www-form-urlencoded",
    )

    assert token_error(twice) == token_error(repeated) == (400, "invalid_request")


@spec("OIDC Core §5.3", "RFC 6750 §3.1")
def test_a_token_without_openid_lacks_a_scope(rp):
    token = rp.sign_in(scope="email")["access_token"]

    response = rp.userinfo(token)

    assert token_error(response) == (403, "insufficient_scope")
    assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("how", ["ended", "disabled", "idle"])
def test_what_ends_the_session_ends_the_token_at_once(provider_with, how):
    provider = provider_with(session_idle=60)
    provider.add_user()
    rp = party(provider)
    tokens = rp.sign_in()
    provider.clock.forward(seconds=59)
    assert rp.userinfo(tokens["access_token"]).status_code == 200

    if how == "ended":
        end_session(provider, session_of(provider))
    elif how == "disabled":
        disable(provider, claims_of(tokens["id_token"])["sub"])
    else:
        provider.clock.forward(seconds=1)

    assert token_error(rp.userinfo(tokens["access_token"])) == (401, "invalid_token")


def test_a_browser_app_of_any_origin_may_ask_without_cookies(provider, rp):
    token = rp.sign_in()["access_token"]
    origin = {"Origin": "https://spa.example.test"}

    right = ask(provider, headers=origin | {"Authorization": f"Bearer {token}"})
    wrong = ask(provider, headers=origin)
    before = ask(
        provider,
        "OPTIONS",
        headers=origin
        | {
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        },
    )

    for each in (right, wrong, before):
        assert each.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in each.headers
        assert "Set-Cookie" not in each.headers
    assert before.status_code == 204
    assert "Authorization" in before.headers["Access-Control-Allow-Headers"]


def test_the_session_cookie_opens_nothing_here(rp):
    rp.sign_in()

    assert rp.get("/userinfo").status_code == 401
