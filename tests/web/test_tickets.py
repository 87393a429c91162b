"""Tickets: signed by us, for one purpose, for a while."""

import json
import zlib
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from idp.kernel.encoding import b64url, unb64url
from idp.kernel.secrets import MasterKey
from idp.web import tickets
from tests.app import NOON
from tests.bad_input.strategies import examples

MASTER = MasterKey(b"m" * 32)
UNTIL = NOON + timedelta(minutes=5)
contents = st.dictionaries(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=8).filter(lambda k: k != "exp"),
    st.one_of(st.text(st.characters(exclude_categories=("Cs",)), max_size=20), st.integers()),
    max_size=5,
)


@given(content=contents)
@examples(60)
def test_what_is_issued_is_read_back_by_its_purpose_alone(content):
    ticket = tickets.issue(MASTER, "login", content, UNTIL)
    read = tickets.read(MASTER, "login", ticket, NOON)
    assert read == content | {"exp": int(UNTIL.timestamp())}
    for other in ("continue", "consent", "", "login ", "LOGIN"):
        assert tickets.read(MASTER, other, ticket, NOON) is None
    assert tickets.read(MasterKey(b"n" * 32), "login", ticket, NOON) is None


def test_a_ticket_is_over_at_its_last_second():
    ticket = tickets.issue(MASTER, "login", {}, UNTIL)
    assert tickets.read(MASTER, "login", ticket, UNTIL - timedelta(seconds=1)) is not None
    assert tickets.read(MASTER, "login", ticket, UNTIL) is None


@given(text=st.one_of(st.none(), st.text(max_size=100), st.just("A." * 3000)))
@examples(200)
def test_no_text_is_a_ticket(text):
    assert tickets.read(MASTER, "login", text, NOON) is None


@given(data=st.data())
@examples(150)
def test_a_ticket_with_one_character_changed_is_none(data):
    ticket = tickets.issue(MASTER, "login", {"to": "/account"}, UNTIL)
    at = data.draw(st.integers(0, len(ticket) - 1))
    char = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    changed = ticket[:at] + char + ticket[at + 1 :]
    if changed != ticket:
        assert tickets.read(MASTER, "login", changed, NOON) is None


def test_another_content_under_an_old_signature_is_a_forgery():
    body, _, mac = tickets.issue(MASTER, "login", {"to": "/account"}, UNTIL).partition(".")
    content = json.loads(zlib.decompress(unb64url(body))) | {"to": "https://evil.example"}
    forged = b64url(zlib.compress(json.dumps(content).encode()))
    for sign in (mac, "", mac[:-4], b64url(b"\0" * 16), b64url(b"")):
        assert tickets.read(MASTER, "login", f"{forged}.{sign}", NOON) is None


def test_there_is_one_spelling_of_a_ticket():
    ticket = tickets.issue(MASTER, "login", {}, UNTIL)
    for other in (
        ticket + "=",
        ticket + ".",
        " " + ticket,
        ticket + "\n",
        ticket.replace(".", ".."),
    ):
        assert tickets.read(MASTER, "login", other, NOON) is None
