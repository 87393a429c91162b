"""What lasts: settings, database, keys, caches; and a context for commands that are no request."""

from collections.abc import Iterator
from contextlib import contextmanager

import flask

from idp.app.logs import set_up_logs
from idp.context import Origin, RequestContext
from idp.credentials.attestation import roots_in
from idp.credentials.hashing import PasswordHashing
from idp.delivery.addresses import guard_of
from idp.delivery.outgoing import Outgoing
from idp.judgement.policies import Policies
from idp.kernel.errors import SetupFault
from idp.kernel.registry import Registry
from idp.kernel.shipped import shipped
from idp.protocol.clients.registry import ClientCache
from idp.protocol.keys.keyring import Keyring
from idp.settings import Settings, master_key
from idp.store import seals
from idp.store.database import Database, db, engine_options, prepare
from idp.surroundings.networks import Networks
from idp.web.context import ClockReading, new_reference


def compose(settings: Settings) -> tuple[flask.Flask, Registry]:
    """Return a bare application bound to its database, and the things that last."""
    set_up_logs(settings)
    roots_in(settings.webauthn_attestation_roots)
    app = flask.Flask(
        "idp",
        static_folder=None,
        template_folder=str(shipped("templates")),
    )
    url = settings.database
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(url, settings.database_pool)
    if settings.embedded:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    db.init_app(app)
    with app.app_context():
        engine = db.engine
    prepare(engine)
    house = Registry()
    for thing in (
        settings,
        master_key(settings),
        Database(engine),
        ClockReading(),
        PasswordHashing(settings.password_hashes_at_once),
        Keyring(),
        ClientCache(),
        Outgoing(guard_of(settings)),
        Policies(settings),
        Networks(settings),
    ):
        house.provide(thing)
    app.extensions["idp"] = house
    return app, house


@contextmanager
def command_context(house: Registry, actor: str) -> Iterator[RequestContext]:
    """Give a command its context; what it did is committed when it ends well."""
    with house.get(Database).transaction() as transaction:
        yield RequestContext(
            now=house.get(ClockReading).read(),
            db=transaction,
            settings=house.get(Settings),
            origin=Origin(address="", user_agent=""),
            reference=new_reference(),
            actor=actor,
            house=house,
        )


def check_seal(ctx: RequestContext, fingerprint: str) -> None:
    """Make sure that this master key is the one that sealed this database.

    Raises:
        SetupFault: it is another one; nothing could be opened.
    """
    if seals.write_once(ctx.db, "master_key", fingerprint) != fingerprint:
        raise SetupFault("IDP_MASTER_KEY: another master key sealed this database")
