"""Sign-ins under a policy of the test's own, and what is kept of them."""

from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.store import users
from idp.store.schema import decisions, sessions
from tests.app import Provider, RelyingParty

SESSION = "__Host-idp_session"
HOST = "id.example.test"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
# Nothing is built in: what the test says is all there is.
BARE = "built_in_rules = false\n"


def rules(*said: str, defaults: str = "") -> str:
    """A policy of these rules alone, each as `when; then`."""
    text = BARE + (f"[defaults]\n{defaults}\n" if defaults else "")
    for number, rule in enumerate(said):
        when, _, then = rule.partition(";")
        text += f'[[rules]]\nname = "rule{number}"\nwhen = {{ {when} }}\nthen = {{ {then} }}\n'
    return text


def close_window(rp: RelyingParty) -> None:
    """Lose the session's cookie; the device's stays."""
    rp.browser.delete_cookie(SESSION, domain=HOST)


def decided(provider: Provider) -> list[Any]:
    """What was decided, the oldest first."""
    with provider.context() as ctx:
        return list(ctx.db.read(select(decisions).order_by(decisions.c.at, decisions.c.id)))


def all_sessions(provider: Provider) -> list[Any]:
    """The sessions, the oldest first."""
    with provider.context() as ctx:
        return list(ctx.db.read(select(sessions).order_by(sessions.c.opened_at, sessions.c.sid)))


def in_another_browser(rp: RelyingParty) -> RelyingParty:
    """The same application in another browser."""
    return RelyingParty(rp.provider, rp.registered, rp.provider.browser())


def signs_in(rp: RelyingParty, **asked: str) -> TestResponse:
    """Give the password; return what comes then."""
    return rp.log_in(rp.authorize(**asked))


def put_in_group(provider: Provider, group: str, username: str = "ada") -> None:
    """Let a user be in this group from now on."""
    with provider.context() as ctx:
        user = users.find_by_username(ctx.db, username)
        assert user is not None
        users.change(ctx.db, user.id, ctx.now, groups=[group])


def is_alive(rp: RelyingParty) -> bool:
    """Tell whether this browser is signed in."""
    return "code" in rp.answer(rp.authorize(prompt="none"))
