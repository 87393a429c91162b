"""Features, habits and signals as hypothesis makes them."""

from dataclasses import fields, replace

from hypothesis import strategies as st

from idp.policy.risk import Count, Features, Signals, Usual
from idp.policy.risk.features import CREDENTIAL, LEVELS
from idp.policy.terms import DeviceStanding

AMOUNTS = st.sampled_from((0.0, 0.25, 1.0, 2.0, 5.0, 12.0, 64.0))
MANY = st.sampled_from((0.0, 1.0, 30.0, 1000.0, 1e6))
NAMES = tuple(level.name for level in LEVELS)


@st.composite
def counts(draw):
    own, common = draw(AMOUNTS), draw(MANY)
    return Count(
        own=own,
        own_all=own + draw(AMOUNTS),
        common=common,
        common_all=common + draw(MANY),
        kinds=draw(st.integers(0, 500)),
    )


@st.composite
def features(draw):
    known = {name: draw(st.sampled_from(("", "a value"))) for name in NAMES}
    return Features(**known, known_device=draw(st.booleans()))


@st.composite
def habits(draw):
    """What is usual, with as much of the user's at a finer level as at most at the coarser one."""
    return Usual(
        learned=draw(AMOUNTS), counts={name: draw(counts()) for name in (*NAMES, CREDENTIAL)}
    )


SIGNALS = st.builds(
    Signals,
    device=st.sampled_from(DeviceStanding),
    device_confirmed=st.booleans(),
    device_unopposed=st.booleans(),
    device_differs=st.booleans(),
    impossible_travel=st.booleans(),
    account_failures=st.integers(0, 200),
    network_failures=st.integers(0, 2000),
    hosting=st.booleans(),
    tor=st.booleans(),
    acr=st.sampled_from(("sfa", "mfa", "phr", "phrh")),
)
FLAGS = ("device_differs", "impossible_travel", "hosting", "tor")
COUNTED = ("account_failures", "network_failures")


def with_count(usual: Usual, level: str, **changed: float) -> Usual:
    """Return the same habits but for one count."""
    count = replace(usual.of(level), **changed)
    return replace(usual, counts={**usual.counts, level: count})


def is_known(each: Features, level: str) -> bool:
    return level == CREDENTIAL or bool(getattr(each, level))


assert {each.name for each in fields(Signals)} == {
    *FLAGS,
    *COUNTED,
    "device",
    "device_confirmed",
    "device_unopposed",
    "acr",
}
