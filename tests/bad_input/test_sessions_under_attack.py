"""Nobody takes over a session, opens one with half a proof, or brings a victim into theirs."""

import re

import pyotp
import pytest

from idp.account.administration import disable_user, set_password
from idp.kernel.secrets import MasterKey
from idp.settings import SecondFactor
from idp.web import tickets
from tests.app import (
    CALLBACK,
    ISSUER,
    PASSWORD,
    RelyingParty,
    claims_of,
    fields_of,
    make_provider,
    submit,
    text_of,
)
from tests.support.spec import spec

SESSION = "__Host-idp_session"


def cookie(rp: RelyingParty, name: str = SESSION) -> str | None:
    found = rp.browser.get_cookie(name, domain="id.example.test")
    return found.value if found else None


def put_cookie(rp: RelyingParty, value: str, name: str = SESSION) -> None:
    rp.browser.set_cookie(name, value, domain="id.example.test", secure=True)


def another_browser(rp: RelyingParty) -> RelyingParty:
    return RelyingParty(rp.provider, rp.registered, rp.provider.browser())


def at_home(rp: RelyingParty, username: str = "ada"):
    return rp.log_in(rp.follow(rp.get("/account")), username)


def lives(rp: RelyingParty, secret: str | None) -> bool:
    other = another_browser(rp)
    if secret:
        put_cookie(other, secret)
    # Whoever copies one cookie has the other: without it a session is asked about.
    device = rp.browser.get_cookie("__Host-idp_device", domain="id.example.test")
    if device is not None:
        other.browser.set_cookie(device.key, device.value, domain="id.example.test", secure=True)
    return b'id="page-account"' in other.get("/account").data


def ticket_of(rp: RelyingParty, page) -> dict:
    """What the ticket on a page holds."""
    with rp.provider.context() as ctx:
        read = tickets.read(ctx.house.get(MasterKey), "login", fields_of(page)["ticket"], ctx.now)
    assert read is not None
    return read


@spec("ASVS 5.0 V7.2.4")
def test_each_proof_changes_the_secret_and_kills_the_old_one(rp, provider):
    user = provider.add_user("grace")
    at_home(rp, "grace")
    secrets = [cookie(rp)]
    rp.log_in(rp.follow(rp.get("/login")), "grace")
    secrets.append(cookie(rp))
    secret = provider.add_totp(user)
    step = rp.follow(rp.get("/login/step-up"))
    assert b'id="page-account"' in rp.submit(step, code=provider.code(secret)).data
    secrets.append(cookie(rp))
    assert len(set(secrets)) == 3
    assert [lives(rp, each) for each in secrets] == [False, False, True]


def test_enrolling_changes_the_secret_and_kills_the_old_one(rp, provider):
    at_home(rp)
    before = cookie(rp)
    answer = rp.browser.post(
        "/account/authenticator", data=fields_of(rp.get("/account")), base_url=ISSUER
    )
    page = rp.follow(answer)
    key = re.search(r'id="manual-key"[^>]*>([A-Z2-7 ]+)<', page.text)[1].replace(" ", "")
    codes = rp.submit(page, code=pyotp.TOTP(key).at(provider.clock.now), action="confirm")
    assert b'id="page-recovery-codes"' in codes.data
    assert not lives(rp, before)
    assert lives(rp, cookie(rp))

    # The same form once more adds nothing and shows no codes again.
    again = rp.submit(page, code=pyotp.TOTP(key).at(provider.clock.now), action="confirm")
    assert b'id="page-recovery-codes"' not in again.data
    assert provider.event_names().count("totp.added") <= 1


def test_a_planted_session_is_not_the_one_that_the_victim_signs_in_to(rp, provider):
    """Session fixation: neither an invented secret nor the attacker's own."""
    attacker = another_browser(rp)
    provider.add_user("mallory")
    at_home(attacker, "mallory")
    for planted in (cookie(attacker), "idp_ss_" + "A" * 43):
        victim = another_browser(rp)
        put_cookie(victim, planted)
        victim.submit(victim.follow(victim.get("/login")), identifier="ada", password=PASSWORD)
        assert cookie(victim) != planted
        assert b"ada@example.test" in victim.get("/account").data
    assert not lives(rp, cookie(attacker)), "the browser has one account, and it is not theirs"


