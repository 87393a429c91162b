"""The policy file: what it says becomes the policy, and each fault is told by line and key."""

import json
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.kernel.errors import SetupFault
from idp.policy.book import NEVER, Bounds, Rule, Share, Thresholds
from idp.policy.built_in import built_in, rules_for
from idp.policy.durations import duration_of, in_short, share_of
from idp.policy.presets import AAL2, AAL3, FAPI, PRESETS
from idp.policy.reading import keys, policy_of
from idp.policy.risk.thresholds import THRESHOLDS
from idp.policy.terms import AtLimit, Change, DeviceStanding, Moment, Outcome, RiskLevel
from idp.policy.written import document_of, version_of
from idp.settings import Settings
from tests.policy.books import CONDITIONS, DAYS, DURATIONS, HOURS, MINUTES, SAYINGS
from tests.support.spec import spec

SETTINGS = Settings()
RULE = '[[rules]]\nname = "r"\n'


def read(text, **settings):
    return policy_of(text, Settings(**settings))


def faults(text):
    with pytest.raises(SetupFault) as refused:
        policy_of(text, SETTINGS)
    return refused.value.detail.splitlines()


def test_an_empty_file_is_the_built_in_policy():
    assert read("") == built_in(SETTINGS)


def test_everything_that_can_be_said_is_understood():
    policy = read("""
        built_in_rules = false
        [bounds]
        preset = "aal2"
        idle = "30m"
        [defaults]
        idle = "20m"
        absolute = "8h"
        reauthentication = "10m"
        return_within = "0"
        remember = "90s"
        sessions = 3
        at_limit = "refuse_new"
        [risk]
        elevated = 1
        high = 2.5
        [[rules]]
        name = "payroll"
        because = "Payroll is sensitive"
        when = { groups = ["staff"], clients = ["payroll"], moments = ["authorize"], tor = false }
        then = { outcome = "ask_again", acr = "phr", idle = "50%", absolute = "2h", sessions = 1 }
        [[rules]]
        name = "abroad"
        when.devices = ["new", "known"]
        when.acr = ["mfa"]
        when.risks = ["elevated", "high"]
        when.changes = ["country"]
        when.countries = ["NO"]
        when.networks = ["AS64500", "203.0.113.0/24"]
        when.hosting = true
        when.proof_older_than = "9h"
        then.at_limit = "end_oldest"
        """)

    assert policy.bounds == replace(AAL2, idle=30 * MINUTES)
    limits = policy.defaults
    assert (limits.idle, limits.absolute, limits.reauthentication) == (
        20 * MINUTES,
        8 * HOURS,
        10 * MINUTES,
    )
    assert (limits.trusted_device, limits.return_within) == (NEVER, NEVER)
    assert limits.remember == timedelta(seconds=90)
    assert (limits.sessions, limits.at_limit) == (3, AtLimit.REFUSE_NEW)
    assert policy.thresholds == Thresholds(elevated=1.0, high=2.5)
    payroll, abroad = policy.rules
    assert (payroll.name, payroll.because) == ("payroll", "Payroll is sensitive")
    assert payroll.when.groups == frozenset({"staff"})
    assert payroll.when.clients == frozenset({"payroll"})
    assert payroll.when.moments == frozenset({Moment.AUTHORIZE})
    assert payroll.when.tor is False
    assert (payroll.then.outcome, payroll.then.acr) == (Outcome.ASK_AGAIN, "phr")
    assert (payroll.then.idle, payroll.then.absolute) == (Share(0.5), 2 * HOURS)
    assert payroll.then.sessions == 1
    assert abroad.when.devices == frozenset({DeviceStanding.NEW, DeviceStanding.KNOWN})
    assert abroad.when.risks == frozenset({RiskLevel.ELEVATED, RiskLevel.HIGH})
    assert abroad.when.changes == frozenset({Change.COUNTRY})
    assert (abroad.when.countries, abroad.when.hosting) == (frozenset({"NO"}), True)
    assert abroad.when.networks == frozenset({"AS64500", "203.0.113.0/24"})
    assert abroad.when.proof_older_than == 9 * HOURS
    assert abroad.then.at_limit is AtLimit.END_OLDEST


