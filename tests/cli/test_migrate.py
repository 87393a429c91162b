"""`idp migrate`."""

import os
import stat
import subprocess
import sys
from pathlib import Path

from idp.kernel.jose import SIGNING_ALGORITHMS
from idp.store import migrate
from tests.cli.conftest import Idp, make_idp
from tests.support import databases


def test_migrating_again_changes_nothing(empty_database_url: str, tmp_path: Path) -> None:
    idp = make_idp(empty_database_url, tmp_path)
    assert idp.json("migrate") == {"revision": migrate.newest()}
    keys = idp.json("key", "list")
    idp("migrate")
    assert idp.json("key", "list") == keys


def test_several_nodes_migrate_at_once_and_none_of_them_clashes(
    idp_on_sqlite: Idp, tmp_path: Path
) -> None:
    with databases.empty_database("postgresql", tmp_path) as url:
        idp_on_sqlite.environment["IDP_DATABASE_URL"] = url
        given = {k: v for k, v in idp_on_sqlite.environment.items() if v is not None}
        nodes = [
            subprocess.Popen(
                [sys.executable, "-m", "idp", "migrate"],
                env=os.environ | given,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for _ in range(3)
        ]
        told = [node.communicate(timeout=60)[0] for node in nodes]
        assert [node.returncode for node in nodes] == [0, 0, 0], told
        active = [key for key in idp_on_sqlite.json("key", "list") if key["state"] == "active"]
        assert sorted(key["algorithm"] for key in active) == sorted(SIGNING_ALGORITHMS)


def test_what_an_embedded_provider_keeps_is_its_owners_only(
    idp_on_sqlite: Idp, tmp_path: Path
) -> None:
    folder = tmp_path / "deep" / "data"
    idp_on_sqlite.environment |= {
        "IDP_DATABASE_URL": None,
        "IDP_MASTER_KEY": None,
        "IDP_DATA_DIR": str(folder),
    }
    idp_on_sqlite("migrate")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes.keys() >= {"idp.sqlite3", "master.key"}
    assert set(modes.values()) == {0o600}


def test_a_database_in_memory_is_none_to_keep(idp_on_sqlite: Idp) -> None:
    idp_on_sqlite.environment["IDP_DATABASE_URL"] = "sqlite://"
    assert "in memory" in idp_on_sqlite.refused("migrate")
