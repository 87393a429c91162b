"""id_token_hint and the `sub` of the claims parameter: it is this user, or nobody."""

from tests.app import claims_of, header_of, text_of
from tests.protocol.parties import (
    end_session,
    page_of,
    party,
    refused,
    session_of,
)
from tests.support.spec import spec


@spec("OIDC Core §3.1.2.1")
def test_a_hint_for_the_user_who_is_there_is_no_hindrance(provider, rp):
    hint = rp.sign_in()["id_token"]

    assert "code" in rp.answer(rp.authorize(id_token_hint=hint, prompt="none"))
    provider.clock.forward(minutes=30)
    assert "code" in rp.answer(rp.authorize(id_token_hint=hint, prompt="none"))


@spec("OIDC Core §3.1.2.1")
def test_a_hint_for_another_user_is_login_required_or_a_sign_in(provider, rp):
    provider.add_user("grace")
    hint = rp.sign_in()["id_token"]
    rp.answer(rp.allow(rp.log_in(rp.submit(rp.authorize(prompt="select_account")), "grace")))

    assert refused(rp, rp.authorize(id_token_hint=hint, prompt="none")) == "login_required"
    page = rp.authorize(id_token_hint=hint)
    assert page_of(page) == "login"
    assert "needs you to use another account" in text_of(page)
    tokens = rp.redeem(rp.answer(rp.log_in(page, "ada"))["code"]).get_json()
    assert claims_of(tokens["id_token"])["sub"] == claims_of(hint)["sub"]


@spec("OIDC Core §3.1.2.1")
def test_signing_in_as_somebody_else_than_the_hint_is_refused(provider, rp):
    provider.add_user("grace")
    hint = rp.sign_in()["id_token"]
    end_session(provider, session_of(provider))

    page = rp.authorize(id_token_hint=hint)

    assert refused(rp, rp.log_in(page, "grace")) == "login_required"


@spec("OIDC Core §3.1.2.1", "ASVS 6.8.2")
def test_a_hint_that_we_cannot_trust_names_nobody(provider, rp):
    tokens = rp.sign_in()
    other = party(provider, rp.browser, first_party=True)
    theirs = other.redeem(other.answer(other.authorize())["code"]).get_json()["id_token"]
    head, body, signature = tokens["id_token"].split(".")
    assert header_of(tokens["access_token"])["typ"] == "at+jwt"

    for hint in (
        "garbage",
        theirs,
        tokens["access_token"],
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.",
    ):
        assert refused(rp, rp.authorize(id_token_hint=hint, prompt="none")) == "login_required"
        # Where somebody can be asked, a hint in vain is no hint.
        assert "code" in rp.answer(rp.authorize(id_token_hint=hint))


@spec("OIDC Core §5.5.1")
def test_the_claims_parameter_may_name_the_user(provider, rp):
    provider.add_user("grace")
    sub = claims_of(rp.sign_in()["id_token"])["sub"]
    wanted = '{"id_token":{"sub":{"value":"%s"}}}'

    assert "code" in rp.answer(rp.authorize(claims=wanted % sub, prompt="none"))
    for other in ("somebody-else", "\u00e9"):
        response = rp.authorize(claims=wanted % other, prompt="none")
        assert refused(rp, response) == "login_required"
