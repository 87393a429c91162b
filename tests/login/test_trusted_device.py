"""“Do not ask for a second step in this browser”: where it is offered, and where it ends."""

from datetime import timedelta

import pytest

from idp.credentials import devices, recovery, totp
from idp.kernel.secrets import MasterKey
from idp.store import known_devices, users
from tests.app import PASSWORD, RelyingParty, fields_of, link_of
from tests.login.keys import (
    asked_on,
    bind,
    count,
    hand_in,
    has_session,
    id_token,
    page_id,
    post,
    use,
    user_of,
    visit,
)
from tests.support.authenticator import Authenticator
from tests.support.spec import spec

APP = "app.example.test"
COOKIE = "__Host-idp_device"


@pytest.fixture
def home(party) -> RelyingParty:
    return party(second_factor="required")


@pytest.fixture
def secret(home) -> str:
    """The authenticator app of ada."""
    return home.provider.add_totp(user_of(home.provider))


def second_step(rp: RelyingParty, **asked: str):
    """Give the password anew; return what comes then."""
    rp.browser.delete_cookie("__Host-idp_session", domain="id.example.test")
    return rp.log_in(rp.authorize(**asked))


def trusting(rp: RelyingParty, secret: str) -> None:
    """Sign in with the box ticked."""
    page = rp.submit(second_step(rp), code=rp.provider.code(secret), trust="yes")
    assert page_id(page) == APP
    rp.provider.clock.forward(minutes=2)


def device_cookie(rp: RelyingParty) -> str:
    cookie = rp.browser.get_cookie(COOKIE, domain="id.example.test")
    assert cookie is not None
    return cookie.value


def give(rp: RelyingParty, value: str) -> None:
    rp.browser.set_cookie(COOKIE, value, domain="id.example.test", secure=True)


def test_a_trusted_browser_is_not_asked_again_and_claims_no_second_factor(home, secret):
    trusting(home, secret)

    page = second_step(home)

    claims = id_token(home, page)
    assert (claims["acr"], claims["amr"]) == ("sfa", ["pwd"])
    assert count(home.provider, "device.trusted") == 1


def test_without_the_box_it_is_asked_each_time(home, secret):
    home.submit(second_step(home), code=home.provider.code(secret))
    home.provider.clock.forward(minutes=2)

    assert page_id(second_step(home)) == "login-code"
    assert count(home.provider, "device.trusted") == 0


def test_a_key_may_be_what_earns_the_trust(home):
    key = Authenticator()
    bind(home.provider, user_of(home.provider), key)
    page = second_step(home)
    assert b'id="trust"' in page.data
    assert page_id(hand_in(home, page, key.get(asked_on(page).options), trust="yes")) == APP

    assert page_id(second_step(home)) == APP


@pytest.mark.parametrize(
    "asked",
    [
        {"prompt": "login"},
        {"max_age": "0"},
        {"max_age": "3600"},
        {"acr_values": "mfa"},
        {"acr_values": "sfa"},
        {"claims": '{"id_token":{"acr":{"essential":true,"values":["mfa"]}}}'},
    ],
    ids=str,
)
def test_whoever_asks_for_a_proof_gets_one_and_no_trust_grows_of_it(home, secret, asked):
    trusting(home, secret)

    page = second_step(home, **asked)

    assert page_id(page) == "login-code"
    assert b'id="trust"' not in page.data
    assert page_id(home.submit(page, code=home.provider.code(secret), trust="yes")) == APP
    assert count(home.provider, "device.trusted") == 1


def test_a_box_that_was_not_offered_does_not_count(home, secret):
    page = second_step(home, prompt="login")

    assert page_id(home.submit(page, code=home.provider.code(secret), trust="yes")) == APP

    home.provider.clock.forward(minutes=2)
    assert page_id(second_step(home)) == "login-code"


def test_a_sensitive_act_takes_the_second_step_in_a_trusted_browser_too(home, secret):
    trusting(home, secret)
    assert page_id(second_step(home)) == APP

    page = home.get("/account/authenticators")
    step = post(home, "/account/recovery-codes", {"csrf_token": csrf_on(page)})

    assert page_id(step) == "login-code"
    assert b'id="trust"' not in step.data


def csrf_on(page) -> str:
    return fields_of(page)["csrf_token"]


@pytest.mark.parametrize(
    ("settings", "offered"),
    [
        ({"second_factor": "off"}, True),
        ({"second_factor": "encouraged"}, True),
        ({"second_factor": "required"}, True),
        ({"second_factor": "required", "trusted_device_lifetime": timedelta(0)}, False),
        ({"second_factor": "phishing-resistant"}, False),
    ],
)
def test_it_is_offered_where_the_operator_allows_it(party, settings, offered):
    rp = party(**settings)
    key = Authenticator()
    bind(rp.provider, user_of(rp.provider), key)

    page = second_step(rp)

    assert page_id(page) == "login-key"
    assert (b'id="trust"' in page.data) is offered
    hand_in(rp, page, key.get(asked_on(page).options), trust="yes")
    assert (page_id(second_step(rp)) == APP) is offered