def test_the_built_in_rules_follow_those_of_the_file():
    policy = read(RULE + 'then.absolute = "1h"')

    assert [each.name for each in policy.rules] == [
        "r",
        *(each.name for each in rules_for(policy.defaults)),
    ]


def test_what_the_file_leaves_open_the_settings_say():
    policy = read("", session_idle=10 * MINUTES, session_absolute=HOURS)

    assert (policy.defaults.idle, policy.defaults.absolute) == (10 * MINUTES, HOURS)
    assert policy.defaults.return_within == HOURS


def test_what_the_settings_say_makes_way_for_the_file():
    policy = read('[defaults]\nabsolute = "10m"', session_idle=HOURS)

    assert policy.defaults.idle == policy.defaults.return_within == 10 * MINUTES


@spec("NIST SP 800-63B-4 §2.2.3", "NIST SP 800-63B-4 §2.3.3")
@pytest.mark.parametrize("preset", [AAL2, AAL3, FAPI], ids=lambda each: each.preset)
def test_what_the_settings_say_makes_way_for_a_preset(preset):
    policy = read(f'bounds.preset = "{preset.preset}"', session_absolute=30 * DAYS)

    for name in DURATIONS:
        bound = getattr(preset, name)
        assert bound is None or getattr(policy.defaults, name) <= bound
    assert policy.bounds == preset


@spec("NIST SP 800-63B-4 §2.2.3", "NIST SP 800-63B-4 §2.3.3")
def test_the_presets_are_what_the_standards_allow():
    assert (AAL2.absolute, AAL2.idle, AAL2.acr) == (24 * HOURS, HOURS, "mfa")
    assert (AAL3.absolute, AAL3.idle, AAL3.acr) == (12 * HOURS, 15 * MINUTES, "phrh")
    assert (AAL2.trusted_device, AAL3.trusted_device, AAL3.return_within) == (NEVER,) * 3
    assert (FAPI.idle, FAPI.acr) == (5 * MINUTES, "mfa")
    assert PRESETS["none"] == Bounds()


A_DURATION = 'is no duration like "45m", "12h" or "30d"'
TOO_MANY = '[[rules]]\nname = "a"\nthen.sessions = 1\n' * 201


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("idle = 5", "line 1: idle: there is no such key; there are built_in_rules, bounds"),
        ("built_in_rule = true", "line 1: built_in_rule: there is no such key; did you mean built"),
        ("built_in_rules = 1", "line 1: built_in_rules: 1 is neither true nor false"),
        ("bounds = 1", "line 1: bounds: a table is needed"),
        ("rules = 1", "line 1: rules: a list of tables is needed: [[rules]]"),
        ("rules = [1]", "line 1: rule 1: a table is needed"),
        (TOO_MANY, "line 1: rules: 201 are more than 200"),
        ("[[rules]]\nthen.sessions = 1", "line 1: rule 1: it needs a name"),
        ("[[rules]]\nname = 7", "line 2: rule 1: name: 7 is no line of text"),
        ("[[rules]]\nname = ''", 'line 2: rule "": name: "" is no line of text'),
        ("[[rules]]\nname = 'high_risk'", 'line 2: rule "high_risk": name: this name is taken'),
        ("[[rules]]\nname = 'bounds'", 'line 2: rule "bounds": name: this name is taken'),
        (RULE + RULE, 'line 4: rule "r": name: this name is taken'),
        (RULE, 'line 1: rule "r": it says nothing: `then` is missing or empty'),
        ("a = 1\nb =", "line 2"),
        ('a = "x\n', "line 1, column 7: Illegal character"),
        ("a = [1,\n", "line 2: "),
        ("a = 1" + "0" * 5000, "a number has thousands of digits"),
        ("\na = " + "[" * 5000, "there are lists or tables in one another without end"),
    ],
)
def test_a_fault_is_told_by_its_line_and_its_key(text, said):
    assert any(each.startswith(said) for each in faults(text)), faults(text)


