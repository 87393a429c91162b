"""A forgotten password: a link in the browser that asked, and no second factor bypassed."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.admission import invitation, recovery
from idp.credentials import devices, passkeys, passwords, totp
from idp.credentials import recovery as recovery_codes
from idp.sessions import service as sessions
from idp.store import users
from tests.admission.people import (
    MAIL,
    NEW_PASSWORD,
    Person,
    another,
    events,
    use_passkey,
    used_tickets,
)
from tests.app import (
    ISSUER,
    PASSWORD,
    RelyingParty,
    claims_of,
    fields_of,
    link_of,
    make_provider,
    submit,
    text_of,
)
from tests.support.authenticator import Authenticator
from tests.support.mmdb import write_mmdb
from tests.support.spec import spec

DOMAIN = "id.example.test"


def ada(provider):
    with provider.context() as ctx:
        return users.find_by_username(ctx.db, "ada")


def is_over(page) -> bool:
    return page.status_code == 410 and b'id="page-ticket-over"' in page.data


@spec("ASVS 6.4.3")
def test_a_link_in_the_browser_that_asked_leads_to_a_new_password_and_back_to_the_client(person):
    rp = person.rp
    login = rp.authorize()
    sent = person.ask(page=rp.get(link_of(login, "forgot")))
    assert b'id="page-forgotten-sent"' in sent.data
    page = person.open(person.post.link())
    assert b'id="page-new-password"' in page.data

    consent = person.choose(page)

    assert b'id="page-consent"' in consent.data, text_of(consent)
    tokens = rp.redeem(rp.answer(rp.allow(consent))["code"]).get_json()
    assert claims_of(tokens["id_token"])["amr"] == ["pwd"]
    assert person.signs_in(password=NEW_PASSWORD)
    assert not person.signs_in(password=PASSWORD)
    assert len(events(person.provider, "recovery.requested")) == 1
    assert len(events(person.provider, "password.recovered")) == 1


@spec("ASVS 5.0 §7.4.3")
def test_a_new_password_ends_what_the_old_one_opened_and_tells_the_user(person):
    user = ada(person.provider)
    with person.provider.context() as ctx:
        sid = sessions.open_session(ctx, user.id, ("pwd",), None).session.sid
        devices.remember(ctx, "a device", user.id)
        devices.trust(ctx, "a device", user.id)
    person.ask()
    person.choose(person.open(person.post.link()))

    ended = [event for event in person.provider.audit() if event.name == "session.ended"]
    assert [(event.sid, event.data["reason"]) for event in ended] == [(sid, "password_recovered")]
    assert events(person.provider, "devices.distrusted")[0]["reason"] == "password_recovered"
    assert events(person.provider, "devices.forgotten")[0]["reason"] == "password_recovered"
    (letter,) = person.post.mails()
    assert "password" in letter["subject"].lower()
    assert "/ticket" not in letter["text"]


def test_one_letter_tells_of_the_password_the_browser_and_the_place(database_url, tmp_path):
    networks = {"192.0.2.0/24": country("DE"), "203.0.113.0/24": country("NO")}
    files = {"geo_country_file": write_mmdb(tmp_path / "country.mmdb", networks)}
    provider = make_provider(database_url, tmp_path, **MAIL, **files)
    provider.add_user()
    rp = RelyingParty(provider, provider.add_client(), provider.browser())
    at_home = Person(provider, rp)
    rp.browser.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    rp.log_in(rp.authorize())
    letters = []
    for person in (at_home, at_home.stranger()):
        person.rp.browser.environ_base["REMOTE_ADDR"] = "203.0.113.9"
        person.ask()
        person.choose(person.open(person.post.link()))
        letters.append([mail["text"] for mail in person.post.mails()])

    (known,), (new,) = letters
    assert "in a browser that is new to us" in new
    assert "new to us" not in known
    for text in (known, new):
        assert "Place: Norway (approximate)" in text
        assert f"Everybody else is signed out by that: {ISSUER}/recovery\n" in text


def country(code):
    return {"country": {"iso_code": code}}


@pytest.fixture
def guarded(person):
    """Ada has an authenticator app and recovery codes; returns its secret and the codes."""
    user = ada(person.provider)
    secret = person.provider.add_totp(user)
    with person.provider.context() as ctx:
        codes = recovery_codes.regenerate(ctx, user.id)
    return secret, codes


@spec("ASVS 6.4.3")
def test_who_has_an_authenticator_app_shows_it_before_choosing(person, guarded):
    person.ask()
    step = person.open(person.post.link())
    assert b'id="page-login-code"' in step.data
    # The ticket of the step opens the page of the password no earlier.
    ticket = fields_of(step)["ticket"]
    early = {"ticket": ticket, "csrf_token": fields_of(step)["csrf_token"]}
    asked = person.rp.browser.post(
        "/recovery/password", data=early | {"new_password": NEW_PASSWORD}, base_url=ISSUER
    )
    assert "/login/code" in asked.headers["Location"]
    again = person.rp.follow(person.rp.get(f"/recovery/password?ticket={ticket}"))
    assert b'id="page-login-code"' in again.data
    assert b"page-login-code" in person.rp.submit(step, code="000000").data
    assert person.signs_in(password=PASSWORD)

    page = person.rp.submit(step, code=person.provider.code(guarded[0]))
    assert b'id="page-new-password"' in page.data, text_of(page)
    person.choose(page)

    opened = [event for event in person.provider.audit() if event.name == "session.opened"]
    assert (opened[-1].data["acr"], opened[-1].data["amr"]) == ("mfa", ["pwd", "otp"])


def test_a_recovery_code_is_a_second_step_too(person, guarded):
    person.ask()
    step = person.open(person.post.link())
    other = person.rp.get(link_of(step, "use-recovery"))
    page = person.rp.submit(other, recovery_code=guarded[1][0])
    person.choose(page)

    opened = [event for event in person.provider.audit() if event.name == "session.opened"]
    assert (opened[-1].data["acr"], opened[-1].data["amr"]) == ("mfa", ["pwd", "rec"])


def test_a_passkey_is_a_second_step_too(person):
    key = Authenticator()
    rp = another(person.rp)
    rp.log_in(rp.authorize())
    add_passkey(person.provider, key)
    person.ask()
    step = person.open(person.post.link())
    assert b'data-passkey="get"' in step.data
    page = use_passkey(person.rp, step, key)
    person.choose(page)

    opened = [event for event in person.provider.audit() if event.name == "session.opened"]
    assert opened[-1].data["acr"] == "phr"


def add_passkey(provider, key):
    user = ada(provider)
    with provider.context() as ctx:
        ceremony = passkeys.begin_registration(ctx, user, b"browser")
    with provider.context() as ctx:
        made = key.create(ceremony.options)
        assert not isinstance(
            passkeys.finish_registration(ctx, user, ceremony.ticket, made, b"browser", name=""),
            passkeys.Refused,
        )


def test_a_factor_that_was_added_meanwhile_is_asked_for(person):
    person.ask()
    page = person.open(person.post.link())
    person.provider.add_totp(ada(person.provider))

    assert b'id="page-login-code"' in person.choose(page).data
    assert person.signs_in(password=PASSWORD)


def test_in_another_browser_the_link_says_where_it_works_and_opens_nothing(person):
    person.ask()
    link = person.post.link()
    page = person.stranger().open(link)

    assert b'id="page-ticket-elsewhere"' in page.data
    assert link_of(page, "again") == "/recovery"
    assert b'id="page-new-password"' in person.open(link).data


def test_the_address_behind_the_link_opens_nothing_in_another_browser(person):
    person.ask()
    page = person.open(person.post.link())
    stranger = person.stranger()
    taken = stranger.rp.get(f"/recovery/password?ticket={fields_of(page)['ticket']}")

    assert is_over(taken)


@spec("ASVS 2.3.4")
def test_of_two_forms_sent_at_once_one_changes_the_password(person):
    person.ask()
    page = person.open(person.post.link())
    cookie = person.rp.browser.get_cookie("__Host-idp_browser", domain=DOMAIN).value
    together = threading.Barrier(2)

    def send(password):
        browser = person.provider.browser()
        browser.set_cookie("__Host-idp_browser", cookie, domain=DOMAIN, secure=True)
        together.wait()
        return submit(browser, page, "/recovery/password", new_password=password).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(send, ("first otters under brickwork", "second otters in a boat")))

    assert sorted(answers) == [303, 410]
    assert len(events(person.provider, "password.recovered")) == 1
    assert len(events(person.provider, "password.set")) == 2  # the first one, and this one


def test_a_used_link_is_over(person):
    person.ask()
    link = person.post.link()
    page = person.open(link)
    person.choose(page)

    assert is_over(person.open(link))
    assert is_over(person.rp.submit(page, new_password="another otter in brickwork"))


@spec("NIST SP 800-63B-4 §4.2.1.2")
def test_an_old_link_is_over(person):
    person.ask()
    link = person.post.link()
    page = person.open(link)
    person.provider.clock.forward(minutes=21)

    assert is_over(person.open(link))
    assert is_over(person.rp.submit(page, new_password=NEW_PASSWORD))
    assert person.signs_in(password=PASSWORD)


@pytest.mark.parametrize("change", ["disabled", "address", "password"])
def test_a_link_is_over_when_its_user_changed_meanwhile(person, change):
    person.ask()
    link = person.post.link()
    page = person.open(link)
    user = ada(person.provider)
    person.provider.clock.forward(seconds=1)
    with person.provider.context() as ctx:
        if change == "disabled":
            users.change(ctx.db, user.id, ctx.now, disabled_at=ctx.now)
        elif change == "address":
            users.change(ctx.db, user.id, ctx.now, email="new@example.test")
        else:
            passwords.set_password(ctx, user, "a password chosen elsewhere", minimum=8)

    assert is_over(person.open(link))
    assert is_over(person.rp.submit(page, new_password=NEW_PASSWORD))
    assert events(person.provider, "password.recovered") == []


@spec("NIST SP 800-63B-4 §3.1.1.2")
@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "Enter a new password"),
        ("short", "too short"),
        ("passwordpassword1", "easy to guess"),
        ("ada@example.test", "made of your name"),
        ("x" * 1025, "too long"),
    ],
)
def test_a_refused_password_is_said_why_and_uses_nothing_up(person, password, said):
    person.ask()
    page = person.open(person.post.link())
    refused = person.rp.submit(page, new_password=password)

    assert refused.status_code == 400
    assert said in text_of(refused)
    assert f'value="{password}"' not in refused.get_data(as_text=True) or not password
    assert used_tickets(person.provider) == [False]
    person.choose(refused)
    assert used_tickets(person.provider) == [True]


def test_a_scanner_that_opens_the_link_uses_nothing_up(person):
    person.ask()
    link = person.post.link()
    for _ in range(3):
        person.stranger().open(link)
        person.open(link)
    assert used_tickets(person.provider) == [False]

    person.choose(person.open(link))
    assert person.signs_in(password=NEW_PASSWORD)


def test_a_form_of_another_page_chooses_nothing(person):
    person.ask()
    page = person.open(person.post.link())
    form = fields_of(page) | {"new_password": NEW_PASSWORD, "csrf_token": "x"}

    answer = person.rp.browser.post("/recovery/password", data=form, base_url=ISSUER)
    assert answer.status_code == 403
    assert used_tickets(person.provider) == [False]


def test_an_ordinary_half_done_sign_in_chooses_no_password(person, guarded):
    rp = person.rp
    step = rp.log_in(rp.authorize())
    assert b'id="page-login-code"' in step.data

    assert is_over(rp.get(f"/recovery/password?ticket={fields_of(step)['ticket']}"))


def test_the_step_of_a_recovery_opens_no_session(person, guarded):
    person.ask()
    step = person.open(person.post.link())
    person.rp.submit(step, code=person.provider.code(guarded[0]))

    assert "session.opened" not in person.provider.event_names()


def test_an_operators_link_opens_in_any_browser_and_asks_for_the_second_step(person, guarded):
    with person.provider.context() as ctx:
        link = invitation.invite_to_new_password(ctx, ada(person.provider))
    assert link.mailed
    (mailed,) = person.post.links()
    assert mailed != link.url
    step = person.stranger().open(mailed)
    assert b'id="page-login-code"' in step.data

    step = person.open(link.url)
    page = person.rp.submit(step, code=person.provider.code(guarded[0]))
    person.choose(page)
    assert person.signs_in(password=NEW_PASSWORD)
    assert is_over(person.open(mailed))


def test_where_no_mail_is_sent_nothing_is_offered(rp):
    login = rp.authorize()
    assert b'id="forgot"' not in login.data
    assert rp.get("/recovery").status_code == 404
    assert rp.get("/recovery/sent").status_code == 404
    assert submit(rp.browser, login, "/recovery", identifier="ada").status_code == 404


def test_a_user_without_a_password_may_choose_one_behind_the_passkey(mailing):
    user = mailing.add_user(password=None)
    key = Authenticator()
    add_passkey(mailing, key)
    rp = RelyingParty(mailing, mailing.add_client(), mailing.browser())
    person = Person(mailing, rp)
    person.ask()
    page = use_passkey(rp, person.open(person.post.link()), key)
    person.choose(page)

    with mailing.context() as ctx:
        assert passwords.has_password(ctx, user.id)


def test_who_may_put_a_second_factor_off_is_led_on_as_after_any_sign_in(database_url, tmp_path):
    provider = make_provider(database_url, tmp_path, second_factor="required", **MAIL)
    provider.add_user()
    rp = RelyingParty(provider, provider.add_client(), provider.browser())
    person = Person(provider, rp)
    person.ask()
    page = person.open(person.post.link())

    assert b'id="page-enrol' in person.choose(page, "kv7!Rqz2").data
    with provider.context() as ctx:
        assert not totp.list_for(ctx, ada(provider).id)


def test_the_handler_sends_nothing_for_a_payload_that_means_nobody(mailing):
    with mailing.context() as ctx:
        recovery.answer(ctx, {"identifier": "", "browser": "", "device": "", "agent": ""})
    assert mailing.event_names() == []
