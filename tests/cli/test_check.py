"""`idp check`: each check by itself, and the command over real settings and databases."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from idp.cli.check import database, networks, policy, proof, settings
from idp.cli.check.facts import Check, DatabaseFacts, Facts, FileMode
from idp.kernel.jose import SIGNING_ALGORITHMS
from idp.protocol.clients.metadata import Client, ClientMetadata
from idp.settings import Settings
from idp.store.decisions import PolicyUse
from idp.store.signing_keys import KeyRow
from tests.cli.conftest import Idp, make_idp
from tests.support.judged import a_decision, add_decisions
from tests.support.spec import spec

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def a_key(algorithm: str, state: str, **traits: Any) -> KeyRow:
    made = KeyRow(
        kid=f"{algorithm}-{state}",
        algorithm=algorithm,
        state=state,
        private_sealed=b"",
        created_at=NOON - timedelta(days=10),
    )
    return replace(made, **traits)


def an_old_key(days: int) -> KeyRow:
    return a_key("ES256", "active", activated_at=NOON - timedelta(days=days))


def judged_by(*uses: tuple[str, int, int]) -> tuple[PolicyUse, ...]:
    """Policies by their names, and how many minutes ago each was first and last judged by."""
    return tuple(
        PolicyUse(name, NOON - timedelta(minutes=first), NOON - timedelta(minutes=last))
        for name, first, last in uses
    )


TOLD = ["warning"]
NEVER, WEEK = timedelta(0), timedelta(days=7)
KEYS = tuple(a_key(a, s) for a in SIGNING_ALGORITHMS for s in ("active", "next"))
GOOD: dict[str, Any] = {
    "issuer": "https://id.example.test",
    "database_url": "postgresql://db/idp",
    "trusted_proxies": 1,
    "smtp_url": "smtps://mail.example.test",
    "mail_from": "id@example.test",
}


def some_facts(**traits: Any) -> Facts:
    """An installation about which nothing is to be said, but for what is given."""
    own = Facts.__dataclass_fields__
    chosen = {k: traits.pop(k) for k in list(traits) if k in Settings.model_fields.keys() - own}
    inside = {k: traits.pop(k) for k in list(traits) if k in DatabaseFacts.__dataclass_fields__}
    good: dict[str, Any] = {
        "now": NOON,
        "settings": Settings(**(GOOD | chosen)),
        "master_key": "fingerprint",
        "revision": "0001",
        "newest_revision": "0001",
        "database": DatabaseFacts(**({"sealed_by": "fingerprint", "keys": KEYS} | inside)),
    }
    return Facts(**(good | traits))


def a_client(**metadata: Any) -> Client:
    traits = {"client_name": "App", "redirect_uris": ("https://app.example.test/cb",)}
    made = ClientMetadata(**(traits | metadata))
    return Client(client_id="c1", secret_hash=None, version=1, metadata=made)


def severities(checks: Iterable[Check], facts: Facts) -> list[str]:
    return [each.severity.value for check in checks for each in check(facts)]


def test_there_is_nothing_to_say_about_a_good_installation() -> None:
    assert (
        severities(
            (*settings.CHECKS, *proof.CHECKS, *policy.CHECKS, *database.CHECKS), some_facts()
        )
        == []
    )


HOUR = timedelta(hours=1)
LOOPBACK = {"issuer": "http://localhost:8000", "trusted_proxies": 0}
LONG_TOKENS = {"access_token_lifetime": 2 * HOUR, "access_token_longest": 2 * HOUR}


@pytest.mark.parametrize(
    ("check", "traits", "said"),
    [
        (settings.plain_http, LOOPBACK, ["warning"]),
        (settings.second_factor, {"second_factor": "off"}, ["warning"]),
        (settings.second_factor, {"second_factor": "encouraged"}, []),
        (policy.long_sessions, {"session_idle": HOUR}, []),
        (policy.long_sessions, {"session_idle": 2 * HOUR}, ["warning"]),
        (policy.long_sessions, {"session_absolute": 24 * HOUR}, []),
        (policy.long_sessions, {"session_absolute": 25 * HOUR}, ["warning"]),
        (settings.proxies, {"trusted_proxies": 0}, ["warning"]),
        (settings.proxies, LOOPBACK, []),
        (settings.proxies, LOOPBACK | {"trusted_proxies": 1}, ["warning"]),
        (settings.lifetimes, {"code_lifetime": timedelta(seconds=61)}, ["warning"]),
        (settings.lifetimes, LONG_TOKENS, ["warning"]),
        (settings.brand_color, {"brand_color": "#777777"}, ["note", "note"]),
        (settings.brand_color, {"brand_color": "#ffee00"}, ["note"]),
        (settings.single_node, {"database_url": "sqlite:////srv/idp.sqlite3"}, ["note"]),
        (settings.master_key, {"master_key_fault": "IDP_MASTER_KEY: too short"}, ["fault"]),
        (settings.file_modes, {"files": (FileMode(Path("k"), 0o600, secret=True),)}, []),
        (settings.file_modes, {"files": (FileMode(Path("k"), 0o640, secret=True),)}, ["fault"]),
        (settings.file_modes, {"files": (FileMode(Path("d"), 0o604, secret=False),)}, ["warning"]),
        (proof.passkeys, {"issuer": "https://192.0.2.7"}, ["warning"]),
        (proof.attestation_roots, {"webauthn_attestation_roots": Path("none.pem")}, ["fault"]),
        (proof.breached_passwords, {"breached_passwords": Path("none")}, ["fault"]),
        (policy.broken_files, {"policy_file": Path("none.toml")}, ["fault"]),
        (policy.broken_files, {"policy_draft_file": Path("none.toml")}, ["fault"]),
        (policy.unknown_clients, {"policy_file": Path("none.toml")}, []),
        (policy.order_of_rules, {"policy_file": Path("none.toml")}, []),
        (policy.order_of_rules, {}, []),
        (policy.one_policy, {"policies_lately": judged_by(("a", 50, 0))}, []),
        (policy.one_policy, {"policies_lately": judged_by(("a", 50, 20), ("b", 21, 0))}, []),
        (policy.one_policy, {"policies_lately": judged_by(("a", 50, 12), ("b", 21, 0))}, []),
        (
            policy.one_policy,
            {"policies_lately": judged_by(("a", 50, 11), ("b", 21, 0))},
            ["warning"],
        ),
        (
            policy.one_policy,
            {"policies_lately": judged_by(("a", 50, 5), ("b", 50, 0))},
            ["warning"],
        ),
        (policy.long_sessions, {"policy_file": Path("none.toml"), "session_idle": 2 * HOUR}, []),
        (proof.no_mail, {"smtp_url": None}, ["note"]),
        (proof.no_mail, LOOPBACK | {"smtp_url": None}, []),
        (proof.restricted_codes, {"mail_codes": True}, ["warning"]),
        (
            proof.restricted_codes,
            {"text_codes": True, "text_gateway_url": "https://text.example.test/"},
            ["warning"],
        ),
        (database.reachable, {"database_fault": "It cannot be read."}, ["fault"]),
        (database.schema, {"revision": None}, ["fault"]),
        (database.schema, {"revision": "0000"}, ["fault"]),
        (database.schema, {"revision": None, "database_fault": "It cannot be read."}, []),
        (database.seal, {"sealed_by": "another"}, ["fault"]),
        (database.seal, {"master_key": None}, ["fault"]),
        (database.seal, {"sealed_by": None}, []),
        (database.signing_keys, {"keys": KEYS[1:]}, ["fault"]),
        (database.signing_keys, {"keys": (*KEYS[:1], *KEYS[2:])}, ["warning"]),
        (database.old_keys, {"keys": (a_key("ES256", "next", created_at=NOON - 9999 * HOUR),)}, []),
        (database.old_keys, {"keys": (an_old_key(days=90),)}, []),
        (database.old_keys, {"keys": (an_old_key(days=91),)}, ["warning"]),
        (database.old_keys, {"keys": (an_old_key(days=9),), "key_rotation": WEEK}, ["warning"]),
        (database.old_keys, {"keys": (an_old_key(days=7),), "key_rotation": WEEK}, []),
        (database.old_keys, {"keys": (an_old_key(days=90),), "key_rotation": NEVER}, []),
        (database.old_keys, {"keys": (an_old_key(days=91),), "key_rotation": NEVER}, ["warning"]),
        (database.clients, {"clients": (a_client(),)}, []),
        (database.clients, {"clients": (a_client(token_endpoint_auth_method="none"),)}, ["note"]),
        (database.clients, {"clients": (a_client(first_party=True),)}, ["note"]),
        (
            database.clients,
            {"clients": (a_client(redirect_uris=("http://localhost/cb",)),)},
            ["warning"],
        ),
        (
            database.clients,
            {
                "clients": (
                    a_client(
                        redirect_uris=("http://127.0.0.1/cb",), token_endpoint_auth_method="none"
                    ),
                )
            },
            ["note", "note"],
        ),
        (database.users, {"users": 3}, []),
        (database.users, {"users": 3, "users_without_second_factor": 2}, ["note"]),
        (
            database.users,
            {"users": 3, "users_without_second_factor": 2, "second_factor": "off"},
            ["warning"],
        ),
    ],
)
@spec("NIST SP 800-63B-4 §2.2.3", "WCAG 2.2 §1.4.3")
def test_each_check_says_what_it_should(
    check: Check, traits: dict[str, Any], said: list[str]
) -> None:
    assert severities([check], some_facts(**traits)) == said


def test_without_a_readable_database_no_check_of_its_contents_speaks() -> None:
    facts = some_facts(database=None, database_fault="It cannot be read.")
    assert severities(database.CHECKS, facts) == ["fault"]


def test_every_check_is_in_its_table() -> None:
    for room in (settings, proof, networks, policy, database):
        functions = {
            value
            for name, value in vars(room).items()
            if callable(value)
            and getattr(value, "__module__", "") == room.__name__
            and not name.startswith("_")
        }
        assert functions == set(room.CHECKS)


def an_installation(idp: Idp, **environment: str) -> Idp:
    good = {
        "IDP_ISSUER": "https://id.example.test",
        "IDP_TRUSTED_PROXIES": "1",
        "IDP_SMTP_URL": "smtps://mail.example.test",
        "IDP_MAIL_FROM": "id@example.test",
    }
    idp.environment |= {**good, **environment}
    idp.data_dir.chmod(0o700)
    for file in idp.data_dir.iterdir():
        file.chmod(0o600)
    idp("migrate")
    return idp


def test_status_0_says_that_nothing_is_wrong_or_risky(idp: Idp) -> None:
    found = an_installation(idp).json("check")
    assert found["status"] == 0
    assert {each["severity"] for each in found["findings"]} <= {"note"}


def test_status_1_says_that_something_is_risky(idp: Idp) -> None:
    result = an_installation(idp, IDP_SECOND_FACTOR="off").run("check")
    assert result.exit_code == 1
    assert "WARNING  IDP_SECOND_FACTOR is off." in result.stdout
    assert "Warnings: 1." in result.stdout


def test_status_2_says_that_something_is_wrong(idp: Idp) -> None:
    result = an_installation(idp, IDP_SECOND_FACTOR="off")
    idp.environment["IDP_MASTER_KEY"] = "A" * 43
    result = idp.run("check")
    assert result.exit_code == 2
    # The worst comes first.
    assert result.stdout.startswith("FAULT    Another master key sealed this database.")


def test_unreadable_settings_are_faults_one_each(idp_on_sqlite: Idp) -> None:
    idp_on_sqlite.environment |= {
        "IDP_ISSUER": "https://id.example/path",
        "IDP_BRAND_COLOR": "blue",
        "IDP_NAME_FILE": "/nonexistent",
    }
    result = idp_on_sqlite.run("check")
    assert result.exit_code == 2
    assert "Faults: 3." in result.stdout


def test_who_finds_no_fault_reads_where_sign_ins_and_sessions_are_looked_at(idp: Idp) -> None:
    assert "idp policy assess" not in idp.run("check").stdout, "there is no database to look at"
    an_installation(idp)
    assert idp.run("check").stdout.splitlines()[-1].endswith("by `idp policy assess`.")


def test_users_and_clients_are_looked_at(idp: Idp) -> None:
    an_installation(idp)
    idp.add_user()
    idp.add_user("gone")
    idp("user", "disable", "gone")
    idp.add_client("--public", "--first-party")
    said = " ".join(each["what"] for each in idp.json("check")["findings"])
    for part in ("is public", "is first-party", "Users without a second factor: 1 of 1"):
        assert part in said


def test_two_policies_that_judge_at_once_are_told_of(idp: Idp) -> None:
    an_installation(idp)
    ada = idp.add_user()
    with idp.inside() as ctx:
        judged = ((70, "new"), (40, "old"), (30, "new"), (5, "old"))
        add_decisions(
            ctx.db,
            [
                a_decision(ada, ctx.now - timedelta(minutes=ago), policy_version=version)
                for ago, version in judged
            ],
        )

    found = idp.run("check")

    assert found.exit_code == 1
    assert "Two policies judge at once: old still at " in found.stdout
    assert ", new since " in found.stdout


def test_a_database_out_of_reach_is_a_fault(idp_on_sqlite: Idp) -> None:
    idp_on_sqlite.environment["IDP_DATABASE_URL"] = "postgresql://idp:secret@127.0.0.1:1/idp"
    result = idp_on_sqlite.run("check")
    assert result.exit_code == 2
    assert "cannot be read" in result.stdout
    assert "secret" not in result.stdout


def test_looking_makes_nothing(idp_on_sqlite: Idp, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    idp_on_sqlite.environment |= {
        "IDP_DATA_DIR": str(nowhere),
        "IDP_DATABASE_URL": None,
        "IDP_MASTER_KEY": None,
    }
    assert idp_on_sqlite.run("check").exit_code == 2
    assert not nowhere.exists()


def test_an_open_master_key_file_is_a_fault_that_says_the_remedy(tmp_path: Path) -> None:
    idp = make_idp("", tmp_path / "data")
    idp.environment |= {"IDP_DATABASE_URL": None, "IDP_MASTER_KEY": None}
    idp("migrate")
    key = tmp_path / "data" / "master.key"
    key.chmod(0o644)
    found = idp.run("check")
    assert found.exit_code == 2
    assert f"chmod 600 {key}" in found.stdout

    key.unlink()
    assert "The master key is gone." in idp.run("check").stdout
