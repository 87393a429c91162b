"""Every way to sign in is a documented one, and nobody has an account that they were not given."""

import ast
import re
from pathlib import Path

import pytest
from sqlalchemy import func, select

from idp.store.schema import clients, users
from tests.support.spec import spec

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/security.md").read_text()
# What is done with a session that is there, or without one, but opens none.
OPEN_NONE = (
    "/account/",
    "/admin/",
    "/authorize",
    "/consent",
    "/global-token-revocation",
    "/introspect",
    "/login/account",
    "/logout",
    "/revoke",
    "/ticket/email",
    "/token",
    "/userinfo",
)


@spec("ASVS 6.3.2")
@pytest.mark.parametrize("table", [users, clients], ids=lambda table: table.name)
def test_a_new_provider_has_no_account_of_its_own(provider, table):
    with provider.context() as ctx:
        assert ctx.db.read(select(func.count()).select_from(table)).scalar_one() == 0


@spec("ASVS 6.3.4")
def test_every_form_that_leads_to_a_session_stands_in_the_document(provider):
    section = DOCUMENT.partition("## Ways in")[2].partition("\n## ")[0]
    documented = set(re.findall(r"`(/[a-z/-]*)`", section))
    rules = provider.app.url_map.iter_rules()
    forms = {rule.rule for rule in rules if "POST" in (rule.methods or ())}
    leading = {path for path in forms if not path.startswith(OPEN_NONE)}

    assert leading == documented & forms
    assert len(leading) > 10


def uses(name: str) -> set[str]:
    """Which files of ours use a name of another module (`sessions.open_session`)."""
    module, _, attribute = name.partition(".")
    found = set()
    for path in sorted((ROOT / "idp").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == f"{module}.{attribute}":
                found.add(str(path.relative_to(ROOT)))
    return found


@spec("ASVS 6.3.4")
def test_one_place_opens_sessions():
    assert uses("sessions.open_session") == {"idp/login/opening.py"}
    assert uses("opening.open_session") == {"idp/login/browser.py"}
    assert uses("browser.sign_in") == {"idp/login/proceed.py"}


@spec("ASVS 6.2.10")
def test_a_password_is_good_for_as_long_as_nobody_changes_it(rp):
    rp.provider.clock.forward(days=3650)

    page = rp.log_in(rp.follow(rp.get("/account")))

    assert b'id="page-account"' in page.data
