"""`idp policy`: a policy is checked before it is used, and shown as it is in force."""

import pytest

from tests.cli.conftest import Idp

GOOD = '[[rules]]\nname = "payroll"\nwhen.clients = ["payroll"]\nthen.absolute = "50%"\n'
BROKEN = GOOD + 'then.idle = "soon"\n'


@pytest.fixture
def idp(idp_on_sqlite: Idp) -> Idp:
    """The command: what it says of policies does not depend on the database."""
    return idp_on_sqlite


def written(idp: Idp, text: str, name: str = "policy.toml") -> str:
    path = idp.data_dir / name
    path.write_text(text)
    return str(path)


def test_a_good_file_is_called_good_by_its_version(idp: Idp) -> None:
    path = written(idp, GOOD)
    [said] = idp.json("policy", "check", path)

    assert (said["file"], said["faults"]) == (path, [])
    assert idp("policy", "check", path) == f"{path}: good, version {said['version']}\n"


def test_each_fault_of_a_file_is_listed(idp: Idp) -> None:
    path = written(idp, BROKEN)
    result = idp.run("policy", "check", path)
    fault = 'line 5: rule "payroll": then.idle: "soon" is no duration like "45m", "12h" or "30d"'

    assert result.exit_code == 2
    assert result.stdout == f"{path}: faults: 1\n  {fault}\n"
    assert idp.json_of("policy", "check", path)[0]["faults"] == [fault]


def test_without_a_file_those_of_the_settings_are_checked(idp: Idp) -> None:
    assert idp("policy", "check") == "No policy file is set: the built-in policy holds.\n"

    idp.environment["IDP_POLICY_FILE"] = written(idp, GOOD)
    idp.environment["IDP_POLICY_DRAFT_FILE"] = written(idp, BROKEN, "draft.toml")

    assert [len(each["faults"]) for each in idp.json_of("policy", "check")] == [0, 1]


def test_the_policy_in_force_is_shown_with_its_rules_in_their_order(idp: Idp) -> None:
    built_in = idp.json("policy", "show")
    idp.environment["IDP_POLICY_FILE"] = written(idp, GOOD + 'because = "It is sensitive"\n')
    shown = idp.json("policy", "show")

    assert built_in["version"] != shown["version"]
    assert shown["rules"][1:] == built_in["rules"]
    assert shown["rules"][0] == {
        "name": "payroll",
        "when": {"clients": ["payroll"]},
        "then": {"absolute": "50%"},
        "because": "It is sensitive",
    }
    text = idp("policy", "show")
    assert "   1.  payroll\n       It is sensitive\n when  clients = payroll\n" in text
    assert "Defaults  idle = 1h, absolute = 12h" in text


def test_a_file_is_shown_as_the_policy_that_it_would_be(idp: Idp) -> None:
    path = written(idp, "built_in_rules = false\n[[rules]]\nname = 'all'\nwhen.tor = true\n")
    assert idp.refused("policy", "show", path).startswith(f"Error: {path}: line 2: rule ")

    written(idp, "built_in_rules = false\n[[rules]]\nname = 'all'\nthen.sessions = 1\n")
    assert idp("policy", "show", path).endswith("   1.  all\n when  always\n then  sessions = 1\n")


def test_long_limits_are_told_of_where_they_stand(idp: Idp) -> None:
    idp("migrate")

    def said() -> list[str]:
        found = idp.json_of("check")["findings"]
        return [each["what"] for each in found if "§2.2.3" in each["why"]]

    idp.environment["IDP_SESSION_ABSOLUTE"] = "108000"
    assert said() == ["IDP_SESSION_ABSOLUTE is 30h."]

    idp.environment["IDP_POLICY_FILE"] = written(idp, '[defaults]\nidle = "2h"\nabsolute = "1d"')
    assert said() == ["defaults.idle of the policy is 2h."]


def test_rules_that_come_too_late_are_told_of(idp: Idp) -> None:
    idp("migrate")
    allowing = '[[rules]]\nname = "office"\nwhen.networks = ["AS64500"]\nthen.outcome = "allow"\n'
    again = allowing.replace('"office"', '"office again"')
    idp.environment["IDP_POLICY_FILE"] = path = written(idp, allowing + again)
    [said] = idp.json("policy", "check")

    never = 'rule "office again" is never heard: "office" is heard first'
    disarmed = 'rule "office" disarms "copied_cookie": allow, not end, where both apply'
    assert {never, disarmed} <= set(said["notes"])
    assert f"good, version {said['version']}\n  {never}\n" in idp("policy", "check", path)
    found = [each["what"] for each in idp.json_of("check")["findings"]]
    assert 'Rule "office again" of the policy is never heard.' in found
    assert 'Rule "office" of the policy disarms "copied_cookie".' in found


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ('then.outcome = "refuse"', "lets nobody sign in"),
        ('when.acr = ["sfa"]\nthen.outcome = "end"', "lets nobody sign in by a password, for"),
        (
            'when.moments = ["authorize", "account"]\nthen.outcome = "end"',
            "ends every session at account, authorize",
        ),
        ('when.moments = ["refresh"]\nthen.outcome = "refuse"', "refuses every session at refresh"),
    ],
)
def test_a_rule_that_shuts_everybody_out_is_told_of(idp: Idp, rule: str, words: str) -> None:
    idp("migrate")
    idp.environment["IDP_POLICY_FILE"] = written(idp, f'[[rules]]\nname = "stop"\n{rule}\n')

    [said] = idp.json("policy", "check")

    assert said["notes"][0].startswith(f'rule "stop" {words}')
    found = [each["what"] for each in idp.json_of("check")["findings"]]
    assert any(each.startswith(f'Rule "stop" of the policy {words}') for each in found)


def test_nothing_starts_with_a_broken_file_and_check_says_why(idp: Idp) -> None:
    idp("migrate")
    idp.environment["IDP_POLICY_FILE"] = written(idp, BROKEN)

    assert "IDP_POLICY_FILE: " in idp.refused("user", "list")
    found = idp.json_of("check")["findings"]
    assert [each["what"] for each in found if "IDP_POLICY_FILE" in each["what"]] != []


def test_a_rule_for_a_client_that_is_not_there_is_pointed_out(idp: Idp) -> None:
    idp("migrate")
    idp.environment["IDP_POLICY_FILE"] = path = written(idp, GOOD)

    def said() -> list[str]:
        return [each["what"] for each in idp.json_of("check")["findings"] if "Rule" in each["what"]]

    assert said() == ['Rule "payroll" of the policy is for client payroll, which is not there.']

    client_id = idp.add_client()["client_id"]
    written(idp, GOOD.replace('["payroll"]', f'["{client_id}"]'))

    assert path == idp.environment["IDP_POLICY_FILE"]
    assert said() == []
