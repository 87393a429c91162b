"""What happened, in words: newest first, page by page, each with its reason."""

import ast
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest

import idp.audit
from idp.account.activity import lines_of
from idp.account.activity_pages import LINES
from idp.account.activity_words import ROUTINE, in_words, reason_in_words
from idp.audit import record
from idp.audit.events import Event, PasswordSet, SessionEnded
from idp.protocol.revocation import REASON as GIVEN_BACK
from idp.store import audit_events
from idp.store.audit_events import Recorded
from idp.web.end_words import end_in_words
from tests.account.decided import a_session
from tests.account.people import act, another_browser, visit
from tests.app import text_of
from tests.protocol.refreshing import confidential, refreshed

__all__ = ["confidential"]

ACTIVITY = "/account/activity"


def names_about_users():
    """Every event of the catalogue that can stand in somebody's history."""
    for module in pkgutil.iter_modules(idp.audit.__path__):
        import_module(f"idp.audit.{module.name}")
    found, waiting = set(), [Event]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if isinstance(vars(kind).get("name"), str) and "user_id" in kind.__dataclass_fields__:
            found.add(vars(kind)["name"])
    return sorted(found - ROUTINE)


def lines(page):
    html = page.get_data(as_text=True)
    return [
        re.sub(r"<[^>]+>", "", text).strip()
        for text in re.findall(r'class="event-text">(.*?)<span class="event-from"', html)
    ]


def test_every_event_that_concerns_a_user_has_words(provider):
    for name in names_about_users():
        with provider.app.test_request_context():
            text = in_words(name, {"channel": "mail", "factor": "totp"}, "Example App").text

        assert name not in text, name
        assert not text[0].islower(), name
        assert text.endswith("."), name


# Why browsers are distrusted, which ends nothing.
OF_BROWSERS = {"factor_removed", "maybe_copied"}


