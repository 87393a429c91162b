"""Weak spots of sign-in and sessions: each check by itself, over figures that are given."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from idp.admin.assessment.figures import Figures, figures
from idp.admin.assessment.service import weaknesses
from idp.admin.assessment.weakness import Severity
from idp.admin.insight import Alarms
from idp.policy.book import Bounds, Limits, Policy, Rule, Then, When
from idp.policy.built_in import built_in
from idp.policy.presets import AAL2
from idp.policy.terms import Change, Outcome, RiskLevel
from idp.protocol.clients.metadata import Client, ClientMetadata
from idp.settings import Settings
from idp.store.insight.lives import Crowd, TooLong
from idp.store.insight.people import SharedBrowser, Strength
from tests.support.spec import spec

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIMITS = Limits(idle=HOUR, absolute=12 * HOUR, reauthentication=HOUR, trusted_device=DAY)
KIOSK = SharedBrowser(device_id="kiosk", user_id="ada", users=9, trusted=0)
FILES = {"geo_asn_file": Path("asn.mmdb"), "geo_country_file": Path("country.mmdb")}


def settings(**chosen):
    return Settings(issuer="https://id.example.test", **(FILES | chosen))


def policy(**parts):
    given = built_in(settings())
    known = {"version": "v1", "defaults": LIMITS, "rules": given.rules, "bounds": AAL2}
    return Policy(**(known | parts))


def some(**given) -> Figures:
    """A house about which nothing is to be said, but for what is given."""
    known = {
        "now": NOON,
        "since": NOON - 30 * DAY,
        "settings": settings(),
        "policy": policy(),
        "too_long": TooLong(live=10, idle=0, absolute=0),
        "prompts_per_week": {0: 100},
        "alarms": Alarms(me=5, not_me=0),
        "strengths": (Strength(groups=(), users=10, weak=0, text=0, mail=0),),
    }
    return Figures(**(known | given))


def client(**metadata):
    told = {"client_name": "Shop", "redirect_uris": ("https://shop.example.test/cb",)}
    made = ClientMetadata(**(told | metadata))
    return Client(client_id="id", secret_hash=None, version=1, metadata=made)


def found(**given):
    return [(each.name, each.severity.value, each.count) for each in weaknesses(some(**given))]


def test_nothing_is_said_of_a_house_in_order():
    assert weaknesses(some()) == []


WEAK = Strength(groups=("staff",), users=4, weak=3, text=2, mail=1)
STRONG = Strength(groups=("admins",), users=4, weak=0, text=0, mail=0)
GENEROUS = (Rule("a month", When(), Then(absolute=31 * DAY)),)


@pytest.mark.parametrize(
    ("given", "command"),
    [
        ({"shared": (KIOSK,)}, "`idp device list ada`"),
        ({"crowd": Crowd(users=2, user_id="ada")}, "`idp session list --user ada`"),
    ],
)
def test_a_command_that_takes_a_user_names_one_who_is_concerned(given, command):
    (weakness,) = weaknesses(some(**given))

    assert command in weakness.advice


@spec("ASVS 5.0 §7.3.1", "ASVS 5.0 §7.3.2")
@pytest.mark.parametrize(
    ("given", "weakness"),
    [
        ({"policy": policy(bounds=Bounds(preset="own"), defaults=LIMITS)}, None),
        (
            {"too_long": TooLong(live=10, idle=4, absolute=0)},
            ("idle_too_long", "medium", 4),
        ),
        (
            {"too_long": TooLong(live=10, idle=0, absolute=2)},
            ("no_absolute_limit", "medium", 2),
        ),
        (
            {
                "policy": policy(
                    bounds=Bounds(preset="own"), rules=(*built_in(settings()).rules, *GENEROUS)
                )
            },
            ("no_absolute_limit", "high", 0),
        ),
        ({"policy": policy(bounds=Bounds())}, ("no_bounds", "low", 1)),
        ({"crowd": Crowd(users=2, user_id="ada")}, ("crowded", "low", 2)),
        ({"strengths": (WEAK, STRONG)}, ("no_second_factor", "medium", 3)),
        ({"strengths": (WEAK,)}, ("no_second_factor", "high", 3)),
        (
            {"strengths": (WEAK,), "settings": settings(second_factor="required")},
            ("no_second_factor", "low", 3),
        ),
        ({"trusted_unused": 7}, ("trusted_unused", "low", 7)),
        ({"high_let_in": 1}, ("high_let_in", "high", 1)),
        ({"prompts_per_week": {0: 90, 4: 10}}, ("too_many_prompts", "medium", 10)),
        ({"prompts_per_week": {0: 97, 9: 3}}, None),
        ({"prompts_per_week": {}}, None),
        ({"alarms": Alarms(me=5, not_me=2)}, ("said_not_me", "high", 2)),
        ({"unended": 3}, ("unended", "high", 3)),
        ({"clients": (client(),)}, ("clients_not_told", "medium", 1)),
        ({"clients": (client(redirect_uris=()),)}, None),
        (
            {"clients": (client(backchannel_logout_uri="https://shop.example.test/out"),)},
            None,
        ),
        ({"settings": settings(geo_asn_file=None)}, ("networks_unknown", "low", 1)),
        ({"shared": (KIOSK,)}, ("shared_browsers", "low", 1)),
        ({"shared": (replace(KIOSK, trusted=1),)}, ("shared_browsers", "high", 1)),
    ],
)
def test_each_weak_spot_is_found_with_its_figure(given, weakness):
    assert found(**given) == ([weakness] if weakness else [])


def test_a_policy_that_answers_nothing_is_the_worst_of_all():
    names = {name for name, _, _ in found(policy=policy(rules=()))}

    assert names == {"nothing_answers_risk", "nothing_answers_copies"}


def test_codes_by_text_and_mail_count_where_they_are_sent():
    sent = {"text_gateway_url": "https://text.example.test", "text_codes": True}
    mail = {"smtp_url": "smtp://localhost", "mail_from": "id@example.test", "mail_codes": True}
    names = found(strengths=(WEAK,), settings=settings(**sent, **mail))

    assert ("text_only", "medium", 2) in names
    assert ("mail_only", "medium", 1) in names


def test_the_worst_comes_first_and_each_says_why_and_what_to_do():
    all_of_it = weaknesses(some(trusted_unused=1, high_let_in=1, crowd=Crowd(users=1), unended=1))

    assert [each.severity for each in all_of_it] == [
        Severity.HIGH,
        Severity.HIGH,
        Severity.LOW,
        Severity.LOW,
    ]
    assert all(each.why.endswith(".") and each.advice.endswith(".") for each in all_of_it)


def test_one_of_a_kind_is_told_in_words_that_fit_one():
    one = Strength(groups=(), users=1, weak=1, text=1, mail=1)
    sent = {"text_gateway_url": "https://text.example.test", "text_codes": True}
    mail = {"smtp_url": "smtp://localhost", "mail_from": "id@example.test", "mail_codes": True}
    all_of_it = weaknesses(
        some(
            settings=settings(**sent, **mail),
            policy=policy(bounds=Bounds()),
            too_long=TooLong(live=1, idle=1, absolute=1),
            prompts_per_week={4: 1},
            alarms=Alarms(me=0, not_me=1),
            strengths=(one,),
            shared=(replace(KIOSK, trusted=1),),
            trusted_unused=1,
            high_let_in=1,
            unended=1,
            crowd=Crowd(users=1, user_id="ada"),
            clients=(client(),),
        )
    )

    assert len(all_of_it) == 14
    assert [each.what for each in all_of_it if re.search(r"\b1 (?!of )[a-z]", each.what)] == []


def test_groups_without_second_factors_are_named():
    (weak,) = weaknesses(some(strengths=(WEAK, STRONG)))

    assert "(staff 3)" in weak.what


def test_many_sessions_are_no_weakness_where_the_policy_limits_them():
    limited = Limits(
        idle=HOUR, absolute=12 * HOUR, reauthentication=HOUR, trusted_device=DAY, sessions=5
    )

    assert found(crowd=Crowd(users=2), policy=policy(defaults=limited)) == []


def test_a_rule_of_ones_own_answers_risk_as_well():
    own = Rule("ask", When(risks=frozenset({RiskLevel.HIGH})), Then(outcome=Outcome.ASK_FACTOR))

    assert [name for name, _, _ in found(policy=policy(rules=(own,)))] == ["nothing_answers_copies"]


@pytest.mark.parametrize("spoken_of", [Change.COPIED_COOKIE, Change.STALE_COOKIE])
def test_each_kind_of_copy_takes_an_answer(spoken_of):
    high = Rule("ask", When(risks=frozenset({RiskLevel.HIGH})), Then(outcome=Outcome.ASK_FACTOR))
    one = Rule("one", When(changes=frozenset({spoken_of})), Then(outcome=Outcome.END))
    both = Rule("both", When(changes=frozenset(Change)), Then(outcome=Outcome.END))

    assert [name for name, _, _ in found(policy=policy(rules=(high, one)))] == [
        "nothing_answers_copies"
    ]
    assert found(policy=policy(rules=(high, both))) == []


def test_the_figures_are_those_of_the_house(provider, rp):
    rp.sign_in()
    with provider.context() as ctx:
        read = figures(ctx, ctx.now - DAY)

    assert read.too_long.live == 1
    assert [each.client_id for each in read.clients] == [rp.client_id]
    assert read.strengths[0].weak == 1