@spec("ASVS 5.0 V3.5.1")
def test_a_foreign_page_signs_nobody_in(rp, provider):
    """Login CSRF: without our cookie, with the attacker's token, from another origin."""
    attacker = another_browser(rp)
    page = attacker.follow(attacker.get("/login"))
    sent = fields_of(page) | {"identifier": "ada", "password": PASSWORD}
    victim = another_browser(rp)
    assert victim.browser.post("/login", data=sent, base_url=ISSUER).status_code == 403
    victim.get("/login")
    assert victim.browser.post("/login", data=sent, base_url=ISSUER).status_code == 403
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = attacker.browser.post("/login", data=sent, base_url=ISSUER, headers=headers)
        assert answer.status_code == 403
    assert cookie(victim) is None
    assert cookie(attacker) is None


def half_done(rp, provider):
    """A browser whose password was right; the code is missing."""
    user = provider.add_user("grace")
    secret = provider.add_totp(user)
    thief = another_browser(rp)
    step = thief.log_in(thief.authorize(), "grace")
    assert b'id="page-login-code"' in step.data
    return thief, step, secret


@spec("ASVS 6.3.4")
def test_a_half_done_sign_in_is_no_session(rp, provider):
    thief, step, _ = half_done(rp, provider)
    assert cookie(thief) is None
    assert cookie(thief, "__Host-idp_device") is None
    assert b'id="page-login"' in thief.follow(thief.get("/account")).data
    assert thief.answer(thief.authorize(prompt="none"))["error"] == "login_required"
    ticket = fields_of(step)["ticket"]
    # The ticket of this step is none for the way back, which is behind the code.
    for path in ("/authorize/continue", "/consent", "/logout/continue"):
        answer = thief.get(f"{path}?ticket={ticket}")
        assert answer.headers.get("Location", "") == ""
        assert b"code=" not in answer.data
    for path in ("/login/enrol", "/login/account", "/login/step-up"):
        page = thief.follow(thief.get(f"{path}?ticket={ticket}"))
        assert b'id="page-login"' in page.data, path
    for action in ("skip", "confirm", "verify", "allow"):
        for path in ("/login/enrol", "/login/account", "/login/recovery", "/login/code"):
            page = thief.follow(submit(thief.browser, step, path, action=action))
            assert CALLBACK not in page.headers.get("Location", "")
    assert cookie(thief) is None


def test_cancelling_the_second_step_is_a_no_and_not_a_session(rp, provider):
    thief, step, _ = half_done(rp, provider)
    answer = thief.submit(step, action="cancel")
    assert thief.answer(answer)["error"] == "access_denied"
    assert cookie(thief) is None


def test_a_half_done_sign_in_belongs_to_its_browser(rp, provider):
    thief, step, secret = half_done(rp, provider)
    other = another_browser(rp)
    other.get("/login")
    token = fields_of(other.get("/login"))["csrf_token"]
    sent = fields_of(step) | {"csrf_token": token, "code": provider.code(secret)}
    answer = other.browser.post("/login/code", data=sent, base_url=ISSUER)
    assert b'id="page-login"' in other.follow(answer).data
    assert cookie(other) is None
    assert b'id="page-consent"' in thief.submit(step, code=provider.code(secret)).data


def test_a_second_step_is_done_once(rp, provider):
    thief, step, secret = half_done(rp, provider)
    thief.submit(step, code=provider.code(secret))
    first = cookie(thief)
    provider.clock.forward(seconds=90)
    again = thief.submit(step, code=provider.code(secret))
    assert b'id="page-consent"' in again.data, "who is signed in goes on from an old page"
    assert cookie(thief) == first


def test_a_second_step_is_over_after_a_while_and_when_the_account_is_disabled(rp, provider):
    thief, step, secret = half_done(rp, provider)
    provider.clock.forward(minutes=16)
    assert b'id="page-login"' in thief.submit(step, code=provider.code(secret)).data
    step = thief.log_in(thief.authorize(), "grace")
    with provider.context() as ctx:
        disable_user(ctx, "grace")
    assert b'id="page-login"' in thief.submit(step, code=provider.code(secret)).data
    assert cookie(thief) is None


def test_a_new_password_ends_what_the_old_one_began(database_url, tmp_path):
    """ASVS 5.0 V7.4.3: whoever knew the old one is out, also of the half-way house."""
    provider = make_provider(database_url, tmp_path, second_factor=SecondFactor.ENCOURAGED)
    provider.add_user()
    thief = RelyingParty(provider, provider.add_client(), provider.browser())
    offer = at_home(thief)
    assert b'id="page-enrol"' in offer.data
    provider.clock.forward(seconds=5)
    with provider.context() as ctx:
        set_password(ctx, "ada", "an entirely different sentence")
    thief.submit(offer, action="skip")
    assert cookie(thief) is None


