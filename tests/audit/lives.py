"""What people, operators and the provider itself do, until every kind of event has happened."""

import re
from datetime import timedelta

from argon2 import PasswordHasher
from sqlalchemy import update

from idp.account import administration
from idp.admin import device_desk
from idp.admin.revocation import revoke_user
from idp.admission import invitation, reset
from idp.credentials import channel_codes, passkeys, recovery, totp
from idp.credentials.channel_codes import Channel
from idp.delivery import dispatch, service
from idp.delivery.dispatch import Lane
from idp.protocol.clients import service as clients
from idp.protocol.keys import revocation
from idp.protocol.keys import service as keys
from idp.store import known_devices, users
from idp.store.schema import passwords
from idp.worker import upkeep
from idp.worker.courier import Courier
from tests.account.decided import a_strange_one
from tests.admission.people import Person, create_passkey
from tests.app import PASSWORD, RelyingParty, link_of, submit
from tests.presence.places import ruled
from tests.protocol.refreshing import refresh, refreshed
from tests.sessions.challenged import challenge_browser
from tests.support.authenticator import Authenticator

BROWSER = b"b" * 32
OTHER_PASSWORD = "seven otters under brickwork"


def somebody(provider, name):
    """A user in front of an application."""
    user = provider.add_user(name)
    return user, RelyingParty(provider, provider.add_client(), provider.browser())


def a_life_with_codes(provider):
    with provider.context() as ctx:
        changes = administration.Changes(email="ada@example.test")
        user = administration.create_user(ctx, "ada", changes, PASSWORD)
        weak = PasswordHasher(memory_cost=1024, time_cost=1, parallelism=1).hash(PASSWORD)
        ctx.db.write(update(passwords).values(hash=weak))
    rp = RelyingParty(provider, provider.add_client(), provider.browser())
    rp.log_in(rp.authorize(), password="wrong")
    rp.submit(rp.log_in(rp.authorize()), action="skip")
    page = rp.follow(submit(rp.browser, rp.get("/account"), "/account/authenticator"))
    key = re.search(r'id="manual-key"[^>]*>([^<]+)<', page.get_data(as_text=True))[1]
    rp.submit(page, action="confirm", code=provider.code(key.replace(" ", "")))
    provider.clock.forward(minutes=1)
    page = rp.log_in(rp.authorize(prompt="login"))
    rp.submit(page, code=provider.code(key.replace(" ", "")))
    with provider.context() as ctx:
        code = recovery.regenerate(ctx, user.id)[0]
    page = rp.log_in(rp.authorize(prompt="login"))
    rp.submit(rp.get(link_of(page, "use-recovery")), recovery_code=code)
    app = {"authenticator_id": only(provider, totp.list_for, user).id}
    act(rp, "/account/authenticator/rename", name="My phone", **app)
    other = RelyingParty(provider, rp.registered, provider.browser())
    provider.clock.forward(minutes=1)
    page = other.log_in(other.authorize())
    other.submit(page, code=provider.code(key.replace(" ", "")), trust="yes")
    act(rp, "/account/authenticator/remove", **app)
    act(
        rp,
        "/account/password",
        "/account/password",
        current_password=PASSWORD,
        new_password="seven otters under brickwork",
    )


def only(provider, list_for, user):
    with provider.context() as ctx:
        (one,) = list_for(ctx, user.id)
    return one


def act(rp, path, page="/account", **values):
    """Press a button of the account pages."""
    return rp.follow(submit(rp.browser, rp.get(page), path, **values))


def a_life_with_a_passkey(provider):
    user, rp = somebody(provider, "kay")
    rp.submit(rp.log_in(rp.authorize(), "kay"), action="skip")
    page = rp.follow(submit(rp.browser, rp.get("/account"), "/account/passkey"))
    key = Authenticator(backup_eligible=True)
    rp.follow(create_passkey(rp, page, key))
    key.backed_up = True
    for count in (7, 3):
        with provider.context() as ctx:
            asked = passkeys.begin_sign_in(ctx, BROWSER)
            answer = key.get(asked.options, sign_count=count)
            passkeys.finish_sign_in(ctx, asked.ticket, answer, BROWSER)
    which = {"passkey_id": only(provider, passkeys.list_for, user).id}
    act(rp, "/account/passkey/rename", name="My key", **which)
    act(rp, "/account/passkey/known", **which)
    act(rp, "/account/password/remove", "/account/password")
    act(rp, "/account/password", "/account/password", new_password=PASSWORD)
    act(rp, "/account/passkey/remove", **which)
    act(rp, "/account/profile/email", "/account/profile/email", email="kay@elsewhere.test")
    with provider.context() as ctx:
        (device,) = known_devices.list_of_user(ctx.db, user.id)
    act(rp, "/account/devices/forget", device_id=device.device_id)
    act(rp, "/account/data", "/account/data")
    act(rp, "/account/delete", "/account/delete", username="kay")


def a_life_by_mail(provider):
    user, rp = somebody(provider, "mia")
    person = Person(provider, rp)
    person.ask("mia")
    person.choose(person.open(person.post.links()[-1]))
    guest = person.stranger()
    guest.rp.submit(guest.rp.get("/register"), name="New", email="new@example.test")
    guest.choose(guest.open(guest.post.link()))
    with provider.context() as ctx:
        invited = administration.create_user(
            ctx, "ivy", administration.Changes(email="ivy@example.test"), None, ("staff",)
        )
        link = invitation.invite(ctx, invited).url
    ivy = person.stranger()
    page = ivy.choose(ivy.open(link), action="password")
    ivy.rp.submit(page, action="skip")
    with provider.context() as ctx:
        link = reset.reset_factors(ctx, users.find(ctx.db, user.id), "lost").url
    other = person.stranger()
    page = other.rp.get(link_of(other.open(link), "sign-in"))
    page = other.rp.log_in(page, "mia", "seven otters under brickwork")
    key = re.search(r'id="manual-key"[^>]*>([^<]+)<', page.get_data(as_text=True))[1]
    other.rp.submit(page, action="confirm", code=provider.code(key.replace(" ", "")))


