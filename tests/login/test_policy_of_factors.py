"""What the operator demands, what a person owns, and what that comes to."""

import re
from datetime import datetime, timedelta

import pyotp
import pytest

from idp.credentials import recovery
from idp.store import users
from tests.app import RelyingParty, link_of, text_of
from tests.login.keys import (
    asks,
    bind,
    count,
    has_session,
    id_token,
    make,
    page_id,
    post,
    use,
    user_of,
    visit,
)
from tests.machines.statements import overheard
from tests.support.authenticator import Authenticator, Maker
from tests.support.spec import spec

APP = "app.example.test"


def own(rp: RelyingParty, *kinds: str) -> dict[str, object]:
    """Give ada these factors: `key`, `totp`, `mail` (proved), `text` (proved), `codes`."""
    provider, ada, owned = rp.provider, user_of(rp.provider), {}
    if "key" in kinds:
        owned["key"] = Authenticator()
        bind(provider, ada, owned["key"])
    if "totp" in kinds:
        owned["totp"] = provider.add_totp(ada)
    with provider.context() as ctx:
        if "text" in kinds:
            users.change(ctx.db, ada.id, ctx.now, phone_number_verified=True)
        if "codes" in kinds:
            owned["codes"] = recovery.regenerate(ctx, ada.id)
    return owned


def key_on(page) -> str:
    found = re.search(r'id="manual-key"[^>]*>([^<]+)<', page.get_data(as_text=True))
    assert found, text_of(page)
    return found[1].replace(" ", "")


def change(rp: RelyingParty, **values) -> None:
    with rp.provider.context() as ctx:
        users.change(ctx.db, user_of(rp.provider).id, ctx.now, **values)


@spec("ASVS 5.0 V6.3.3", "ASVS 5.0 V6.3.4")
@pytest.mark.parametrize(
    ("policy", "owned", "next_page", "can_skip"),
    [
        ("off", (), APP, None),
        ("off", ("totp",), "login-code", None),
        ("off", ("key",), "login-key", None),
        ("off", ("key", "totp"), "login-key", None),
        ("off", ("codes",), APP, None),
        ("encouraged", (), "enrol", True),
        ("encouraged", ("totp",), "login-code", None),
        ("encouraged", ("key",), "login-key", None),
        ("required", (), "enrol", False),
        ("required", ("codes",), "enrol", False),
        ("required", ("totp",), "login-code", None),
        ("required", ("key", "totp"), "login-key", None),
        ("phishing-resistant", (), "enrol-passkey", False),
        ("phishing-resistant", ("totp",), "login-code", None),
        ("phishing-resistant", ("key",), "login-key", None),
        ("phishing-resistant", ("key", "totp", "codes"), "login-key", None),
    ],
)
def test_after_the_password_comes_what_the_policy_wants_of_what_is_there(
    party, policy, owned, next_page, can_skip
):
    rp = party(second_factor=policy)
    own(rp, *owned)

    page = rp.log_in(rp.authorize())

    assert page_id(page) == next_page
    assert has_session(rp) is (next_page == APP)
    if can_skip is not None:
        assert (b'id="skip"' in page.data) is can_skip
        away = post(rp, page.request.path, skipping(page))
        assert (page_id(away) == APP) is can_skip
        assert has_session(rp) is can_skip


def skipping(page) -> dict[str, str]:
    inputs = re.findall(
        r'<input type="hidden" name="(csrf_token|ticket)" value="([^"]*)"', page.get_data(True)
    )
    return {**dict(inputs), "action": "skip"}


@pytest.mark.parametrize("policy", ["off", "encouraged", "required", "phishing-resistant"])
def test_a_passkey_alone_is_enough_for_every_policy(party, policy):
    rp = party(second_factor=policy)
    key = own(rp, "key", "totp")["key"]

    page = use(rp, rp.authorize(), key)

    claims = id_token(rp, page)
    assert (claims["acr"], claims["amr"]) == ("phr", ["mfa", "pop", "user"])


