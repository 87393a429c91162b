"""What the documents say is so."""

import re
from pathlib import Path

import click
import pytest

from idp.cli import main
from idp.settings import Settings
from tests import settings_table

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_table_of_settings_is_what_the_code_declares():
    readme = (ROOT / "README.md").read_text()
    assert settings_table.with_table(readme) == readme, "python -m tests.settings_table"


def commands() -> list[str]:
    """Every `idp …` line in the README's code blocks, its alternatives spelled out."""
    found = []
    for block in re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("idp "):
                head, *others = line.split("#")[0].strip().split(" | ")
                group = head.split()[:2]
                found.append(head)
                found += [" ".join([*group, other]) for other in others]
    return found


@pytest.mark.parametrize("line", commands())
def test_every_command_of_the_readme_exists_with_its_options(line):
    words = line.split()[1:]
    command, context = main, click.Context(main)
    while isinstance(command, click.Group):
        name = words.pop(0)
        found = command.get_command(context, name)
        assert found is not None, name
        command, context = found, click.Context(found)
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_pictures_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_every_setting_says_what_it_is_for():
    assert all(field.description for field in Settings.model_fields.values())