@pytest.mark.parametrize(
    ("table", "key", "value", "why"),
    [
        ("bounds", "preset", "'aal9'", '"aal9" is none of none, aal2, aal3, fapi'),
        ("defaults", "idle", "30", f"30 {A_DURATION}"),
        ("defaults", "idle", "'50%'", f'"50%" {A_DURATION}'),
        ("defaults", "idle", "'5000d'", f'"5000d" {A_DURATION}'),
        ("defaults", "idle", "'59s'", '"59s" is too short: a minute is the least'),
        ("defaults", "sessions", "-1", "-1 is no whole number from 0 to 1000"),
        ("defaults", "sessions", "true", "true is no whole number from 0 to 1000"),
        ("defaults", "at_limit", "'no'", '"no" is none of end_oldest, refuse_new'),
        ("risk", "high", "nan", "nan is no number"),
        ("risk", "high", "true", "true is no number"),
        ("risk", "high", "'3'", '"3" is no number'),
        ("risk", "elevated", "99", f"99 is more than high, which is {THRESHOLDS.high:g}"),
    ],
)
def test_a_fault_of_what_holds_for_everybody_is_told(table, key, value, why):
    assert faults(f"[{table}]\n{key} = {value}") == [f"line 2: {table}.{key}: {why}"]


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("because", r'"a\nb"', '"a\N{REPLACEMENT CHARACTER}b" is no line of text'),
        ("because", f"'{'x' * 201}'", f'"{"x" * 63}… is longer than 200 characters'),
        ("then", "1", "a table is needed"),
        ("when.group", "['a']", "there is no such key; did you mean groups?"),
        ("when.groups", "'a'", 'a list with a member is needed: ["a"]'),
        ("when.groups", "[]", 'a list with a member is needed: ["…"]'),
        ("when.groups", "[1]", "1 is no line of text"),
        (
            "when.devices",
            "['old', 'odd']",
            '"old" is none of new, known, trusted; "odd" is none of new, known, trusted',
        ),
        ("when.countries", "['no']", '"no" is no country of two capital letters (ISO 3166)'),
        ("when.networks", "['AS0']", '"AS0" is no network like "AS64500" or "203.0.113.0/24"'),
        ("when.networks", "[7]", '7 is no network like "AS64500" or "203.0.113.0/24"'),
        (
            "when.networks",
            "['203.0.113.9/32', '2001:db8::/64']",
            (
                "203.0.113.9/32 is too small: /24 is all that is kept of an address; "
                "2001:db8::/64 is too small: /48 is all that is kept of an address"
            ),
        ),
        ("when.hosting", "'yes'", '"yes" is neither true nor false'),
        (
            "then.outcome",
            "'shorten'",
            '"shorten" is none of allow, ask_factor, ask_again, refuse, end',
        ),
        ("then.outcome", "1", "1 is none of allow, ask_factor, ask_again, refuse, end"),
        ("then.idle", "'0%'", '"0%" is no share from 1% to 100%'),
        ("then.idle", "'101%'", '"101%" is no share from 1% to 100%'),
        ("then.idle", "'1%'", "1% of 1h is too short: a minute is the least"),
        ("then.idle", "'3h'", "3h is longer than 2h, the most that [bounds] allows"),
        ("then.idle", "'0'", '"0" is too short: a minute is the least'),
        ("then.acr", "'mfa'", "mfa is less than phr, which [bounds] demands of everybody"),
    ],
)
def test_a_fault_of_a_rule_is_told_by_the_rule(key, value, why):
    good = "then.remember = '0'" if key != "then" else "when.tor = true"
    text = f"bounds = {{ idle = '2h', acr = 'phr' }}\n{RULE}{key} = {value}\n{good}"

    assert faults(text) == [f'line 4: rule "r": {key}: {why}']


@spec("NIST SP 800-63B-4 §2.2.3", "NIST SP 800-63B-4 §2.3.3")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[bounds]\npreset = 'aal2'\nidle = '2h'",
            "line 3: bounds.idle: 2h is longer than 1h, the most that preset aal2 allows",
        ),
        (
            "[bounds]\npreset = 'aal3'\nacr = 'mfa'",
            "line 3: bounds.acr: mfa is less than phrh, which preset aal3 demands of everybody",
        ),
        (
            "[bounds]\nabsolute = '1h'\n[defaults]\nabsolute = '2h'",
            "line 4: defaults.absolute: 2h is longer than 1h, the most that [bounds] allows",
        ),
        (
            "[defaults]\nidle = '2h'\nabsolute = '1h'",
            "line 2: defaults.idle: it is longer than absolute",
        ),
    ],
)
def test_limits_that_contradict_each_other_are_faults(text, said):
    assert faults(text) == [said]


