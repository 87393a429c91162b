"""A judgement can be read rule by rule."""

from datetime import timedelta

from idp.policy.book import Bounds, Limits, Policy, Rule, Share, Then, When
from idp.policy.explained import Applies, Unmet, explained
from idp.policy.facts import Facts
from idp.policy.terms import DeviceStanding, Moment, Outcome, RiskLevel

HOUR = timedelta(hours=1)
LIMITS = Limits(idle=HOUR, absolute=24 * HOUR, reauthentication=HOUR, trusted_device=HOUR)
POLICY = Policy(
    version="v1",
    defaults=LIMITS,
    bounds=Bounds(absolute=12 * HOUR),
    rules=(
        Rule(
            "risky",
            When(risks=frozenset({RiskLevel.HIGH})),
            Then(outcome=Outcome.ASK_FACTOR, idle=Share(0.25)),
        ),
        Rule("staff", When(groups=frozenset({"staff"})), Then(acr="mfa", idle=HOUR / 2)),
        Rule("late", When(risks=frozenset({RiskLevel.HIGH})), Then(idle=HOUR / 60)),
        Rule(
            "calm",
            When(risks=frozenset({RiskLevel.LOW}), devices=frozenset({DeviceStanding.TRUSTED})),
            Then(absolute=HOUR * 48),
        ),
        Rule("shop", When(clients=frozenset({"shop"})), Then(acr="phr")),
    ),
)


def facts(**known):
    return Facts(**({"moment": Moment.SIGN_IN, "device": DeviceStanding.KNOWN} | known))


def by_name(found):
    return {each.rule.name: each for each in found.readings}


def test_each_rule_says_whether_it_applies_and_what_it_decided():
    found = explained(POLICY, facts(risk=RiskLevel.HIGH, groups=frozenset({"staff"})), shown=True)
    read = by_name(found)

    assert {name: each.applies for name, each in read.items()} == {
        "risky": Applies.YES,
        "staff": Applies.YES,
        "late": Applies.YES,
        "calm": Applies.IF_CALMER,
        "shop": Applies.NO,
    }
    assert read["risky"].decided == ("outcome", "idle")
    assert read["staff"].decided == ("acr",)
    # The first rule that speaks of a setting is heard.
    assert (read["late"].says, read["late"].decided) == ({"idle": HOUR / 60}, ())
    assert found.by_bounds == ("absolute",)
    assert "trusted_device" in found.by_defaults


def test_a_rule_that_does_not_apply_says_what_it_wants_and_what_is_so():
    read = by_name(explained(POLICY, facts(device=DeviceStanding.NEW), shown=True))

    assert read["shop"].unmet == (Unmet(name="clients", wanted=frozenset({"shop"}), found=None),)
    assert [(each.name, each.found) for each in read["risky"].unmet] == [("risks", RiskLevel.LOW)]
    assert [each.name for each in read["calm"].unmet] == ["devices"]
    assert read["staff"].applies is Applies.NO


def test_what_no_rule_speaks_of_is_the_defaults():
    found = explained(Policy(version="v", defaults=LIMITS), facts(), shown=False)

    assert found.readings == ()
    assert found.by_bounds == ()
    assert {"outcome", "idle", "absolute", "sessions"} <= set(found.by_defaults)


def test_who_has_no_second_step_to_show_is_in_by_the_rule_that_asked():
    asking = Rule("asks", When(), Then(outcome=Outcome.ASK_FACTOR))
    policy = Policy(version="v", defaults=LIMITS, rules=(asking,))

    unable, able = (explained(policy, facts(), shown=shown) for shown in (False, True))

    assert (unable.judgement.outcome, unable.judgement.rule) == (Outcome.SHORTEN, "asks")
    assert by_name(unable)["asks"].decided == ("outcome", "idle", "absolute")
    assert (able.judgement.outcome, able.judgement.rule) == (Outcome.ASK_FACTOR, "asks")
    assert by_name(able)["asks"].decided == ("outcome",)
