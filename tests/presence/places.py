"""Browsers in places, thieves with their cookies, and policies of their own."""

from dataclasses import replace
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from idp.judgement.policies import Policies
from idp.policy.book import Policy, Rule
from idp.policy.written import version_of
from idp.store import decisions, sessions
from idp.store.decisions import Recorded
from idp.store.schema import outbox
from idp.store.sessions import Session
from tests.app import Provider, RelyingParty
from tests.protocol.parties import session_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
FIREFOX_NEWER = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36"
)
HOME, NEIGHBOUR, AWAY = "203.0.113.7", "203.0.113.99", "198.51.100.20"
DEVICE, TURN = "__Host-idp_device", "__Host-idp_turn"
HOST = "id.example.test"


def move(browser: FlaskClient, address: str = HOME, user_agent: str = FIREFOX) -> FlaskClient:
    """Let a browser's requests come from there."""
    browser.environ_base["REMOTE_ADDR"] = address
    browser.environ_base["HTTP_USER_AGENT"] = user_agent
    return browser


def thief_of(
    provider: Provider,
    rp: RelyingParty,
    address: str = AWAY,
    user_agent: str = CHROME,
    *,
    without: str = "",
) -> RelyingParty:
    """Another browser with this one's cookies."""
    browser = move(provider.browser(), address, user_agent)
    for name in ("__Host-idp_session", DEVICE, TURN, "__Host-idp_browser"):
        cookie = rp.browser.get_cookie(name, domain=HOST)
        if cookie is not None and name != without:
            browser.set_cookie(name, cookie.value, domain=HOST, secure=True)
    return RelyingParty(provider, rp.registered, browser)


def session_in(provider: Provider) -> Session:
    """The session that was opened last."""
    with provider.context() as ctx:
        past = sessions.find(ctx.db, session_of(provider))
    assert past is not None
    return past.session


def how_it_ended(provider: Provider) -> str | None:
    with provider.context() as ctx:
        past = sessions.find(ctx.db, session_of(provider))
    assert past is not None
    return past.end_reason


def decided(provider: Provider) -> list[tuple[str, str]]:
    """What was decided in the session beside its sign-ins: outcome and rule, the newest first."""
    return [(each.outcome, each.rule) for each in recorded(provider) if each.moment != "sign_in"]


def recorded(provider: Provider) -> list[Recorded]:
    with provider.context() as ctx:
        return decisions.list_of_session(ctx.db, session_of(provider))


def letters(provider: Provider) -> int:
    """How many mails wait to be sent."""
    with provider.context() as ctx:
        return len(ctx.db.read(select(outbox.c.id).where(outbox.c.kind == "mail")).all())


def ruled(provider: Provider, *rules: Rule, **changed: Any) -> Policy:
    """Put rules before those that are built in, with other limits where that is said."""
    policies = provider.house.get(Policies)
    before = policies.current(provider.clock.now)
    policy = replace(
        before,
        rules=(*rules, *before.rules),
        defaults=replace(before.defaults, **changed),
    )
    return in_force(provider, replace(policy, version=version_of(policy)))


def in_force(provider: Provider, policy: Policy) -> Policy:
    policies: Any = provider.house.get(Policies)
    policies.current = lambda _now: policy
    return policy