@spec("RFC 8176 §2", "OIDC Core §2")
@pytest.mark.parametrize(
    ("device", "steps", "claims"),
    [
        ({}, ("pwd",), ("sfa", ["pwd"])),
        ({}, ("pwd", "totp"), ("mfa", ["mfa", "otp", "pwd"])),
        ({}, ("pwd", "codes"), ("mfa", ["mfa", "otp", "pwd"])),
        ({}, ("pwd", "key"), ("phr", ["mfa", "pop", "pwd", "user"])),
        ({}, ("key",), ("phr", ["mfa", "pop", "user"])),
        ({"backup_eligible": True}, ("pwd", "key"), ("phr", ["mfa", "pwd", "swk", "user"])),
        ({"backup_eligible": True}, ("key",), ("phr", ["mfa", "swk", "user"])),
        ({"attestation": "x5c"}, ("key",), ("phrh", ["hwk", "mfa", "user"])),
        ({"attestation": "x5c"}, ("pwd", "key"), ("phrh", ["hwk", "mfa", "pwd", "user"])),
    ],
)
def test_acr_and_amr_say_what_was_shown(party, tmp_path, device, steps, claims):
    maker = Maker()
    roots = maker.write_roots(tmp_path / "roots.pem")
    rp = party(webauthn_attestation="preferred", webauthn_attestation_roots=roots)
    ada = user_of(rp.provider)
    key = Authenticator(maker=maker, **device)
    codes: list[str] = []
    if "key" in steps:
        bind(rp.provider, ada, key)
    if {"totp", "codes"} & set(steps):
        secret = rp.provider.add_totp(ada)
    if "codes" in steps:
        with rp.provider.context() as ctx:
            codes = recovery.regenerate(ctx, ada.id)

    page = rp.authorize()
    if "pwd" in steps:
        page = rp.log_in(page)
    if "key" in steps:
        page = use(rp, page, key)
    if "totp" in steps:
        page = rp.submit(page, code=rp.provider.code(secret))
    if codes:
        page = rp.submit(rp.get(link_of(page, "use-recovery")), recovery_code=codes[0])

    said = id_token(rp, page)
    assert (said["acr"], said["amr"]) == claims


@pytest.mark.parametrize(
    ("groups", "next_page"),
    [
        ((), APP),
        (("staff",), "enrol"),
        (("admins",), "enrol-passkey"),
        (("staff", "admins"), "enrol-passkey"),
        (("admins", "guests"), "enrol-passkey"),
        (("guests",), APP),
    ],
)
def test_the_strictest_of_a_users_groups_counts(party, groups, next_page):
    rp = party(
        second_factor="off",
        second_factor_groups="staff=required,admins=phishing-resistant,guests=off",
    )
    change(rp, groups=list(groups))

    assert page_id(rp.log_in(rp.authorize())) == next_page


@spec("ASVS 5.0 V6.3.3")
def test_lower_proofs_lead_on_to_the_key_where_phishing_resistance_is_wanted(party):
    rp = party(second_factor="phishing-resistant")
    owned = own(rp, "key", "totp", "codes")
    asking = rp.log_in(rp.authorize())
    assert "use-authenticator" not in asking.get_data(as_text=True), "it would not do"

    # The page of another step is one path away: what it takes leads back to the key.
    ticket = asking.request.query_string.decode()
    by_code = rp.submit(rp.get(f"/login/code?{ticket}"), code=rp.provider.code(owned["totp"]))
    assert page_id(by_code) == "login-key"
    ticket = by_code.request.query_string.decode()
    by_saved = rp.submit(rp.get(f"/login/recovery?{ticket}"), recovery_code=owned["codes"][0])
    assert page_id(by_saved) == "login-key"
    assert not has_session(rp)

    assert id_token(rp, use(rp, by_saved, owned["key"]))["acr"] == "phr"