def test_all_faults_are_told_together_in_the_order_of_their_lines():
    found = faults("[defaults]\nidle = 1\n" + RULE + "then.idle = 1\n[risk]\nhigh = 'x'")

    assert [each.split(":")[0] for each in found] == ["line 2", "line 5", "line 7"]


def test_a_faulty_bound_is_not_held_against_what_stays_within_the_preset():
    text = "[bounds]\npreset = 'aal2'\nidle = '3h'\n[defaults]\nidle = '2h'"

    assert faults(text)[1].endswith("2h is longer than 1h, the most that preset aal2 allows")


def test_keys_are_found_in_sub_tables_and_beside_long_strings():
    text = f'''
x = """
[[rules]]
name = 1
"""
{RULE}
[rules.when]
groups = 1
[rules.then]
sessions = 1
{RULE}
[rules.then]
sessions = "x"
'''

    assert [each.split(": ")[0] for each in faults(text)] == [
        "line 2",
        "line 10",
        "line 14",
        "line 17",
    ]


def test_a_key_in_quotes_is_found_too_and_one_with_an_escape_by_what_it_stands_in():
    assert faults('[defaults]\n"idle" = 1')[0].startswith("line 2: defaults.idle: ")
    assert faults("[defaults]\n'idle' = 1")[0].startswith("line 2: defaults.idle: ")
    assert faults('[defaults]\n"\\u0069dle" = 1')[0].startswith("line 1: defaults.idle: ")


@pytest.mark.parametrize(
    "before",
    [
        '# they say """ here',
        "# and ''' there",
        """x = "# '''" """,
        """x = '# \"\"\"' """,
        'x = """a""" # b',
        'x = """a\n# """ # c',
        "x = '''\n\"\"\"\n'''",
        r'x = "\"" # """',
        "[['rules']]\nname = 'first'\nthen.sessions = 1",
    ],
)
def test_nothing_that_looks_like_a_string_leads_to_another_line(before):
    line = before.count("\n") + 4

    assert faults(before + '\n[[rules]]\nname = "r"\nthen.sessions = "x"')[-1].startswith(
        f'line {line}: rule "r": then.sessions: '
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[defaults]\nsessions = 0x" + "f" * 5000, "a number of more than 64 bits is no whole"),
        ("[risk]\nhigh = 0x" + "f" * 400, "risk.high: a number of more than 64 bits is no number"),
        ("[defaults]\nidle." + ".".join("a" * 3000) + " = 1", "a table is no duration like"),
        ("[" + ".".join("a" * 20_000) + "]", "line 1: a: there is no such key"),
        ("[defaults]\nidle = [1, [2]]", "a list is no duration like"),
        ("k" * 5000 + " = 1", f"line 1: {'k' * 64}…: there is no such key"),
    ],
)
def test_what_is_large_or_deep_is_a_fault_like_any_other(text, said):
    (told,) = faults(text)

    assert said in told
    assert len(told) < 250


@pytest.mark.parametrize("key", [r"a\nb", r"a\u001b[31mb", r"a\u2028b"])
def test_a_key_makes_no_lines_and_no_colours_of_its_own(key):
    (told,) = faults(f'"{key}" = 1')

    assert told.isprintable()


def test_the_version_is_what_decides_and_nothing_else():
    plain = read(RULE + "then.sessions = 1")

    assert read("# a comment\n" + RULE + "then = { sessions = 1 }").version == plain.version
    assert read(RULE + "then.sessions = 2").version != plain.version
    assert read(RULE + "then.sessions = 1", session_idle=MINUTES).version != plain.version
    assert len(plain.version) == 12


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0", timedelta(0)),
        ("45m", 45 * MINUTES),
        ("12h", 12 * HOURS),
        ("30d", 30 * DAYS),
        ("90s", timedelta(seconds=90)),
        ("1.5h", None),
        ("1h30m", None),
        ("-1h", None),
        ("\N{FULLWIDTH DIGIT ONE}h", None),
        ("999999999d", None),
        ("", None),
    ],
)
def test_a_duration_is_a_whole_number_of_one_unit(text, length):
    assert duration_of(text) == length


