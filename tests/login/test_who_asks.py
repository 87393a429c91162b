"""Two rules want something of one sign-in: page, record and audit log name the right one."""

import pytest

from tests.app import BUILT_IN, text_of
from tests.login.judged import decided, put_in_group, signs_in
from tests.login.keys import bind, page_id, user_of
from tests.support.authenticator import Authenticator

PAYROLL = """
[[rules]]
name = "payroll"
because = "Payroll asks for a passkey"
when = { groups = ["payroll"] }
then = { acr = "phr" }
"""
ABROAD = """
[[rules]]
name = "abroad"
because = "Nobody works from there"
when = { devices = ["new"] }
then = { outcome = "ask_factor" }
"""
AT_RISK = """
[[rules]]
name = "at risk"
when = { devices = ["new"] }
then = { outcome = "ask_factor" }
[risk]
high = 1.0
elevated = 0.5
"""


@pytest.fixture
def on_the_payroll(party):
    """Somebody at a new browser whose group has to show a passkey, under a policy of the test's."""

    def make(policy):
        rp = party(policy=policy)
        put_in_group(rp.provider, "payroll")
        rp.provider.add_totp(user_of(rp.provider))
        return rp

    return make


def test_who_wants_the_level_is_named_before_what_is_unusual(on_the_payroll):
    rp = on_the_payroll(PAYROLL + BUILT_IN)
    bind(rp.provider, user_of(rp.provider), Authenticator())

    page = signs_in(rp)

    assert page_id(page) == "login-key"
    assert "Payroll asks for a passkey. This browser is new to us." in text_of(page)


def test_who_has_to_set_it_up_reads_for_whom(on_the_payroll):
    page = signs_in(on_the_payroll(PAYROLL + BUILT_IN))

    assert page_id(page) == "enrol-passkey"
    assert "Payroll asks for a passkey." in text_of(page)


def test_of_two_rules_with_words_of_their_own_both_are_heard(on_the_payroll):
    rp = on_the_payroll(PAYROLL + ABROAD + BUILT_IN)
    bind(rp.provider, user_of(rp.provider), Authenticator())

    assert "Payroll asks for a passkey. Nobody works from there." in text_of(signs_in(rp))


def test_a_rule_that_wants_no_level_speaks_for_itself_alone(on_the_payroll):
    rp = on_the_payroll(ABROAD + BUILT_IN)

    said = text_of(signs_in(rp))

    assert "Nobody works from there." in said
    assert "This browser is new to us" not in said


def test_a_refusal_for_want_of_a_level_names_the_rule_that_wants_it(on_the_payroll):
    """At high risk nobody sets up what a level takes; the risk alone would refuse nobody."""
    rp = on_the_payroll(PAYROLL + AT_RISK)

    page = signs_in(rp)

    assert page_id(page) == "login-refused"
    said = text_of(page)
    assert "Payroll asks for a passkey. Much about this sign-in is unlike your others." in said
    assert "This browser is new to us." in said
    (event,) = [each for each in rp.provider.audit() if each.name == "sign_in.refused"]
    (decision,) = decided(rp.provider)
    assert (decision.outcome, decision.rule, event.data["rule"]) == ("refuse", "payroll", "payroll")