@spec("ASVS 5.0 V6.3.4")
@pytest.mark.parametrize("path", ["/login/enrol", "/login/enrol/passkey"])
@pytest.mark.parametrize("policy", ["off", "encouraged", "required", "phishing-resistant"])
def test_who_has_a_factor_binds_no_other_one_in_its_place(party, policy, path):
    rp = party(second_factor=policy)
    own(rp, "totp", "key")
    asking = rp.log_in(rp.authorize())
    ticket = asking.request.query_string.decode()

    page = rp.get(f"{path}?{ticket}")

    assert page_id(rp.follow(page)) == "login"
    fields = {**skipping(asking), "action": "confirm", "code": "123456", "credential": "{}"}
    assert page_id(post(rp, path, fields)) == "login"
    assert page_id(post(rp, path, {**fields, "action": "skip"})) == "login"
    assert not has_session(rp)


@spec("ASVS 5.0 V6.3.4")
@pytest.mark.parametrize("path", ["/login/enrol", "/login/enrol/passkey"])
def test_who_steps_up_shows_what_there_is_and_binds_nothing_instead(party, path):
    """A browser that was trusted has a session of one factor; a thief sits in front of it."""
    rp = party()
    rp.sign_in()
    own(rp, "totp", "key")
    step = rp.authorize(acr_values="mfa", claims=None)
    assert page_id(step) == "login-key"
    ticket = step.request.query_string.decode()

    page = rp.follow(rp.get(f"{path}?{ticket}"))

    assert page_id(page) not in ("enrol", "enrol-passkey"), page_id(page)


# How long it can wait


def test_a_demand_can_wait_until_the_date_and_then_not(party):
    rp = party(second_factor="required", second_factor_grace=timedelta(days=7))
    rp.provider.clock.forward(days=3)  # the grace begins with the first demand, not before

    page = rp.log_in(rp.authorize())

    assert page_id(page) == "enrol"
    until = rp.provider.clock.now + timedelta(days=7)
    assert "You can put this off until" in text_of(page)
    demanded = [e for e in rp.provider.audit() if e.name == "factor.demanded"]
    assert [datetime.fromisoformat(e.data["until"]) for e in demanded] == [until]
    assert page_id(rp.submit(page, action="skip")) == APP

    rp.provider.clock.now = until - timedelta(minutes=1)
    later = visit(rp)
    page = later.log_in(later.authorize())
    assert page_id(later.submit(page, action="skip")) == APP
    last = later.log_in(later.authorize(prompt="login"))
    assert b'id="skip"' in last.data
    rp.provider.clock.now = until

    # The page was loaded a moment before; the button is pressed a moment after.
    assert page_id(later.submit(last, action="skip")) == "enrol"
    now = visit(rp)
    page = now.log_in(now.authorize())
    assert b'id="skip"' not in page.data
    assert count(rp.provider, "factor.demanded") == 1


def test_a_demand_for_a_key_is_noted_too_when_another_factor_came_first(party):
    """Else the days of grace would begin anew with each sign-in."""
    rp = party(second_factor="phishing-resistant", second_factor_grace=timedelta(days=7))
    secret = own(rp, "totp")["totp"]

    page = rp.submit(rp.log_in(rp.authorize()), code=rp.provider.code(secret))
    assert page_id(page) == "enrol-passkey"
    assert page_id(post(rp, "/login/enrol/passkey", skipping(page))) == APP
    assert count(rp.provider, "factor.demanded") == 1

    rp.provider.clock.forward(days=8)
    page = rp.submit(rp.log_in(rp.authorize()), code=rp.provider.code(secret))
    assert page_id(page) == "enrol-passkey"
    assert b'id="skip"' not in page.data


def test_where_there_is_no_grace_nothing_is_put_off(party):
    rp = party(second_factor="required")

    page = rp.log_in(rp.authorize())

    assert b'id="skip"' not in page.data
    assert count(rp.provider, "factor.demanded") == 0


# What was bound just now