def a_life_of_letters(provider):
    user = provider.add_user("leo")
    with provider.context() as ctx:
        channel_codes.send(ctx, user, Channel.MAIL, "step")
    Courier(provider.house).deliver_due()
    with provider.context() as ctx:
        upkeep.retry(ctx)
    code = None
    while code is None:
        with provider.context() as ctx:
            leased = dispatch.claim(ctx, Lane.MAIL)
        with provider.context() as ctx:
            said = dispatch.unpack(ctx, leased).payload["text"]
        found = re.search(r"\b\d{8}\b", said)
        code = found and found[0]
    with provider.context() as ctx:
        assert channel_codes.verify(ctx, user.id, Channel.MAIL, code, "step")
    with provider.context() as ctx:
        service.mail(ctx, to="nobody", subject="x", text="x", about="x")
    Courier(provider.house).deliver_due()


def a_life_of_a_client(provider):
    _, rp = somebody(provider, "cleo")
    rp.submit(rp.submit(rp.log_in(rp.authorize(), "cleo"), action="skip"), action="deny")
    code = rp.answer(rp.allow(rp.authorize()))["code"]
    assert rp.redeem(code).status_code == 200
    assert rp.redeem(code).status_code == 400
    act(rp, "/account/connections/revoke", client_id=rp.client_id)
    machine = provider.add_client(
        redirect_uris=(), grant_types=("client_credentials",), scope=("api",)
    )
    machine_rp = RelyingParty(provider, machine, provider.browser())
    assert machine_rp.token(grant_type="client_credentials").status_code == 200
    with provider.context() as ctx:
        clients.change(ctx, rp.client_id, {"require_acr": "mfa"})
        clients.rotate_secret(ctx, rp.client_id)
        clients.disable(ctx, rp.client_id)
        clients.enable(ctx, rp.client_id)
        clients.void_own_tokens(ctx, rp.client_id, ctx.now + timedelta(seconds=1))
        clients.delete(ctx, rp.client_id)


def a_life_of_refreshing(provider):
    user, rp = somebody(provider, "rey")
    rp.registered = provider.add_client(grant_types=("authorization_code", "refresh_token"))
    rp.submit(rp.log_in(rp.authorize(), user.username), action="skip")
    page = rp.authorize(prompt="consent")
    token = rp.redeem(rp.answer(rp.allow(page))["code"]).get_json()["refresh_token"]
    successor = refreshed(rp, token)["refresh_token"]
    assert refreshed(rp, token)["refresh_token"] == successor
    refreshed(rp, successor)
    assert refresh(rp, token).status_code == 400


def a_life_of_a_copied_cookie(provider):
    user, rp = somebody(provider, "coco")
    rp.submit(rp.log_in(rp.authorize(), user.username), action="skip")
    ruled(provider, absolute=timedelta(hours=2))
    rp.authorize()
    challenge_browser(provider, rp)


def a_life_of_giving_back(provider):
    user, rp = somebody(provider, "gus")
    rp.submit(rp.log_in(rp.authorize(), user.username), action="skip")
    token = rp.redeem(rp.answer(rp.allow(rp.authorize()))["code"]).get_json()["access_token"]
    assert rp.revoke(token).status_code == 200


def a_life_of_an_operator(provider):
    otto = provider.add_user("otto")
    with provider.context() as ctx:
        revoke_user(ctx, otto, named="opaque")
    with provider.context() as ctx:
        administration.change_user(ctx, "otto", administration.Changes(claims={"name": "Otto"}))
        administration.disable_user(ctx, "otto")
        administration.enable_user(ctx, "otto")
    with provider.context() as ctx:
        keys.rotate(ctx, "ES256")
    provider.clock.forward(days=2)
    with provider.context() as ctx:
        assert keys.remove_expired(ctx) == 1
        leaked = keys.keyring(ctx).signer("EdDSA").kid
        revocation.revoke(ctx, leaked, because="a backup was lost")


def a_life_of_answers(provider):
    user, rp = somebody(provider, "wes")
    rp.submit(rp.log_in(rp.authorize(), "wes"), action="skip")
    mine, strange = a_strange_one(rp.provider, user), a_strange_one(rp.provider, user)
    act(rp, "/account/sign-ins/me", decision=mine.id)
    page = rp.follow(rp.get(f"/account/not-me?sign_in={strange.id}"))
    page = rp.log_in(page, "wes")
    rp.follow(submit(rp.browser, page, "/account/not-me", new_password=OTHER_PASSWORD))
    with provider.context() as ctx:
        (here,) = device_desk.devices_of(ctx, user)
        device_desk.revoke(ctx, user, [here.device.device_id], "stolen")


def a_life_outside(provider):
    """Everything that is shown is right, and the policy says no."""
    user = provider.add_user("outsider", groups=["shut_out"])
    rp = RelyingParty(provider, provider.add_client(), provider.browser())
    rp.log_in(rp.authorize(), user.username)


LIVES = (
    a_life_outside,
    a_life_with_codes,
    a_life_with_a_passkey,
    a_life_by_mail,
    a_life_of_letters,
    a_life_of_a_client,
    a_life_of_refreshing,
    a_life_of_a_copied_cookie,
    a_life_of_giving_back,
    a_life_of_answers,
    a_life_of_an_operator,
)