@given(st.integers(0, 315_360_000))
def test_durations_are_written_as_they_are_read(seconds):
    assert duration_of(in_short(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@given(st.integers(1, 100))
def test_shares_are_written_as_they_are_read(percent):
    assert in_short(share_of(f"{percent}%")) == f"{percent}%"


def test_a_duration_of_no_whole_seconds_is_shown_as_it_is():
    assert in_short(timedelta(seconds=1.5)) == "1.5s"


def toml(value):
    """Return a value as TOML writes it."""
    if isinstance(value, dict):
        inside = ", ".join(f"{key} = {toml(each)}" for key, each in value.items())
        return f"{{ {inside} }}"
    return json.dumps(value, ensure_ascii=False)


def in_whole_words(thing):
    """Round what a file cannot say: parts of a second, of a percent; too little time."""

    def rounded(name, value):
        least = MINUTES if name in ("idle", "absolute", "reauthentication") else NEVER
        if isinstance(value, timedelta):
            return max(timedelta(seconds=round(value.total_seconds())), least)
        return Share(max(round(value.of_default, 2), 0.1)) if isinstance(value, Share) else value

    names = [each.name for each in fields(thing)]
    return replace(thing, **{name: rounded(name, getattr(thing, name)) for name in names})


@given(
    rules=st.lists(
        st.tuples(
            CONDITIONS.map(in_whole_words),
            SAYINGS.map(in_whole_words).filter(
                lambda then: any(getattr(then, each.name) is not None for each in fields(then))
            ),
        ),
        max_size=4,
    )
)
def test_what_is_shown_is_what_a_file_can_say(rules):
    named = [Rule(f"rule {number}", *each) for number, each in enumerate(rules)]
    wanted = replace(built_in(SETTINGS), rules=tuple(named))
    wanted = replace(wanted, version=version_of(wanted))
    shown = document_of(wanted)
    tables = [
        "[[rules]]\n" + "\n".join(f"{key} = {toml(value)}" for key, value in rule.items())
        for rule in shown["rules"]
    ]

    assert read("\n".join(["built_in_rules = false", *tables])) == wanted


KEYS = [*keys.FILE, *keys.BOUNDS, *keys.RISK, *keys.RULE, *keys.WHEN, *keys.THEN]
ANYTHING = st.recursive(
    st.just("2030-01-01T00:00:00Z")
    | st.booleans().map(toml)
    | st.floats().map(str)
    | st.integers().map(str)
    | st.integers(0, 2**20_000).map(hex)
    | st.text().map(json.dumps)
    | st.sampled_from(["5m", "50%", "aal2", "sign_in", "low", "NO", "10.0.0.0/8"]).map(toml),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda members: f"[{', '.join(members)}]")
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{key} = {value}" for key, value in pairs.items()) + "}"
        )
    ),
    max_leaves=6,
)
TABLES = st.lists(
    st.tuples(
        st.sampled_from(["[bounds]", "[defaults]", "[risk]", "[[rules]]", "[rules.when]", "#"]),
        st.dictionaries(st.sampled_from(KEYS) | st.text().map(json.dumps), ANYTHING, max_size=3),
    ),
    max_size=4,
)


@given(TABLES)
def test_whatever_stands_at_a_key_each_fault_is_one_line_that_can_be_printed(tables):
    text = "\n".join(
        "\n".join([header, *(f"{key} = {value}" for key, value in pairs.items())])
        for header, pairs in tables
    )
    try:
        told = policy_of(text, SETTINGS).version
    except SetupFault as refused:
        told = refused.detail
    assert all(line and line.isprintable() for line in told.split("\n"))


SCRAPS = [*"[]={}.'", '"""', "\n", "1", "name", "rules", "bounds", "risk", "when", "then", "idle"]


@given(st.text() | st.lists(st.sampled_from(SCRAPS)).map(" ".join))
def test_whatever_a_file_says_it_is_read_or_refused(text):
    try:
        assert policy_of(text, SETTINGS).version
    except SetupFault as refused:
        told = refused.detail
    else:
        told = "nothing"
    assert told
