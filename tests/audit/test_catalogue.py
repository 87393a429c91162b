"""Every event of the catalogue is produced by a real act (I7)."""

import importlib
import pkgutil
import re
from datetime import timedelta

import pytest
from sqlalchemy import text

import idp.audit
from idp.audit.events import Event
from idp.protocol.clients import service as clients
from idp.protocol.clients.metadata import ClientMetadata
from tests.admission.people import MAIL
from tests.app import CALM, PASSWORD, make_provider
from tests.audit.lives import LIVES

SHUT_OUT = f"""
{CALM.read_text()}
[[rules]]
name = "shut_out"
when.groups = ["shut_out"]
then.outcome = "refuse"
"""

for _room in pkgutil.iter_modules(idp.audit.__path__):
    importlib.import_module(f"idp.audit.{_room.name}")


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


def test_lives_produce_every_event(database_url, tmp_path):
    provider = make_provider(
        database_url,
        tmp_path,
        second_factor="encouraged",
        second_factor_groups={"staff": "required"},
        second_factor_grace=timedelta(days=7),
        self_registration=True,
        mail_codes=True,
        policy=SHUT_OUT,
        **MAIL,
    )
    for life in LIVES:
        life(provider)

    assert set(provider.event_names()) == names()


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
