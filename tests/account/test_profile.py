"""One's own name, language, address and number."""

import re

import pytest

from idp.account.profile_words import languages, zones
from idp.store import users
from tests.account.conftest import find
from tests.account.people import MAIL, TEXTS, act, another_browser, letters, rise, visit
from tests.app import fields_of, text_of
from tests.support.spec import spec

PROFILE = "/account/profile"
VALUES = {
    "name": "Ada Lovelace",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "nickname": "",
    "locale": "en-GB",
    "zoneinfo": "Europe/London",
}


def test_it_is_shown_with_what_others_look_after(rp):
    rp.sign_in()

    page = visit(rp, PROFILE)

    text = text_of(page)
    assert "ada@example.test Verified" in text
    assert "+49 30 901820 Not verified" in text
    assert "Date of birth 1990-02-03" in text
    assert 'value="Ada Example"' in page.get_data(as_text=True)
    assert '<option value="Europe/Berlin" selected>' in page.get_data(as_text=True)
    assert b'id="change-email"' not in page.data, "no mail is sent here"
    assert b'id="change-phone"' not in page.data


def test_values_are_kept_and_an_empty_one_is_taken_away(rp):
    rp.sign_in()

    page = act(rp, PROFILE, **VALUES)

    assert "Your profile was saved." in text_of(page)
    profile = find(rp).profile
    assert profile["name"] == "Ada Lovelace"
    assert "nickname" not in profile
    assert profile["birthdate"] == "1990-02-03", "what is not on the form stays"
    changed = rp.provider.audit()[-1]
    assert changed.name == "user.changed"
    assert sorted(changed.data["fields"]) == [
        "family_name",
        "locale",
        "name",
        "nickname",
        "zoneinfo",
    ]
    assert "Nothing was different" in text_of(act(rp, PROFILE, **VALUES))


def test_a_user_name_that_is_an_old_address_is_said_to_be_one(rp):
    said = "it stays your user name"
    rp.provider.add_user("grace@old.test", email="grace@old.test")
    grace = another_browser(rp)
    grace.log_in(visit(grace), "grace@old.test")
    assert said not in text_of(visit(grace, PROFILE))
    with rp.provider.context() as ctx:
        old = users.find_by_username(ctx.db, "grace@old.test")
        users.change(ctx.db, old.id, ctx.now, email="grace@new.test")

    assert said in text_of(visit(grace, PROFILE))
    rp.sign_in()
    assert said not in text_of(visit(rp, PROFILE)), "a name that is no address"


@pytest.mark.parametrize("claim", VALUES)
def test_whatever_is_left_empty_is_saved_as_that(rp, claim):
    rp.sign_in()
    act(rp, PROFILE, **VALUES)

    page = act(rp, PROFILE, **VALUES | {claim: ""})

    assert page.status_code == 200
    assert b'role="alert"' not in page.data
    assert claim not in find(rp).profile


@pytest.mark.parametrize(
    ("claim", "value", "said"),
    [
        ("name", "x" * 201, "Use at most 200 characters"),
        ("given_name", "A\u202eda", "characters that can be shown"),
        ("locale", "not a language", "Choose one from the list."),
        ("zoneinfo", "Europe/Atlantis", "Choose one from the list."),
    ],
)
def test_a_value_that_cannot_be_is_refused_beside_its_field(rp, claim, value, said):
    rp.sign_in()
    before = find(rp)

    page = act(rp, PROFILE, **(VALUES | {claim: value}))

    assert said in text_of(page)
    assert f'aria-describedby="{claim.replace("_", "-")}-hint"' in page.get_data(as_text=True)
    assert "Ada Lovelace" in page.get_data(as_text=True) or claim == "name"
    assert find(rp) == before


def test_the_user_name_and_what_is_not_offered_stay_as_they_are(rp):
    rp.sign_in()

    act(rp, PROFILE, **VALUES, username="root", email="evil@example.test", birthdate="", sub="x")

    user = find(rp)
    assert (user.username, user.email) == ("ada", "ada@example.test")
    assert user.profile["birthdate"] == "1990-02-03"


def test_a_value_that_is_in_no_list_is_still_among_the_choices():
    assert ("tlh", "tlh") in languages("tlh")
    assert any(("US/Pacific", "US/Pacific") in those for _region, those in zones("US/Pacific"))
    assert not any(("US/Pacific", "US/Pacific") in those for _region, those in zones(""))