@spec("ASVS 6.3.3")
def test_a_demanded_factor_is_not_skipped(database_url, tmp_path):
    provider = make_provider(database_url, tmp_path, second_factor=SecondFactor.ENCOURAGED)
    provider.add_user()
    rp = RelyingParty(provider, provider.add_client(first_party=True), provider.browser())
    offer = rp.log_in(rp.authorize())
    rp.submit(offer, action="skip")
    claims = '{"id_token":{"acr":{"essential":true,"value":"mfa"}}}'
    demand = rp.authorize(claims=claims)
    assert b'id="page-enrol"' in demand.data
    assert b'value="skip"' not in demand.data
    answer = rp.submit(demand, action="skip")
    assert "code=" not in answer.headers.get("Location", "")


def test_what_was_proved_for_one_request_does_not_count_for_another(rp):
    """`prompt=login` answered once is not answered for the next request."""
    first = rp.log_in(rp.authorize(prompt="login"))
    assert b'id="page-consent"' in first.data
    second = rp.authorize(prompt="login")
    assert b'id="page-login"' in second.data
    # Nor does going around the form help: the way back is a ticket that only the form gives.
    ticket = fields_of(second)["ticket"]
    assert rp.get(f"/authorize/continue?ticket={ticket}").status_code == 400


def test_an_answered_request_answers_no_more(rp):
    page = rp.log_in(rp.authorize())
    ticket_url = submit(rp.browser, page, action="allow").headers["Location"]
    first = rp.get(ticket_url)
    assert "code=" in first.headers["Location"]
    assert rp.get(ticket_url).status_code == 400
    assert rp.follow(submit(rp.browser, page, action="allow")).status_code == 400


@pytest.fixture
def two_people(rp, provider):
    provider.add_user("mallory")
    other = another_browser(rp)
    return rp, other


def test_a_consent_asked_of_one_person_is_not_answered_by_another(two_people):
    ada, mallory = two_people
    question = ada.log_in(ada.authorize())
    at_home(mallory, "mallory")
    token = fields_of(mallory.get("/account"))["csrf_token"]
    sent = fields_of(question) | {"csrf_token": token, "action": "allow"}
    answer = mallory.browser.post("/consent", data=sent, base_url=ISSUER)
    assert answer.status_code == 400
    assert mallory.get(f"/consent?ticket={sent['ticket']}").status_code == 400
    # Nor by the next person at the same browser.
    ada.browser.post("/account/sign-out", data=fields_of(question), base_url=ISSUER)
    at_home(ada, "mallory")
    assert submit(ada.browser, question, action="allow").status_code == 400
    assert "consent.given" not in ada.provider.event_names()


def test_the_way_back_of_one_browser_issues_nothing_in_another(two_people):
    """A code for Ada's request in Mallory's browser is for Mallory, after her own consent."""
    ada, mallory = two_people
    question = ada.log_in(ada.authorize())
    way_back = submit(ada.browser, question, action="allow").headers["Location"]
    page = mallory.follow(mallory.get(way_back))
    assert b'id="page-login"' in page.data
    page = mallory.log_in(page, "mallory")
    assert b'id="page-consent"' in page.data


def test_a_consent_for_one_client_is_none_for_another(rp, provider):
    evil = RelyingParty(
        provider,
        provider.add_client(client_name="Evil", redirect_uris=("https://evil.example/cb",)),
        rp.browser,
        redirect_uri="https://evil.example/cb",
    )
    rp.allow(rp.log_in(rp.authorize()))
    assert b'id="page-consent"' in evil.authorize().data
    assert evil.answer(evil.authorize(prompt="none"))["error"] == "consent_required"
    # More than was agreed to is asked for again.
    assert rp.answer(rp.authorize(prompt="none", scope="openid email"))["error"] == (
        "consent_required"
    )
    wanted = '{"userinfo":{"email":null}}'
    assert rp.answer(rp.authorize(prompt="none", claims=wanted))["error"] == "consent_required"


PURPOSES = {
    "/login": "login",
    "/login/code": "login",
    "/login/recovery": "login",
    "/login/enrol": "login",
    "/login/account": "login",
    "/consent": "consent",
    "/authorize/continue": "continue",
    "/logout/continue": "continue",
}


