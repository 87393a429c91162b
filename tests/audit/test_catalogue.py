"""Every event of the catalogue is produced by a real act, in one life of a provider (I7)."""

import re

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text, update

from idp.account import administration
from idp.audit.events import Event
from idp.audit.upkeep_events import ClientEvent, KeyEvent
from idp.credentials import recovery, totp
from idp.protocol.clients import service as clients
from idp.protocol.clients.metadata import ClientMetadata
from idp.protocol.keys import service as keys
from idp.store.schema import passwords
from tests.app import PASSWORD, RelyingParty, link_of, make_provider, submit

CATALOGUE = (Event, ClientEvent, KeyEvent)


def kinds() -> dict[str, str]:
    """The name of each event by its class; a slotted dataclass leaves a twin of itself behind."""
    found, waiting = {}, [Event]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if isinstance(vars(kind).get("name"), str):
            found[kind.__qualname__] = vars(kind)["name"]
    return found


def names() -> set[str]:
    return set(kinds().values())


def test_names_are_dotted_and_unique():
    assert len(kinds()) == len(names())
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", name) for name in names())


def test_one_life_produces_every_event(database_url, tmp_path):
    provider = make_provider(database_url, tmp_path, second_factor="encouraged")
    with provider.context() as ctx:
        changes = administration.Changes(email="ada@example.test")
        user = administration.create_user(ctx, "ada", changes, PASSWORD)
    rp = RelyingParty(provider, provider.add_client(), provider.browser())
    _sign_in_in_every_way(provider, rp, user)
    _redeem_refuse_and_revoke(provider, rp)
    _keep_the_house(provider, rp, user)

    assert set(provider.event_names()) == names()


def _sign_in_in_every_way(provider, rp, user):
    weak = PasswordHasher(memory_cost=1024, time_cost=1, parallelism=1).hash(PASSWORD)
    with provider.context() as ctx:
        ctx.db.write(update(passwords).values(hash=weak))
    rp.log_in(rp.authorize(), password="wrong")
    rp.submit(rp.log_in(rp.authorize()), action="skip")
    page = submit(rp.browser, rp.get("/account"), "/account/authenticator")
    page = rp.follow(page)
    key = re.search(r'id="manual-key"[^>]*>([^<]+)<', page.get_data(as_text=True))[1]
    rp.submit(page, action="confirm", code=provider.code(key.replace(" ", "")))
    provider.clock.forward(minutes=1)
    page = rp.log_in(rp.authorize(prompt="login"))
    rp.submit(page, code=provider.code(key.replace(" ", "")))
    with provider.context() as ctx:
        code = recovery.regenerate(ctx, user.id)[0]
    page = rp.log_in(rp.authorize(prompt="login"))
    rp.submit(rp.get(link_of(page, "use-recovery")), recovery_code=code)


def _redeem_refuse_and_revoke(provider, rp):
    rp.submit(rp.authorize(), action="deny")
    code = rp.answer(rp.allow(rp.authorize()))["code"]
    assert rp.redeem(code).status_code == 200
    assert rp.redeem(code).status_code == 400
    submit(rp.browser, rp.get("/account"), "/account/connections/revoke", client_id=rp.client_id)
    machine = provider.add_client(
        redirect_uris=(), grant_types=("client_credentials",), scope=("api",)
    )
    machine_rp = RelyingParty(provider, machine, provider.browser())
    assert machine_rp.token(grant_type="client_credentials").status_code == 200


def _keep_the_house(provider, rp, user):
    with provider.context() as ctx:
        totp.remove(ctx, user.id, totp.list_for(ctx, user.id)[0].id)
        administration.change_user(ctx, "ada", administration.Changes(claims={"name": "Ada"}))
        administration.disable_user(ctx, "ada")
        administration.enable_user(ctx, "ada")
        clients.change(ctx, rp.client_id, {"require_acr": "mfa"})
        clients.rotate_secret(ctx, rp.client_id)
        clients.delete(ctx, rp.client_id)
    provider.clock.forward(minutes=1)
    with provider.context() as ctx:
        keys.rotate(ctx, "ES256")
    provider.clock.forward(days=1)
    with provider.context() as ctx:
        assert keys.remove_expired(ctx) == 1


def test_an_event_and_its_change_share_one_fate(provider):
    """I7: a crash behind the change takes both away."""
    metadata = ClientMetadata(client_name="A", redirect_uris=("https://a.example/",))

    def crash_behind_the_change():
        with provider.context() as ctx:
            clients.create(ctx, metadata)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        crash_behind_the_change()
    assert provider.event_names() == []
    with provider.context() as ctx:
        assert ctx.db.read(text("SELECT count(*) FROM clients")).scalar() == 0


def test_secrets_stay_out_of_the_log(rp):
    tokens = rp.sign_in()
    written = " ".join(str(tuple(event)) for event in rp.provider.audit())
    for secret in (PASSWORD, tokens["access_token"], rp.registered.secret, "idp_ss_", "idp_ac_"):
        assert secret not in written
