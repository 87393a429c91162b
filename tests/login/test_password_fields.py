"""Password fields are what browsers and password managers know how to fill in."""

import re
from pathlib import Path

import pytest

from tests.support.spec import spec

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "idp/web/static").glob("*.js"))
AUTOCOMPLETE = {
    "password": "current-password",
    "current_password": "current-password",
    "new_password": "new-password",
}


def password_fields():
    """Every field that takes a password, by its name: the attributes that matter."""
    tags = [tag for path in TEMPLATES for tag in re.findall(r"<input\b[^>]*>", path.read_text())]
    found = [dict(re.findall(r'([a-z-]+)="([^"{]*)"', tag)) for tag in tags]
    return [
        each
        for each in found
        if "password" in each.get("name", "") or each.get("type") == "password"
    ]


@spec("ASVS 6.2.6", "ASVS 6.2.7")
def test_every_password_field_is_hidden_and_says_which_password_it_wants():
    fields = password_fields()

    assert {each["name"] for each in fields} == set(AUTOCOMPLETE)
    for each in fields:
        assert each["type"] == "password", each
        assert each["autocomplete"] == AUTOCOMPLETE[each["name"]], each
        assert not {"maxlength", "pattern", "readonly"} & set(each), each


@spec("ASVS 6.2.7")
def test_nothing_stands_in_the_way_of_pasting():
    assert SCRIPTS
    for path in (*SCRIPTS, *TEMPLATES):
        assert not re.search(r"onpaste|['\"](paste|drop|beforeinput)['\"]", path.read_text())


@spec("ASVS 6.4.2")
@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_nobody_is_asked_for_a_hint_or_a_secret_answer(path):
    names = re.findall(r'name="([^"{]*)"', path.read_text())
    assert not [name for name in names if re.search("hint|question|secret_answer", name)]
