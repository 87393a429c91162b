"""What the documents say is so."""

import re
import tomllib
from pathlib import Path

import click
import pytest

from idp.cli import main
from idp.settings import Settings
from tests import settings_table

ROOT = Path(__file__).parents[1]
README, CHANGELOG = ((ROOT / name).read_text() for name in ("README.md", "CHANGELOG.md"))
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_table_of_settings_is_what_the_code_declares():
    assert settings_table.with_table(README) == README, "python -m tests.settings_table"


def commands() -> list[str]:
    """Every `idp …` line in the README's code blocks, its alternatives spelled out."""
    found = []
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL):
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


def test_the_change_log_names_every_command():
    said = re.search(
        r"The command `idp`: (.*?)\.\n", (ROOT / "CHANGELOG.md").read_text(), re.DOTALL
    )
    assert said is not None
    assert set(re.findall(r"`([a-z]+)`", said[1])) == set(main.commands)


def test_the_readme_names_every_command_about_people_clients_keys_and_mail():
    named = {tuple(line.split()[1:3]) for line in commands()}
    groups = {name: each for name, each in main.commands.items() if isinstance(each, click.Group)}
    assert named >= {(name, each) for name, group in groups.items() for each in group.commands}


def test_the_layers_of_the_readme_are_those_that_imports_are_held_to():
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    held = contract["contracts"][0]["layers"]
    table = re.search(r"^```\n(cli .*?)^```", README, re.DOTALL | re.MULTILINE)
    assert table is not None
    shown = [re.split(r" {2,}|$", line)[0] for line in table[1].splitlines() if line[0] != " "]
    # What stands in brackets is to come.
    built = ["".join(re.split(r"\(\w+\) \| ", layer)) for layer in held]
    assert shown == built


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_pictures_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_every_setting_says_what_it_is_for():
    assert all(field.description for field in Settings.model_fields.values())
