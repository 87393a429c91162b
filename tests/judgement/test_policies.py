"""The policies in force: read at the start, and anew when their files change."""

from datetime import UTC, datetime

import pytest
import structlog

from idp.judgement.policies import Policies, draft_of, policy_in_force, read_policy
from idp.kernel.errors import SetupFault
from idp.policy.built_in import built_in
from idp.settings import Settings
from idp.web.policy_words import why_of

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
GOOD = '[[rules]]\nname = "payroll"\nbecause = "Payroll is sensitive"\nthen.idle = "10m"\n'


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(GOOD)
    return path


def looking_again(policies):
    """Have the files looked at twice, which happens every two seconds."""
    for watched in (policies._current, policies._draft) * 2:
        watched._next_look = 0.0
        watched.content()
    return policies


def names(policy):
    return [rule.name for rule in policy.rules]


def test_without_files_the_built_in_policy_holds_and_none_is_tried_out():
    policies = Policies(Settings())

    assert policies.current(NOON) == built_in(Settings())
    assert policies.draft(NOON) is None


def test_the_files_that_the_settings_name_are_read(file, tmp_path):
    draft = tmp_path / "draft.toml"
    draft.write_text("built_in_rules = false")
    policies = Policies(Settings(policy_file=file, policy_draft_file=draft))

    assert names(policies.current(NOON))[0] == "payroll"
    assert names(policies.draft(NOON)) == []


def test_a_file_that_changes_is_read_anew(file):
    policies = Policies(Settings(policy_file=file, policy_draft_file=file))
    before = policies.current(NOON)
    file.write_text(GOOD.replace("10m", "20m"))

    assert looking_again(policies).current(NOON).version != before.version
    assert policies.draft(NOON) == policies.current(NOON)


def test_a_file_that_is_being_written_is_not_taken_for_a_policy(file):
    """Editors empty a file before they fill it, and an empty one is a policy: the built-in one."""
    policies = Policies(Settings(policy_file=file))
    before = policies.current(NOON)
    file.write_text("")
    policies._current._next_look = 0.0

    assert policies.current(NOON) == before


def test_a_mark_at_the_beginning_is_no_part_of_the_file(file):
    before = read_policy(file, Settings())
    file.write_text(GOOD, encoding="utf-8-sig")

    assert read_policy(file, Settings()) == before


@pytest.mark.parametrize("broken", ['then.idle = "x"', None], ids=["broken", "gone"])
def test_a_file_that_breaks_leaves_the_policy_of_before(file, broken):
    policies = Policies(Settings(policy_file=file))
    before = policies.current(NOON)
    file.write_text(GOOD + broken) if broken else file.unlink()

    with structlog.testing.capture_logs() as logs:
        assert looking_again(policies).current(NOON) == before
    assert [line["event"] for line in logs] == ["file_unreadable"]

    file.write_text(GOOD.replace("10m", "20m"))

    assert looking_again(policies).current(NOON).version != before.version


@pytest.mark.parametrize("setting", ["policy_file", "policy_draft_file"])
def test_nothing_starts_with_a_broken_file(file, setting):
    file.write_text(GOOD + "[defaults]\nidle = 1\n[risk]\nhigh = 'x'")

    with pytest.raises(SetupFault) as refused:
        Policies(Settings(**{setting: file}))

    lines = refused.value.detail.splitlines()
    prefix = f"IDP_{setting.upper()}: {file}: line "
    assert len(lines) == 2
    assert all(line.startswith(prefix) for line in lines)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "it cannot be read: No such file or directory"),
        (b"\xff", "it is not UTF-8"),
        (b"#" * (1024 * 1024 + 1), "it is larger than a mebibyte"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path, content, why):
    path = tmp_path / "policy.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SetupFault, match=why):
        read_policy(path, Settings())


def test_what_the_settings_name_is_what_commands_see(file):
    settings = Settings(policy_file=file, policy_draft_file=file)

    assert policy_in_force(settings) == draft_of(settings) == Policies(settings).current(NOON)


def test_a_rule_is_explained_in_its_own_words_or_by_its_name(file):
    policy = policy_in_force(Settings(policy_file=file))

    assert why_of(policy, "payroll") == "Payroll is sensitive"
    assert why_of(policy, "new_browser") == "This browser is new to us"
    assert why_of(policy, "a rule of last year") == "a rule of last year"