def test_another_address_is_asked_for_by_a_link_to_it(make, monkeypatch):
    rp = make(**MAIL)
    rp.sign_in()
    kept = letters(monkeypatch)

    page = act(rp, f"{PROFILE}/email", email="lovelace@example.test")

    assert page.request.path == PROFILE
    assert "Open the link that we sent" in text_of(page)
    assert [letter["to"] for letter in kept] == ["lovelace@example.test"]
    assert find(rp).email == "ada@example.test", "until the link is opened"
    assert "email_change.requested" in rp.provider.event_names()
    refused = act(rp, f"{PROFILE}/email", email="no address")
    assert "name@example.com" in text_of(refused)


def test_without_mail_nobody_changes_an_address(rp):
    rp.sign_in()

    page = act(rp, f"{PROFILE}/email", email="lovelace@example.test")

    assert page.request.path == PROFILE
    assert "email_change.requested" not in rp.provider.event_names()


@pytest.fixture
def texted(make, monkeypatch):
    """Somebody signed in, and the text messages that are sent from now on."""
    rp = make(**TEXTS)
    rp.sign_in()
    kept: list[dict[str, str]] = []
    monkeypatch.setattr("idp.delivery.service.text", lambda _ctx, **text: kept.append(text))
    return rp, kept


def code_in(message):
    return re.search(r"\d{8}", message["message"].replace(" ", ""))[0]


@spec("ASVS 6.6.1")
def test_another_number_counts_once_its_code_is_entered(texted):
    rp, kept = texted

    page = act(rp, f"{PROFILE}/phone", phone_number="+49 30 1234567")
    assert b'id="page-account-phone-code"' in page.data
    assert find(rp).phone_number == "+49 30 901820"
    wrong = rp.submit(page, code="0" * 8)
    assert "That code is not right" in text_of(wrong)

    done = rp.submit(wrong, code=code_in(kept[0]))

    assert "Your phone number was changed." in text_of(done)
    user = find(rp)
    assert (user.phone_number, user.phone_number_verified) == ("+49 30 1234567", True)
    assert kept[0]["to"] == "+49 30 1234567"


@spec("ASVS 6.6.2")
def test_a_code_is_good_for_the_number_to_which_it_was_sent(texted):
    rp, kept = texted
    act(rp, f"{PROFILE}/phone", phone_number="+49 30 1234567")
    rp.provider.clock.forward(minutes=1)
    page = act(rp, f"{PROFILE}/phone", phone_number="+49 30 7654321")

    assert "not right" in text_of(rp.submit(page, code=code_in(kept[0])))
    rp.submit(page, code=code_in(kept[1]))

    assert find(rp).phone_number == "+49 30 7654321"


def test_a_number_that_is_none_is_refused_and_too_many_codes_are_not_sent(texted):
    rp, kept = texted
    refused = act(rp, f"{PROFILE}/phone", phone_number="call me")
    assert "+49 30 1234567" in text_of(refused)

    for _ in range(6):
        page = act(rp, f"{PROFILE}/phone", phone_number="+49 30 1234567")

    assert "Too many codes" in text_of(page)
    assert len(kept) < 6


def test_a_number_is_removed_unless_the_second_step_needs_it(make):
    rp = make(**TEXTS, second_factor="off", second_factor_groups={"staff": "required"})
    ada = find(rp)
    rp.sign_in()
    with rp.provider.context() as ctx:
        users.change(ctx.db, ada.id, ctx.now, phone_number_verified=True, groups=["staff"])
    rise(rp, ada, amr=("pwd", "sms"), acr="mfa")

    assert "The phone number stays" in text_of(act(rp, f"{PROFILE}/phone/remove"))
    with rp.provider.context() as ctx:
        users.change(ctx.db, ada.id, ctx.now, groups=[])
    assert "was removed" in text_of(act(rp, f"{PROFILE}/phone/remove"))
    assert find(rp).phone_number is None


def test_the_profile_form_is_guarded_as_every_other(rp):
    rp.sign_in()
    token = fields_of(visit(rp))["csrf_token"]

    answer = rp.browser.post(
        PROFILE, data={**VALUES, "csrf_token": token[:-1]}, base_url="https://id.example.test"
    )

    assert answer.status_code == 403