def test_a_key_that_was_bound_just_now_is_a_second_factor_and_no_more(party):
    """It was made, not used: whoever asks for phishing resistance sees it used first."""
    rp = party(second_factor="required")
    key = Authenticator()

    codes = make(rp, rp.log_in(rp.authorize()), key)
    assert page_id(codes) == "recovery-codes"
    claims = id_token(rp, rp.follow(rp.get(link_of(codes, "continue"))))
    assert (claims["acr"], claims["amr"]) == ("mfa", ["mfa", "pop", "pwd"])

    stronger = rp.authorize(acr_values="phr")
    assert page_id(stronger) == "login-key"
    claims = id_token(rp, use(rp, stronger, key))
    assert (claims["acr"], claims["amr"]) == ("phr", ["mfa", "pop", "pwd", "user"])


def test_a_key_that_was_demanded_is_used_before_the_session_opens(party):
    rp = party(second_factor="phishing-resistant")
    key = Authenticator()

    codes = make(rp, rp.log_in(rp.authorize()), key)
    assert not has_session(rp)
    asking = rp.follow(rp.get(link_of(codes, "continue")))
    assert page_id(asking) == "login-key"

    assert id_token(rp, use(rp, asking, key))["acr"] == "phr"


def test_recovery_codes_are_shown_with_the_first_factor_alone(party):
    rp = party(second_factor="phishing-resistant")
    secret = own(rp, "totp", "codes")["totp"]
    made = count(rp.provider, "recovery_codes.made")

    page = rp.submit(rp.log_in(rp.authorize()), code=rp.provider.code(secret))
    key = Authenticator()
    page = make(rp, page, key)

    assert page_id(page) == "login-key", "no second list, and the first is good still"
    assert count(rp.provider, "recovery_codes.made") == made
    with rp.provider.context() as ctx:
        assert recovery.remaining(ctx, user_of(rp.provider).id) == 10


def test_an_app_that_is_bound_by_its_first_code_takes_that_code_no_second_time(party):
    rp = party(second_factor="required")
    page = rp.log_in(rp.authorize())
    code = pyotp.TOTP(key_on(page)).at(rp.provider.clock.now)
    assert page_id(rp.submit(page, code=code, action="confirm")) == "recovery-codes"

    other = visit(rp)
    again = other.submit(other.log_in(other.authorize()), code=code)

    assert page_id(again) == "login-code"
    assert not has_session(other)


# Other ways


def test_the_other_ways_lead_on(party):
    rp = party(second_factor="required")
    owned = own(rp, "key", "totp", "codes")
    asking = rp.log_in(rp.authorize())
    assert page_id(asking) == "login-key"

    by_app = rp.get(link_of(asking, "use-authenticator"))
    saved = rp.get(link_of(by_app, "use-recovery"))
    by_key = rp.get(link_of(saved, "use-passkey"))
    assert [page_id(each) for each in (by_app, saved, by_key)] == [
        "login-code",
        "login-recovery",
        "login-key",
    ]

    page = rp.submit(saved, recovery_code=owned["codes"][3])
    assert id_token(rp, page)["acr"] == "mfa"


def test_a_level_that_is_wished_for_may_be_answered_by_another_way(party):
    """A voluntary acr (OIDC Core §5.5.1.1): the answer says what was shown."""
    rp = party()
    secret = own(rp, "key", "totp")["totp"]
    asking = rp.log_in(rp.authorize(acr_values="phr"))
    assert page_id(asking) == "login-key"

    page = rp.submit(rp.get(link_of(asking, "use-authenticator")), code=rp.provider.code(secret))

    assert id_token(rp, page)["acr"] == "mfa"


# Restricted ways