def test_trust_of_before_is_worth_nothing_once_phishing_resistance_is_wanted(party):
    rp = party(second_factor="required", second_factor_groups="admins=phishing-resistant")
    ada, key = user_of(rp.provider), Authenticator()
    bind(rp.provider, ada, key)
    page = second_step(rp)
    hand_in(rp, page, key.get(asked_on(page).options), trust="yes")
    assert page_id(second_step(rp)) == APP

    with rp.provider.context() as ctx:
        users.change(ctx.db, ada.id, ctx.now, groups=["admins"])
    assert page_id(second_step(rp)) == "login-key"


def test_trust_ends_with_its_time(home, secret):
    trusting(home, secret)

    home.provider.clock.forward(days=29, hours=23)
    assert page_id(second_step(home)) == APP
    home.provider.clock.forward(hours=2)
    assert page_id(second_step(home)) == "login-code", "using it does not make it longer"


@pytest.mark.parametrize("how", ["distrust_all", "forget"])
def test_trust_ends_when_it_is_taken_back(home, secret, how):
    trusting(home, secret)
    ada = user_of(home.provider)
    with home.provider.context() as ctx:
        if how == "forget":
            (device,) = known_devices.list_of_user(ctx.db, ada.id)
            assert devices.forget(ctx, device.device_id, ada.id)
        else:
            assert devices.distrust_all(ctx, ada.id, because="password_changed") == 1

    assert page_id(second_step(home)) == "login-code"


def test_trust_ends_with_a_new_password(home, secret):
    trusting(home, secret)
    page = home.submit(second_step(home, prompt="login"), code=home.provider.code(secret))
    assert page_id(page) == APP
    form = {
        "csrf_token": csrf_on(home.get("/account/password")),
        "current_password": PASSWORD,
        "new_password": "another quiet lamp tonight",
    }

    post(home, "/account/password", form)

    home.browser.delete_cookie("__Host-idp_session", domain="id.example.test")
    page = home.log_in(home.authorize(), password=form["new_password"])
    assert page_id(page) == "login-code"


def test_who_has_no_factor_any_more_is_asked_for_one_in_a_trusted_browser_too(home, secret):
    trusting(home, secret)
    ada = user_of(home.provider)
    with home.provider.context() as ctx:
        (app,) = totp.list_for(ctx, ada.id)
        totp.remove(ctx, ada.id, app.id)

    assert page_id(second_step(home)) == "enrol"


# Somebody else's cookie


def test_trust_is_for_one_person(home, secret):
    grace = home.provider.add_user("grace")
    home.provider.add_totp(grace)
    trusting(home, secret)

    home.browser.delete_cookie("__Host-idp_session", domain="id.example.test")
    assert page_id(home.log_in(home.authorize(), username="grace")) == "login-code"
    assert page_id(second_step(home)) == APP, "and hers is nobody's loss"


def test_a_cookie_that_somebody_else_was_given_is_worth_nothing(home, secret):
    """Grace signs in and trusts her own browser; her cookie is no key to ada's account."""
    grace = home.provider.add_user("grace")
    hers = home.provider.add_totp(grace)
    trusting(home, secret)
    other = visit(home)
    page = other.log_in(other.authorize(), username="grace")
    other.submit(page, code=home.provider.code(hers), trust="yes")

    give(home, device_cookie(other))

    assert page_id(second_step(home)) == "login-code"


@spec("ASVS 5.0 V6.3.4")
@pytest.mark.parametrize(
    "change",
    [
        lambda value: value[:-1] + ("A" if value[-1] != "A" else "B"),
        lambda value: value.split(".")[0],
        lambda value: value.split(".")[0] + "." + "A" * 43,
        lambda value: "A" * 22 + "." + value.split(".")[1],
        lambda value: value + "=",
        lambda value: value + "." + value,
        lambda _: "",
    ],
)
def test_a_cookie_that_was_changed_is_no_device(home, secret, change):
    trusting(home, secret)
    give(home, change(device_cookie(home)))

    assert page_id(second_step(home)) == "login-code"
    assert not has_session(home)


def test_a_cookie_made_for_a_name_that_is_guessed_is_no_trust(home, secret):
    """A genuine cookie of a browser that never signed in: known to nobody."""
    trusting(home, secret)
    _, value = devices.new_device_cookie(home.provider.house.get(MasterKey))
    give(home, value)

    assert page_id(second_step(home)) == "login-code"


def test_a_recovery_code_is_for_one_sign_in(home, secret):
    """The page offers no trust; a form that claims it does not get it."""
    with home.provider.context() as ctx:
        code = recovery.regenerate(ctx, user_of(home.provider).id)[0]
    page = home.get(link_of(second_step(home), "use-recovery"))
    assert b'id="trust"' not in page.data

    assert page_id(home.submit(page, recovery_code=code, trust="yes")) == APP

    assert page_id(second_step(home)) == "login-code"


def test_a_passkey_alone_neither_needs_nor_gives_trust(home):
    key = Authenticator()
    bind(home.provider, user_of(home.provider), key)

    assert page_id(use(home, home.authorize(), key)) == APP

    assert page_id(second_step(home)) == "login-key"
