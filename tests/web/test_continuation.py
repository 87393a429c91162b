"""How a step hands over: everything comes back, but only by the right hop."""

from urllib.parse import parse_qs, urlsplit

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.web import continuation
from idp.web.continuation import Handover
from idp.web.pages import ClientCard
from idp.web.parameters import Parameters
from tests.bad_input.strategies import examples

texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)
cards = st.builds(ClientCard, name=texts, host=st.none() | texts, logo_url=st.none() | texts)
handovers = st.builds(
    Handover,
    to=texts,
    carry=st.dictionaries(texts, texts, max_size=3),
    client=st.none() | cards,
    target=st.none() | texts,
    reason=st.none() | texts,
    identifier=st.just("") | texts,
    user_id=st.none() | texts,
    attempt=st.none() | texts,
    locale=st.none() | texts,
)


def handed(url: str) -> Parameters:
    query = parse_qs(urlsplit(url).query)
    return Parameters({name: values[0] for name, values in query.items()})


@given(handover=handovers)
@examples(80)
def test_what_is_handed_over_is_received_by_the_hop_it_is_for(inside, handover):
    with inside():
        url = continuation.url("/login", "login", handover)
        assert url.startswith("/login?ticket=")
        assert continuation.receive("login", handed(url)) == handover
        assert flask.g.ui_locale == handover.locale
        for other in ("continue", "consent", "logout", ""):
            assert continuation.receive(other, handed(url)) is None


@given(sent=st.dictionaries(st.sampled_from(("ticket", "to", "carry")), st.text(), max_size=3))
@examples(60)
def test_nothing_is_received_that_we_did_not_hand_over(inside, sent):
    with inside():
        assert continuation.receive("login", Parameters(sent)) is None


def test_a_handover_grows_old(inside, house):
    with inside():
        old = handed(continuation.url("/login", "login", Handover(to="/account")))
    house.clock.forward(hours=1)
    with inside():
        assert continuation.receive("login", old) is None
    house.clock.forward(hours=-1)


def test_carrying_more_leaves_the_original_as_it_was():
    first = Handover(to="/x", carry={"request": "r"})
    second = first.with_(login="sid")
    assert first.carry == {"request": "r"}
    assert second.carry == {"request": "r", "login": "sid"}
    assert second.with_(login="other").carry["login"] == "other"


@pytest.mark.parametrize("given_", [{}, {"reason": "step_lost"}, {"attempt": "a"}])
def test_a_frame_forgets_whom_it_was_about_and_keeps_who_asks(given_):
    whole = Handover(
        to="/x",
        carry={"request": "r"},
        client=ClientCard(name="App"),
        target="https://app.example.test",
        reason="proof_is_old",
        identifier="ada",
        user_id="u",
        attempt="old",
        locale="en",
    )
    frame = whole.frame(**given_)
    assert (frame.identifier, frame.user_id) == ("", None)
    assert (frame.reason, frame.attempt) == (given_.get("reason"), given_.get("attempt"))
    kept = ("to", "carry", "client", "target", "locale")
    assert all(getattr(frame, name) == getattr(whole, name) for name in kept)


def test_the_way_back_leads_to_the_room_that_handed_over(inside):
    with inside():
        url = continuation.back(Handover(to="/authorize/continue"))
        assert url.startswith("/authorize/continue?ticket=")
        assert continuation.receive("continue", handed(url)) is not None
