"""Links by mail and the pages behind them, opened and filled in by somebody who means no good."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.account import administration
from idp.account.administration import Changes
from idp.admission import invitation, recovery, registration
from idp.credentials import account_tickets
from idp.credentials.account_tickets import Purpose
from idp.kernel.secrets import digest
from idp.store import users
from tests.bad_input.strategies import examples, query_of, values
from tests.bad_input.wire import MARK, assert_sound, fields_on

BEHIND = (
    "/recovery/password",
    "/invitation",
    "/invitation/done",
    "/reset",
    "/register/account",
    "/ticket/email",
)


def _go(wire, link):
    return wire.follow(wire.go(link))


@pytest.fixture(scope="module")
def invited(target):
    """A browser in front of an invitation, and its page's fields."""
    with target.provider.context() as ctx:
        changes = Changes(email="linus@example.test")
        user = administration.create_user(ctx, "linus", changes, None)
        link = invitation.invite(ctx, user)
    wire = target.stranger()
    return wire, fields_on(_go(wire, link.url)), link.url.partition("t=")[2]


@pytest.fixture(scope="module")
def recovering(target):
    """A browser in front of the page for a new password."""
    user = target.provider.add_user("forgetful")
    wire = target.stranger()
    wire.get("/login")
    browser_hash = digest(wire.jar["__Host-idp_browser"])
    with target.provider.context() as ctx:
        lifetime = ctx.settings.recovery_lifetime
        token = account_tickets.issue(
            ctx,
            Purpose.RECOVER,
            lifetime,
            user_id=user.id,
            email=user.email,
            browser_hash=browser_hash,
        )
        link = account_tickets.link(ctx, token)
    page = _go(wire, link)
    assert 'id="page-new-password"' in page.text
    return wire, fields_on(page)


@pytest.fixture(scope="module")
def registering(target):
    """A browser in front of the page that opens an account."""
    with target.provider.context() as ctx:
        token = account_tickets.issue(
            ctx, Purpose.REGISTER, ctx.settings.invitation_lifetime, email="nia@example.test"
        )
        link = account_tickets.link(ctx, token)
    wire = target.stranger()
    page = _go(wire, link)
    assert 'id="page-register-account"' in page.text
    return wire, fields_on(page)


@given(token=values)
@examples(60)
def test_no_other_text_is_a_link(target, invited, token):
    good = invited[2].encode()
    for changed in (token, good + token, token + good, good[:22] + b"." + token):
        if changed != good:
            answer = target.stranger().get("/ticket", query=query_of({"t": changed}))
            assert_sound(answer)
            # Nothing is guessed beyond what fits a token's length.
            assert answer.status == 410
            assert answer.header("Referrer-Policy") == "no-referrer"


@given(path=st.sampled_from(BEHIND), ticket=values)
@examples(60)
def test_no_other_text_opens_a_page_behind_a_link(target, invited, path, ticket):
    for changed in (ticket, invited[1]["ticket"].encode() + ticket):
        answer = target.stranger().get(path, query=query_of({"ticket": changed}))
        assert_sound(answer)
        assert answer.status == 410
        assert MARK not in answer.text


@given(value=values, action=st.one_of(values, st.just(b"password")))
@examples(40)
def test_any_text_as_the_first_password_is_a_bad_one_or_a_password(invited, value, action):
    wire, fields, _ = invited
    answer = wire.post("/invitation", query_of(fields | {"action": action, "new_password": value}))
    assert_sound(answer)
    assert answer.status in (303, 400, 410)
    assert MARK not in answer.text


@given(value=values)
@examples(40)
def test_any_text_as_a_new_password_is_a_bad_one_or_a_password(recovering, value):
    wire, fields = recovering
    answer = wire.post("/recovery/password", query_of(fields | {"new_password": value}))
    assert_sound(answer)
    assert answer.status in (303, 400, 410)
    assert MARK not in answer.text


@given(value=values)
@examples(40)
def test_any_text_as_a_name_is_given_back_escaped(registering, value):
    wire, fields = registering
    sent = fields | {"name": value, "new_password": "short", "action": "password"}
    answer = wire.post("/register/account", query_of(sent))
    assert_sound(answer)
    assert 'id="page-register-account"' in answer.text


@given(identifier=values, agent=st.binary(max_size=200))
@examples(40)
def test_whatever_was_asked_for_is_worked_out(target, identifier, agent):
    """What a stranger typed reaches the worker, which must not stumble over it."""
    named = identifier.decode(errors="replace").replace("\0", "")
    with target.provider.context() as ctx:
        payload = {"device": named, "agent": agent.decode("latin-1").replace("\0", "")}
        recovery.answer(ctx, {"identifier": named, "browser": "00", **payload})
        registration.answer(ctx, {"address": named})
        assert users.find_by_username(ctx.db, named or "nobody") is None or named
