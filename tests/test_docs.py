"""What the documents say is so."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path

import click
import pytest

from idp.cli import main
from idp.policy.built_in import RETURN_WITHIN
from idp.policy.presets import AAL2, AAL3, FAPI
from idp.settings import Settings
from tests import settings_table

ROOT = Path(__file__).parents[1]
README, CHANGELOG = ((ROOT / name).read_text() for name in ("README.md", "CHANGELOG.md"))
HOUR = timedelta(hours=1)
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_table_of_settings_is_what_the_code_declares():
    assert settings_table.with_table(README) == README, "python -m tests.settings_table"


SESSIONS = (ROOT / "docs/sessions.md").read_text()


def commands(document: str = README) -> list[str]:
    """Every `idp …` line in a document's code blocks, its alternatives spelled out."""
    found = []
    for block in re.findall(r"```sh\n(.*?)```", document, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("idp "):
                head, *others = line.split("#")[0].strip().split(" | ")
                group = head.split()[:2]
                found.append(head)
                found += [" ".join([*group, other]) for other in others]
    return found


@pytest.mark.parametrize("line", [*commands(), *commands(SESSIONS)])
def test_every_command_of_the_readme_and_of_the_session_engine_exists_with_its_options(line):
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


def test_the_limits_that_the_session_engine_tells_of_are_those_of_the_code():
    settings = Settings()
    assert (settings.session_idle, settings.session_absolute) == (HOUR, 12 * HOUR)
    assert settings.trusted_device_lifetime == timedelta(days=30)
    assert RETURN_WITHIN == 12 * HOUR
    for level, preset in (("AAL2", AAL2), ("AAL3", AAL3), ("payments", FAPI)):
        (row,) = (line for line in SESSIONS.splitlines() if line.strip("|* ").startswith(level))
        _, idle, absolute, *_ = (cell.strip() for cell in row.strip("|").split("|"))
        assert (idle, absolute) == (in_words(preset.idle), in_words(preset.absolute))


def in_words(duration: timedelta) -> str:
    hours, minutes = duration // HOUR, duration // timedelta(minutes=1)
    count, unit = (hours, "hour") if hours else (minutes, "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def test_every_setting_says_what_it_is_for():
    assert all(field.description for field in Settings.model_fields.values())
