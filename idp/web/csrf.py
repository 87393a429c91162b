"""Forms come from our own pages: a token bound to the browser's cookie, and the origin asked.

The cookie is made with the first page that has a form, long before anyone is signed in, so that
a foreign page cannot sign a browser in either (login CSRF, RFC 6265bis §8.8).
"""

import flask

from idp.kernel.encoding import b64url
from idp.kernel.errors import IdpError
from idp.kernel.secrets import MasterKey, digest, new_secret, same
from idp.web import cookies
from idp.web.context import request_context
from idp.web.parameters import Parameters


class ForeignForm(IdpError):
    """The form did not come from our page in this browser."""

    public = "This form is no longer valid."
    status = 403


def browser_secret() -> str | None:
    """Return the secret of this browser; None when it has no cookie of ours yet."""
    ctx = request_context()
    made: str | None = flask.g.get("browser_secret")
    return made or cookies.read(ctx.settings, cookies.BROWSER) or None


def browser_hash() -> bytes:
    """Return what is stored of this browser's secret."""
    return digest(browser_secret() or "")


def token() -> str:
    """Return the token for forms on this page, giving the browser its cookie when it has none."""
    secret = browser_secret()
    if secret is None:
        secret = flask.g.browser_secret = new_secret("idp_br_")
    return _token(secret)


def _token(secret: str) -> str:
    master = request_context().house.get(MasterKey)
    return b64url(master.mac("csrf", secret.encode("utf-8", "replace")))


def keep_browser_cookie(response: flask.Response) -> None:
    """Set the cookie on the response that made it."""
    made = flask.g.get("browser_secret")
    if made:
        cookies.write(response, request_context().settings, cookies.BROWSER, made)


def check(form: Parameters) -> None:
    """Let the request go on only when its form is ours.

    Raises:
        ForeignForm: no or wrong token, or the browser names another origin.
    """
    ctx = request_context()
    origin = flask.request.headers.get("Origin")
    if origin not in (None, ctx.settings.issuer):
        raise ForeignForm("foreign origin")
    if flask.request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise ForeignForm("cross-site form")
    secret, sent = browser_secret(), form.get("csrf_token")
    if secret is None or sent is None or not same(sent, _token(secret)):
        raise ForeignForm("no or wrong form token")