def reasons_given():
    """Every reason with which our own code ends something, written out or by its name."""
    root = Path(idp.__path__[0])
    for path in root.rglob("*.py"):
        inside = ".".join(path.relative_to(root.parent).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "because":
                yield from filter(lambda said: isinstance(said, str), _said(node.value, inside))


def _said(given, module):
    for each in ast.walk(given):
        if isinstance(each, ast.Constant):
            yield each.value
        elif isinstance(each, ast.Name) and each.id.isupper():
            yield getattr(import_module(module), each.id)


def test_every_reason_that_we_give_has_words_for_its_user_and_for_operators(provider):
    reasons = {*reasons_given(), GIVEN_BACK} - {"policy:"}
    assert {"factors_reset", "user_deleted", "session_limit"} <= reasons
    with provider.app.test_request_context():
        assert [each for each in sorted(reasons) if reason_in_words(each) == each] == []
    ends = reasons - OF_BROWSERS
    assert [each for each in sorted(ends) if end_in_words(each) == each] == []


@pytest.mark.parametrize(
    ("name", "actor", "who"),
    [
        ("recovery.requested", "worker", "Somebody at a sign-in page"),
        ("recovery.requested", "user", "Somebody at a sign-in page"),
        ("recovery.requested", "cli:root", "The people who run this service"),
        ("login.failed", "user", "Somebody at a sign-in page"),
        ("password.set", "worker", "This service, by itself"),
        ("password.set", "user", "You"),
    ],
)
def test_each_line_says_who_did_it(provider, name, actor, who):
    with provider.context() as ctx, provider.app.test_request_context():
        here = a_session(ctx)
        event = Recorded(
            id=1,
            at=ctx.now,
            name=name,
            actor=actor,
            address=None,
            user_agent=None,
            reference="ABCDEFGH",
            sid=None,
            client_id=None,
            data={},
        )
        ((line,),) = [day["lines"] for day in lines_of(ctx, [event], [], here)]

    assert line["who"] == who


def test_an_event_without_words_is_named(provider):
    with provider.app.test_request_context():
        assert in_words("moon.landed", {}, None).text == "Something else happened: moon.landed"
        assert reason_in_words("what an operator wrote") == "what an operator wrote"
        assert reason_in_words(None) == ""


def test_a_life_is_told_newest_first_with_who_and_from_where(rp):
    stranger = another_browser(rp)
    stranger.log_in(visit(stranger), password="not the right one")
    rp.sign_in(scope="openid email")
    act(rp, "/account/connections/revoke", client_id=rp.client_id)

    page = visit(rp, ACTIVITY)

    told = lines(page)
    assert told[0] == "You disconnected Example App."
    assert told.index("You signed in to Example App.") < told.index("You signed in.")
    assert told.index("You signed in.") < told.index("A wrong password was entered.")
    assert told[-1] == "A password was set."
    text = text_of(page)
    assert "You · Unknown browser · this session · 127.0.0.1" in text
    assert "Somebody at a sign-in page · 127.0.0.1" in text
    assert "The people who run this service" in text
    assert "Reason You disconnected the application." in text


def test_each_line_opens_to_what_an_expert_asks_for(rp):
    rp.sign_in()
    events = {event.name: event for event in rp.provider.audit()}
    opened = events["session.opened"]

    text = text_of(visit(rp, ACTIVITY))

    assert f"Session {opened.sid[:8]} " in text
    assert opened.sid not in text
    assert "Proved with Password Level sfa" in text
    assert f"Event session.opened Reference {opened.reference}" in text


def test_a_new_proof_claims_no_limits_that_its_session_does_not_have(rp):
    rp.sign_in()
    assert "in any case" in text_of(visit(rp, ACTIVITY))
    limits = text_of(visit(rp, ACTIVITY)).count("in any case")
    rp.provider.clock.forward(minutes=5)

    rp.log_in(rp.authorize(prompt="login"))

    page = text_of(visit(rp, ACTIVITY))
    assert "You confirmed that it is you." in page
    assert page.count("in any case") == limits


def test_an_operators_reason_stands_as_it_was_written(rp, ada):
    rp.sign_in()
    with rp.provider.context() as ctx:
        record(ctx, SessionEnded(user_id=ada.id, sid="another", reason="<i>asked</i> by phone"))

    page = visit(rp, ACTIVITY)

    assert "<i>asked</i> by phone" in text_of(page)
    assert b"<i>asked" not in page.data


def test_it_is_read_page_by_page(rp, ada):
    rp.sign_in()
    with rp.provider.context() as ctx:
        for _ in range(2 * LINES):
            record(ctx, PasswordSet(user_id=ada.id))
        everything = [each.id for each in audit_events.list_of_user(ctx.db, ada.id, 1000)]

    seen, path = 0, ACTIVITY
    while path:
        page = rp.get(path)
        seen += len(lines(page))
        older = re.search(r'id="older" href="([^"]+)"', page.get_data(as_text=True))
        path = older[1] if older else None

    assert seen == len(everything)
    assert b'id="newest"' in page.data


def test_applications_that_refresh_bury_nothing(confidential):
    token = confidential.sign_in()["refresh_token"]
    for _ in range(LINES + 1):
        token = refreshed(confidential, token)["refresh_token"]

    page = visit(confidential, ACTIVITY)

    assert "You signed in." in lines(page)
    assert "refresh_token" not in text_of(page)


@pytest.mark.parametrize("before", ["", "x", "-1", "0", "9" * 30, "٣", "1&before=2"])
def test_a_page_that_is_none_shows_something_sensible(rp, before):
    rp.sign_in()

    page = rp.get(f"{ACTIVITY}?before={before}")

    assert page.status_code == 200
    assert lines(page) or "Nothing happened before that" in text_of(page)


def test_nobody_reads_the_history_of_another(rp):
    rp.sign_in()
    grace = rp.provider.add_user("grace")
    hers = another_browser(rp)
    hers.log_in(hers.authorize(), "grace")

    assert "You signed in to Example App." not in lines(visit(hers, ACTIVITY))
    with rp.provider.context() as ctx:
        assert audit_events.list_of_user(ctx.db, grace.id, 100)
