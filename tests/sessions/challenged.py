"""Stopping a session, as its judgement does."""

from dataclasses import replace

from idp.kernel.secrets import digest
from idp.sessions import judged
from idp.store import sessions
from tests.app import Provider, RelyingParty
from tests.protocol.parties import SECRET_COOKIE

RULE = "network_and_browser_changed"


def challenge(provider: Provider, secret: str, rule: str = RULE) -> bool:
    """Stop the session that has this secret until it is proved anew."""
    with provider.context() as ctx:
        standing = sessions.find_standing(ctx.db, digest(secret), ctx.now, "")
        assert standing is not None
        read, secret_hash = standing.session, standing.secret_hash
        return judged.challenge(ctx, read, secret_hash, replace(read, challenge=rule))


def secret_of(rp: RelyingParty) -> str:
    """The session cookie of a browser."""
    cookie = rp.browser.get_cookie(SECRET_COOKIE, domain="id.example.test")
    assert cookie is not None
    return str(cookie.value)


def challenge_browser(provider: Provider, rp: RelyingParty, rule: str = RULE) -> str:
    """Stop the session of a browser; return its secret."""
    secret = secret_of(rp)
    assert challenge(provider, secret, rule)
    return secret