@spec("NIST SP 800-63B-4 §3.1.3", "ASVS 5.0 V6.6.1")
@pytest.mark.parametrize("step", ["text", "mail"])
def test_a_code_that_would_be_sent_is_for_who_has_nothing_better(party, step):
    rp = party(
        second_factor="required",
        mail_codes=True,
        text_codes=True,
        smtp_url="smtp://mail.example.test",
        mail_from="id@example.test",
        text_gateway_url="https://sms.example.test/send",
    )
    own(rp, "totp", "text")
    asking = rp.log_in(rp.authorize())
    assert page_id(asking) == "login-code"
    page = asking.get_data(as_text=True)
    assert "use-text" not in page
    assert "use-mail" not in page

    ticket = asking.request.query_string.decode()
    for answer in (
        rp.follow(rp.get(f"/login/{step}?{ticket}")),
        post(rp, f"/login/{step}", {**skipping(asking), "action": "send"}),
        post(rp, f"/login/{step}", {**skipping(asking), "code": "12345678"}),
    ):
        assert f"/login/{step}" not in answer.get_data(as_text=True)
    assert count(rp.provider, "channel_code.sent") == 0


def test_the_page_of_a_channel_that_nobody_offers_is_no_page(party):
    """Not even with a ticket that is good: no number is shown, and nothing falls over."""
    rp = party(second_factor="required")
    change(rp, phone_number=None, email=None, email_verified=False)
    own(rp, "totp")
    asking = rp.log_in(rp.authorize())
    ticket = asking.request.query_string.decode()

    for step in ("text", "mail"):
        page = rp.get(f"/login/{step}?{ticket}")
        assert page.status_code == 303, text_of(page)


# Taken away by an operator


def test_where_the_factors_were_reset_a_password_leads_to_the_link_alone(party):
    rp = party(second_factor="required")
    with rp.provider.context() as ctx:
        users.note(ctx.db, user_of(rp.provider).id, factors_reset_at=ctx.now)

    page = rp.log_in(rp.authorize())

    assert page_id(page) == "login-refer"
    assert not has_session(rp)
    assert page_id(rp.get(link_of(page, "back"))) == "login"
    for path in ("/login/enrol", "/login/enrol/passkey"):
        ticket = page.request.query_string.decode()
        assert page_id(rp.follow(rp.get(f"{path}?{ticket}"))) == "login"


@pytest.mark.parametrize("policy", ["off", "encouraged"])
def test_not_even_a_lax_policy_lets_a_password_in_after_a_reset(party, policy):
    rp = party(second_factor=policy)
    with rp.provider.context() as ctx:
        users.note(ctx.db, user_of(rp.provider).id, factors_reset_at=ctx.now)

    assert page_id(rp.log_in(rp.authorize())) == "login-refer"
    assert not has_session(rp)


# What the sign-in page says of who is who


@spec("ASVS 5.0 V6.3.8")
@pytest.mark.parametrize("policy", ["off", "phishing-resistant"])
def test_the_sign_in_page_does_not_tell_who_has_a_passkey(party, policy):
    rp = party(second_factor=policy)
    own(rp, "key")
    rp.provider.add_user("grace")

    pages = [
        visit(rp).authorize(login_hint=name) for name in ("ada", "grace", "nobody", "ada@x.test")
    ]

    assert all(asks(page) for page in pages)
    for page in pages:
        html = page.get_data(as_text=True)
        assert "&#34;allowCredentials&#34;:[]" in html or '"allowCredentials":[]' in html
    shapes = {
        re.sub(
            r'value="[^"]*"|data-options="[^"]*"|nonce="[^"]*"|\?ticket=[^"]*',
            "",
            page.get_data(as_text=True),
        )
        for page in pages
    }
    assert len(shapes) == 1


@spec("ASVS 5.0 V6.3.8")
def test_a_wrong_password_costs_the_same_whoever_owns_what(party):
    """The same statements in the same order: what is left of the time is noise."""
    rp = party(second_factor="phishing-resistant")
    own(rp, "key", "totp", "codes")
    rp.provider.add_user("grace")
    said = []
    for name in ("ada", "grace", "nobody"):
        browser = visit(rp)
        page = browser.authorize(login_hint=name)
        with overheard(rp.provider) as heard:
            browser.submit(page, identifier=name, password="wrong", action="sign_in")
        said.append([statement.partition(" WHERE ")[0] for statement in heard.work])

    assert said[0] == said[1] == said[2]
