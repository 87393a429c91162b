"""A body says one thing clearly, or nothing is taken back and all its faults are told."""

import json
from datetime import timedelta
from string import printable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.admin import body
from idp.admin.selection import OrderRefused, order_of
from idp.protocol.errors import InvalidRequest
from tests.admin.world import REASON
from tests.app import NOON
from tests.protocol.parties import token_error
from tests.support.spec import spec

NAMES = ("token", "grant_id", "sid", "client_id", "user", "issued_before", "offline", "reason")
EARLIER = "2030-01-01T11:00:00Z"
GOOD = {
    "token": "idp_rt_x",
    "grant_id": "g",
    "sid": "s",
    "client_id": "c",
    "user": "ada",
    "issued_before": EARLIER,
    "offline": True,
}
COMBINATIONS = {
    frozenset(each)
    for each in (
        {"token"},
        {"grant_id"},
        {"sid"},
        {"sid", "offline"},
        {"client_id"},
        {"user"},
        {"client_id", "user"},
        {"issued_before"},
        {"issued_before", "client_id"},
        {"issued_before", "user"},
        {"issued_before", "client_id", "user"},
    )
}


def faults(said: object) -> list[str]:
    try:
        order_of(said, NOON)
    except OrderRefused as refused:
        return refused.faults
    return []


@given(st.sets(st.sampled_from(tuple(GOOD))))
def test_these_are_all_the_ways_to_say_what(names):
    said = {name: GOOD[name] for name in names} | {"reason": REASON}

    assert (not faults(said)) is (frozenset(names) in COMBINATIONS)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=300) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), ANYTHING, max_size=4))
def test_whatever_else_is_said_is_refused_with_words_of_ours(said):
    for fault in faults(said):
        assert set(fault) <= set(printable)
        assert not any(len(text) > 12 and text in fault for text in map(str, said.values()))


@given(st.text(alphabet="0123456789TZtz:+-. ", max_size=40) | st.datetimes().map(str))
def test_an_instant_is_one_of_rfc_3339_with_its_zone(text):
    if not faults({"issued_before": text, "reason": REASON}):
        assert text.upper().endswith("Z") or text[-6] in "+-"
        assert "T" in text.upper()


@pytest.mark.parametrize(
    "text",
    [
        "2030-01-01",
        "2030-01-01T11:00:00",
        "2030-01-01 11:00:00Z",
        "20300101T110000Z",
        "2030-01-01T11:00Z",
        "2030-02-30T11:00:00Z",
        "2030-01-01T11:00:00+0100",
        "0001-01-01T00:00:00+14:00",
        "٢030-01-01T11:00:00Z",
        1893495600,
    ],
)
@spec("RFC 3339 §5.6")
def test_what_is_no_instant_is_refused(text):
    (fault,) = faults({"issued_before": text, "reason": REASON})
    assert fault.startswith("issued_before")


def test_an_instant_to_come_is_refused_but_for_clocks_that_differ():
    soon, later = (NOON + timedelta(seconds=s) for s in (50, 70))

    assert order_of({"issued_before": soon.isoformat(), "reason": "x"}, NOON).what == (
        order_of({"issued_before": NOON.isoformat(), "reason": "x"}, NOON).what
    )
    assert faults({"issued_before": later.isoformat(), "reason": "x"}) == [
        "issued_before: not in the future"
    ]


@pytest.mark.parametrize("reason", ["", "   ", "a\nb", "a\0b", "\u202e", "x" * 201, 7, None])
def test_a_reason_is_words(reason):
    assert len(faults({"sid": "s", "reason": reason})) == 1


def test_every_fault_is_told_at_once(admin):
    response = admin.post({"token": "é", "sid": 7, "offline": "yes", "who": "me"})

    assert response.status_code == 400
    told = response.get_json()
    assert set(told) == {"error", "error_description", "faults"}
    assert told["error"] == "invalid_request"
    assert [fault.partition(":")[0] for fault in told["faults"]] == [
        f"there are members that are none of {', '.join(sorted(NAMES))}",
        "say what",
        "sid",
        "token",
        "offline",
        "reason",
    ]


@pytest.mark.parametrize("raw", [
    b"", b"null", b"[]", b'"x"', b"{", b'{"sid": "s", "sid": "s", "reason": "x"}', b"\xff\xfe",
    b'{"sid": NaN}', b"[" * 60_000, b'{"a":' * 10_000, b'{"sid": 1' + b"0" * 5000 + b"}",
])  # fmt: skip
@spec("RFC 8259 §4")
def test_what_is_no_object_with_each_member_once_is_refused(raw):
    with pytest.raises(InvalidRequest):
        body.read(raw, "application/json")


def test_only_json_is_read(admin):
    raw = json.dumps({"sid": "s", "reason": "x"}).encode()
    with pytest.raises(InvalidRequest):
        body.read(raw, "application/x-www-form-urlencoded")
    assert token_error(admin.post([])) == (400, "invalid_request")


@pytest.mark.parametrize("selector", [{"client_id": "nobody"}, {"user": "nobody"}])
def test_a_client_or_user_that_nobody_knows_is_said_to_be_unknown(provider, admin, selector):
    response = admin.post({"reason": REASON} | selector)
    assert token_error(response) == (404, "not_found")
    # No other token would find it.
    assert "WWW-Authenticate" not in response.headers
    assert "tokens.revoked" not in provider.event_names()
