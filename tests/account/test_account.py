"""The account pages: who sees them, what the overview says, and the way out."""

from datetime import timedelta

import pytest

from idp.account.security import Facts, advise
from idp.policy.factors import Owned
from idp.policy.sign_in import Enrol
from idp.store import users
from tests.account.people import (
    MAIL,
    ORDINARY,
    PAGES,
    SENSITIVE,
    TEXTS,
    act,
    another_browser,
    post_without_page,
    send,
    visit,
)
from tests.app import PASSWORD, fields_of, text_of


@pytest.mark.parametrize("path", PAGES)
def test_each_page_asks_to_sign_in_and_comes_back_to_itself(rp, path):
    page = visit(rp, path)
    assert b'id="page-login"' in page.data

    after = rp.log_in(page)

    assert after.status_code == 200
    assert after.request.path == path
    assert after.request.query_string == b"", "the ticket has left the address"
    assert f'href="{path}" aria-current="page"' in after.get_data(as_text=True) or path.endswith(
        "delete"
    )


def test_the_root_leads_to_the_account(rp):
    assert rp.get("/").headers["Location"] == "/account"


def test_the_overview_names_the_state_the_session_and_what_there_is(rp):
    rp.sign_in(scope="openid email")
    rp.provider.clock.forward(minutes=20)
    later = another_browser(rp, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0")
    later.log_in(later.authorize())

    text = text_of(visit(later))

    assert "Ada Example" in text
    assert "Protected by one step" in text
    assert "2 devices" in text
    assert "1 application" in text
    assert "Firefox on Linux" in text
    assert "Previous sign-in Jan 1, 2030, 1:00" in text
    assert "This is your first one" in text_of(visit(rp))


def facts(**changed):
    usual = {
        "owned": Owned(password=True, key=True, totp=True, recovery_code=True),
        "keys": (),
        "codes_left": 10,
        "demanded": None,
        "step_asked": True,
        "passkeys_here": True,
        "unproved_mail": False,
    }
    return Facts(**(usual | changed))


@pytest.mark.parametrize(
    ("changed", "level", "act_of"),
    [
        ({}, "good", None),
        ({"owned": Owned()}, "bad", "Add a passkey"),
        ({"owned": Owned(), "passkeys_here": False}, "bad", "Add an authenticator app"),
        ({"owned": Owned(totp=True, recovery_code=True)}, "good", "Add a passkey"),
        ({"owned": Owned(mail=True)}, "fair", "Add a passkey"),
        ({"owned": Owned(mail=True), "step_asked": False}, "bad", "Add a passkey"),
        ({"codes_left": 3}, "fair", "Make recovery codes"),
        ({"codes_left": 4}, "good", None),
        ({"codes_left": 0}, "fair", "Make recovery codes"),
        ({"unproved_mail": True}, "fair", "Verify my address"),
        ({"owned": Owned(password=False, key=True)}, "fair", "Add a passkey"),
        (
            {
                "owned": Owned(),
                "demanded": Enrol("second_factor_is_required", ("totp",), required=True),
            },
            "bad",
            "Add a passkey",
        ),
    ],
)
def test_one_sentence_says_how_safe_the_account_is_and_one_act_is_recommended(
    changed, level, act_of
):
    advice = advise(facts(**changed))

    assert (advice.level, advice.act) == (level, act_of)
    assert advice.sentence
    assert bool(advice.act) is bool(advice.post or advice.href)


def test_a_factor_that_can_be_put_off_is_named_with_its_date(make):
    rp = make(second_factor="required", second_factor_grace=timedelta(days=7))
    offer = rp.log_in(visit(rp))
    assert b'id="page-enrol"' in offer.data

    page = rp.submit(offer, action="skip")

    assert "From Jan 8, 2030" in text_of(page)
    assert "takes a second step" in text_of(page)


@pytest.mark.parametrize("path", SENSITIVE | ORDINARY)
def test_each_act_wants_the_form_token_and_a_session(rp, path):
    page = rp.authorize()
    assert post_without_page(rp, path).status_code == 403

    token = fields_of(page)["csrf_token"]
    nobody = post_without_page(rp, path, csrf_token=token)

    assert nobody.status_code == 303
    # Signing out asks nobody to sign in.
    onward = "/logout" if path == "/account/sign-out" else "/login?"
    assert nobody.headers["Location"].startswith(onward)


@pytest.mark.parametrize("path", SENSITIVE)
def test_a_sensitive_act_asks_for_a_fresh_proof_and_says_why(make, path):
    rp = make(**MAIL, **TEXTS)
    rp.sign_in()
    page = visit(rp)
    before = rp.provider.event_names()
    rp.provider.clock.forward(minutes=16)

    asked = rp.follow(send(rp, path, **fields_of(page), **SENSITIVE[path]))

    assert b'id="page-login"' in asked.data
    assert "You are about to" in text_of(asked)
    assert "16 minutes old" in text_of(asked)
    assert rp.provider.event_names() == before, "nothing has happened"
    after = rp.log_in(asked)
    assert after.request.path.startswith("/account/")
    assert "Confirmed. Now press the button again." in text_of(after) or path.endswith("/code")


@pytest.mark.parametrize("path", ["/account/password", "/account/delete"])
def test_a_page_to_be_typed_into_asks_before_it_is_shown(rp, path):
    rp.sign_in()
    rp.provider.clock.forward(minutes=16)

    asked = visit(rp, path)
    assert b'id="page-login"' in asked.data

    assert rp.log_in(asked).request.path == path


@pytest.mark.parametrize("path", SENSITIVE)
def test_a_session_that_has_not_shown_an_owned_factor_does_nothing_sensitive(rp, ada, path):
    """However young its proof is: who has only the password shows the rest first, and only that."""
    rp.sign_in()
    secret = rp.provider.add_totp(ada)
    before = rp.provider.event_names()

    asked = act(rp, path, **SENSITIVE[path])
    assert b'id="page-login-code"' in asked.data
    assert rp.provider.event_names() == before

    assert rp.submit(asked, code=rp.provider.code(secret)).request.path.startswith("/account")


def test_a_reset_session_changes_nothing(rp, ada):
    """Who knows the password alone binds nothing where an operator took the factors away."""
    rp.sign_in()
    with rp.provider.context() as ctx:
        users.note(ctx.db, ada.id, factors_reset_at=ctx.now)

    assert b'id="page-login"' in act(rp, "/account/authenticator").data


def test_signing_out_ends_the_session(rp):
    tokens = rp.sign_in()

    page = act(rp, "/account/sign-out")

    assert b'id="page-logged-out"' in page.data
    assert rp.userinfo(tokens["access_token"]).status_code == 401
    assert rp.answer(rp.authorize(prompt="none"))["error"] == "login_required"


def test_a_notice_is_not_made_by_anybody_but_us(rp):
    rp.log_in(visit(rp))

    assert b'id="notice"' not in visit(rp, "/account?ticket=password_changed").data
    assert PASSWORD not in text_of(visit(rp))
