"""Reads the facts; nothing is made or changed by looking."""

import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, func, select, union_all

from idp.cli.check.facts import DatabaseFacts, Facts, FileMode
from idp.cli.house import check_url, database_file, translated
from idp.kernel.clock import system_clock
from idp.kernel.errors import IdpError, SetupFault
from idp.protocol.clients.metadata import client_of
from idp.settings import Settings, master_key
from idp.settings.loading import MASTER_KEY_FILE
from idp.store import clients, decisions, migrate, seals, signing_keys
from idp.store.database import Database, engine_options
from idp.store.schema import totp_authenticators, users, webauthn_credentials

LATELY = timedelta(hours=1)


def read(settings: Settings) -> Facts:
    """Return everything that is known."""
    known: dict[str, Any] = {"newest_revision": migrate.newest()}
    try:
        known["master_key"] = _fingerprint(settings)
    except SetupFault as error:
        known["master_key_fault"] = error.detail
    now = system_clock()
    try:
        known |= _read_database(settings, now)
    except IdpError as error:
        known["database_fault"] = f"The database cannot be read: {error.detail}."
    return Facts(now=now, settings=settings, files=tuple(_files(settings)), **known)


def _fingerprint(settings: Settings) -> str | None:
    """Return which master key it is; None where one is made at the first start."""
    path = settings.data_dir / MASTER_KEY_FILE
    if settings.embedded and settings.master_key is None and not path.exists():
        return None
    try:
        return master_key(settings).fingerprint()
    except OSError as error:
        raise SetupFault(f"{path}: {error.strerror}") from error


def _files(settings: Settings) -> list[FileMode]:
    candidates: list[tuple[Path | None, bool]] = []
    if settings.master_key is None:
        candidates.append((settings.data_dir / MASTER_KEY_FILE, True))
    if settings.embedded:
        candidates += [(settings.data_dir, False), (database_file(settings), False)]
    return [
        FileMode(path.resolve(), stat.S_IMODE(path.stat().st_mode), secret)
        for path, secret in candidates
        if path is not None and path.exists()
    ]


def _read_database(settings: Settings, now: datetime) -> dict[str, Any]:
    check_url(settings)
    with translated():
        if settings.embedded:
            path = database_file(settings)
            if path is None or not path.exists():
                return {"revision": None}
        engine = create_engine(settings.database, **engine_options(settings.database, pool=1))
    try:
        with translated():
            revision = migrate.current(engine)
        if revision != migrate.newest():
            return {"revision": revision}
        return {"revision": revision, "database": _contents(engine, now)}
    finally:
        engine.dispose()


def _contents(engine: Engine, now: datetime) -> DatabaseFacts:
    with Database(engine).transaction() as db:
        has_factor = union_all(
            select(totp_authenticators.c.user_id), select(webauthn_credentials.c.user_id)
        )
        enabled = select(func.count()).select_from(users).where(users.c.disabled_at.is_(None))
        without = enabled.where(users.c.id.not_in(has_factor))
        return DatabaseFacts(
            sealed_by=seals.read(db, "master_key"),
            keys=tuple(signing_keys.list_published(db, now)),
            clients=tuple(client_of(row) for row in clients.list_all(db)),
            users=db.read(enabled).scalar_one(),
            users_without_second_factor=db.read(without).scalar_one(),
            policies_lately=tuple(decisions.policies_since(db, now - LATELY)),
        )