def test_a_ticket_for_one_hop_is_none_for_another(rp, provider):
    """Signed by us is not enough: for this, by us, and not too long ago."""
    question = rp.log_in(rp.authorize())
    consent = fields_of(question)["ticket"]
    assert rp.get(f"/consent?ticket={consent}").status_code == 200
    assert rp.get(f"/authorize/continue?ticket={consent}").status_code == 400
    way_back = submit(rp.browser, question, action="allow").headers["Location"]
    back = way_back.partition("ticket=")[2]
    assert rp.get(f"/consent?ticket={back}").status_code == 400
    for path in PURPOSES:
        if path.startswith("/login"):
            for foreign in (consent, back):
                answer = rp.get(f"{path}?ticket={foreign}")
                assert CALLBACK not in answer.headers.get("Location", "")
                assert b"Example App" not in answer.data
    provider.clock.forward(hours=1, seconds=1)
    assert rp.get(f"/consent?ticket={consent}").status_code == 400
    assert rp.get(way_back).status_code == 400


def test_a_logout_by_form_and_a_sign_in_do_not_mix(rp):
    """Both use the way back; each finds nothing of the other in it."""
    answer = rp.browser.post(
        "/logout", data={"client_id": rp.client_id, "state": "x"}, base_url=ISSUER
    )
    ticket = answer.headers["Location"].partition("ticket=")[2]
    assert rp.get(f"/authorize/continue?ticket={ticket}").status_code == 400
    answer = rp.browser.post("/authorize", data=rp.parameters(), base_url=ISSUER)
    ticket = answer.headers["Location"].partition("ticket=")[2]
    page = rp.follow(rp.get(f"/logout/continue?ticket={ticket}"))
    assert page.status_code == 200
    assert b'id="page-logged-out"' in page.data


def test_no_ticket_leads_off_this_origin(rp):
    page = rp.authorize(login_hint="https://evil.example", ui_locales="//evil.example")
    assert ticket_of(rp, page)["to"].startswith("/authorize/")
    for way in ("to", "next", "return_to", "redirect", "continue", "ticket"):
        for target in ("//evil.example", "/\\evil.example", "https://evil.example"):
            for path in ("/login", "/account", "/login/step-up", "/", "/logout"):
                answer = rp.get(f"{path}?{way}={target}")
                assert "evil" not in answer.headers.get("Location", "")
                assert b"evil" not in answer.data


def test_a_code_of_one_client_is_none_for_another(rp, provider):
    """Code injection and mix-up (RFC 9700 §4.4, §4.5)."""
    other = RelyingParty(provider, provider.add_client(), provider.browser())
    code = rp.code()
    assert other.redeem(code).get_json()["error"] == "invalid_grant"
    assert rp.redeem(code, code_verifier="w" * 43).get_json()["error"] == "invalid_grant"
    assert rp.redeem(code, code_verifier=None).get_json()["error"] == "invalid_grant"
    assert rp.redeem(code, redirect_uri=CALLBACK + "/").get_json()["error"] == "invalid_grant"
    # None of these burnt it for its owner.
    answer = rp.redeem(code)
    assert answer.status_code == 200
    assert claims_of(answer.get_json()["id_token"])["nonce"] == "n-0S6_WzA2Mj"


@spec("RFC 9700 §2.1.1", "RFC 9700 §4.8.2")
def test_pkce_is_not_taken_away_on_the_way(rp, provider):
    without = rp.code(code_challenge=None, code_challenge_method=None)
    assert rp.redeem(without).get_json()["error"] == "invalid_grant", "a verifier, no challenge"
    for change in (
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge": "v" * 42},
        {"code_challenge": "v" * 43 + "="},
    ):
        assert rp.answer(rp.authorize(**change))["error"] == "invalid_request", change
    public = RelyingParty(
        provider, provider.add_client(token_endpoint_auth_method="none"), rp.browser
    )
    answer = public.authorize(code_challenge=None, code_challenge_method=None)
    assert public.answer(answer)["error"] == "invalid_request"


def test_the_answer_names_its_issuer(rp):
    """RFC 9207: a client that talks to many can tell who answered, in errors as well."""
    assert rp.answer(rp.allow(rp.log_in(rp.authorize())))["iss"] == ISSUER
    assert rp.answer(rp.authorize(prompt="none", scope="none-such"))["iss"] == ISSUER


def test_an_ended_session_gives_nothing_to_who_still_has_its_things(rp, provider):
    tokens = rp.sign_in()
    code = rp.code()
    question = rp.authorize(prompt="consent")
    old = cookie(rp)
    page = rp.get("/account")
    rp.browser.post("/account/sign-out", data=fields_of(page), base_url=ISSUER)
    assert not lives(rp, old)
    assert rp.redeem(code).get_json()["error"] == "invalid_grant"
    assert rp.userinfo(tokens["access_token"]).status_code == 401
    put_cookie(rp, old)
    assert submit(rp.browser, question, action="allow").status_code == 400, text_of(question)
