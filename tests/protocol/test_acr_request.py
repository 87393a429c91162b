"""Which levels a request asks for, out of its words and what its client has registered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.acr import LEVELS, satisfies
from idp.protocol.authorization.acr_request import AcrRequest, read
from idp.protocol.authorization.claims_parameter import ClaimsRequest
from idp.protocol.clients.metadata import ClientMetadata
from idp.protocol.errors import UnmetAuthenticationRequirements
from tests.support.spec import spec

HERE = ("sfa", "mfa", "phr")


def reading(parameter="", *, claim="", essential="", default="", floor=None, here=HERE):
    claims = ClaimsRequest(
        acr_values=tuple((essential or claim).split()), acr_essential=bool(essential)
    )
    client = ClientMetadata(
        client_name="A", default_acr_values=tuple(default.split()), require_acr=floor
    )
    return read(parameter or None, claims, client, here)


def asked(words="", wished="", needed=""):
    return AcrRequest(
        words=tuple(words.split()), wished=tuple(wished.split()), needed=tuple(needed.split())
    )


@spec("OIDC Core §3.1.2.1", "OIDC Core §5.5.1.1", "OIDC Registration §2")
@pytest.mark.parametrize(
    ("request_", "meaning"),
    [
        (reading(), asked()),
        (reading("mfa phr"), asked("mfa phr", "mfa phr")),
        (reading("  mfa  mfa "), asked("mfa", "mfa")),
        (reading("urn:x phr"), asked("urn:x phr", "phr")),
        (reading("urn:x phrh"), asked("urn:x phrh")),
        (reading("sfa", claim="phr"), asked("phr", "phr")),
        (reading("sfa", essential="phr mfa"), asked("phr mfa", "phr mfa", "phr mfa")),
        (reading(essential="phrh mfa"), asked("phrh mfa", "mfa", "mfa")),
        (reading(default="mfa"), asked("mfa", "mfa")),
        (reading("phr", default="mfa"), asked("phr", "phr")),
        (reading(claim="phr", default="mfa"), asked("phr", "phr")),
        (reading(floor="mfa"), asked("", "mfa", "mfa")),
        (reading("sfa", floor="mfa"), asked("sfa", "mfa", "mfa")),
        (reading("sfa phr mfa", floor="mfa"), asked("sfa phr mfa", "phr mfa", "mfa")),
        (reading("phr", floor="mfa"), asked("phr", "phr", "mfa")),
        (reading(default="phr", floor="mfa"), asked("phr", "phr", "mfa")),
        (reading(essential="sfa phr", floor="mfa"), asked("sfa phr", "phr", "phr")),
        (reading(essential="sfa", floor="mfa"), asked("sfa", "mfa", "mfa")),
    ],
)
def test_words_become_levels(request_, meaning):
    assert request_ == meaning


@spec("OIDC Core §5.5.1.1")
@pytest.mark.parametrize(
    "unmet",
    [
        {"essential": "urn:x"},
        {"essential": "phrh"},
        {"essential": "phrh", "floor": "mfa"},
        {"floor": "phrh"},
        {"parameter": "mfa", "floor": "phrh"},
        {"essential": "phr", "here": ("sfa", "mfa")},
    ],
)
def test_what_must_be_met_and_cannot_be_is_refused(unmet):
    with pytest.raises(UnmetAuthenticationRequirements):
        reading(**unmet)


def test_every_level_that_would_do_is_named_once_the_liked_first():
    assert asked(wished="phr", needed="mfa").levels == ("phr", "mfa")
    assert asked(wished="phr mfa", needed="phr mfa").levels == ("phr", "mfa")


WORDS = st.lists(st.sampled_from([*LEVELS, "urn:x"]), max_size=3).map(" ".join)


SAID = st.fixed_dictionaries(
    {
        "parameter": WORDS,
        "claim": WORDS,
        "essential": WORDS,
        "default": WORDS,
        "floor": st.none() | st.sampled_from(LEVELS),
    }
)


@given(said=SAID, held=st.sampled_from(LEVELS))
def test_nobody_passes_below_the_floor_or_what_is_essential(said, held):
    try:
        acr = reading(**said)
    except UnmetAuthenticationRequirements:
        return
    floor, essential = said["floor"], said["essential"]
    if acr.allowed_by(held):
        assert floor is None or satisfies(held, floor)
        assert not essential or any(satisfies(held, level) for level in essential.split())
    if acr.fulfilled_by(held):
        assert acr.allowed_by(held)
    assert set(acr.levels) <= set(HERE)
