"""A copy to take along, and going for good."""

import json

from idp.credentials import recovery
from idp.store import sessions, users
from tests.account.conftest import find
from tests.account.decided import a_strange_one
from tests.account.people import (
    MAIL,
    act,
    add_passkey,
    another_browser,
    cookie_of,
    letters,
    rise,
    send,
    visit,
)
from tests.app import PASSWORD, RelyingParty, text_of
from tests.support.spec import spec

DATA, DELETE = "/account/data", "/account/delete"


def test_the_copy_holds_everything_that_is_kept(rp, ada):
    secret = rp.provider.add_totp(ada)
    rp.submit(rp.log_in(rp.authorize(scope="openid email")), code=rp.provider.code(secret))
    rp.allow(rp.authorize(scope="openid email"))
    add_passkey(rp.provider, ada)
    rise(rp, ada)
    strange = a_strange_one(rp.provider, ada)

    answer = send(rp, DATA)

    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="my-account-2030-01-01.json"'
    )
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    copy = json.loads(answer.data)
    assert copy["account"]["sub"] == ada.id
    assert copy["account"]["profile"]["address"]["country"] == "DE"
    assert copy["authenticators"]["password"]["changed_at"] == "2030-01-01T12:00:00+00:00"
    assert [each["name"] for each in copy["authenticators"]["passkeys"]] == ["Laptop"]
    assert [each["name"] for each in copy["authenticators"]["authenticator_apps"]] == ["Phone"]
    assert copy["applications"][0]["scope"] == ["openid", "email"]
    assert len(copy["sessions"]) == len(copy["browsers"]) == 1
    # Nothing about the sign-in was unusual, so that the browser speaks for its user.
    assert copy["browsers"][0]["confirmed_at"] == "2030-01-01T12:00:00+00:00"
    kept = next(each for each in copy["decisions"] if each["id"] == strange.id)
    assert (kept["rule"], kept["facts"]["country"]) == ("elevated_risk", "NO")
    assert "device_id" not in kept
    assert copy["activity"][0]["name"] == "account.exported"
    assert copy["activity_is_complete"] is True
    assert rp.provider.event_names()[-1] == "account.exported"


def test_the_copy_holds_no_secret(rp, ada):
    secret = rp.provider.add_totp(ada)
    rp.submit(rp.log_in(rp.authorize()), code=rp.provider.code(secret))
    tokens = rp.redeem(rp.answer(rp.allow(rp.authorize()))["code"]).get_json()
    with rp.provider.context() as ctx:
        codes = recovery.regenerate(ctx, ada.id)
    device_id, session = cookie_of(rp, "device").split(".")[0], cookie_of(rp, "session")

    copy = send(rp, DATA).get_data(as_text=True)

    for hidden in (secret, PASSWORD, "argon2", session, device_id, *codes, tokens["access_token"]):
        assert hidden not in copy
    for word in ("hash", "sealed", "public_key", "secret"):
        assert f"{word}" not in copy.replace("client_secret", "")


def test_nobody_else_is_in_it(rp):
    rp.provider.add_user("grace")
    hers = another_browser(rp)
    hers.log_in(hers.authorize(), "grace")
    rp.log_in(visit(rp))

    assert "grace" not in send(rp, DATA).get_data(as_text=True)


def test_only_the_right_name_deletes(rp):
    rp.sign_in()
    for typed in ("", "adam", "ada@example.test"):
        page = act(rp, DELETE, username=typed)
        assert page.status_code == 400
        assert "Nothing was deleted" in text_of(page)
    assert find(rp)


@spec("ASVS 5.0 §7.4.2")
def test_who_deletes_the_account_is_gone_everywhere(rp, ada):
    phone = another_browser(rp)
    tokens = phone.sign_in()
    rp.sign_in()

    page = act(rp, DELETE, username=" ADA ")

    assert b'id="page-account-deleted"' in page.data
    assert phone.userinfo(tokens["access_token"]).status_code == 401
    assert b'id="page-login"' in visit(phone).data
    assert cookie_of(rp, "session") is None
    assert cookie_of(rp, "device") is None
    with rp.provider.context() as ctx:
        assert users.find(ctx.db, ada.id) is None
        assert sessions.list_of_user(ctx.db, ada.id, 10) == []
    names = rp.provider.event_names()
    assert names[-1] == "user.deleted"
    assert names.count("session.ended") == 2
    assert "session.opened" in names, "what was audited stays"
    assert "do not match" in text_of(rp.log_in(visit(rp)))


def test_the_name_is_free_again_for_somebody_who_is_not_the_same(rp, ada):
    rp.sign_in()
    act(rp, DELETE, username="ada")

    again = rp.provider.add_user("ada")

    assert again.id != ada.id
    assert b'id="page-consent"' in rp.log_in(rp.authorize()).data


def test_the_farewell_is_for_everybody_to_read(rp):
    assert b'id="page-account-deleted"' in rp.get("/account/deleted").data


def test_an_operator_may_not_want_it(make):
    rp: RelyingParty = make(account_deletion=False)
    rp.sign_in()

    assert visit(rp, DELETE).request.path == DATA
    assert b'id="to-delete"' not in visit(rp, DATA).data
    act(rp, DELETE, username="ada")
    assert find(rp)


def test_a_letter_says_that_it_happened(make, monkeypatch):
    rp = make(**MAIL)
    rp.sign_in()
    kept = letters(monkeypatch)

    act(rp, DELETE, username="ada")

    assert [letter["subject"].split(" · ")[0] for letter in kept] == ["Your account was deleted"]
    assert "/account/activity" not in kept[0]["text"], "there is none any more"
