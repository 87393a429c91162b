"""Two client applications in one: what a developer writes with Authlib's Flask client.

The second stands under /second, to show that a person signs in once for both.
"""

import secrets
from collections.abc import Sequence
from typing import Any

import flask
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth

from idp.demo.application import Application
from idp.demo.logout_token import Keys, Reader
from idp.demo.memory import Memory

SCOPE = "openid profile email address phone"
COOKIE = "idp_demo_client"


def create_client(issuer: str, registrations: Sequence[dict[str, str]]) -> flask.Flask:
    """Return both applications."""
    app = flask.Flask("idp.demo")
    # A new key at each start: the memory is empty then, too.
    app.config.update(
        SECRET_KEY=secrets.token_bytes(32),
        SESSION_COOKIE_NAME=COOKIE,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
    )
    app.jinja_env.globals |= {"issuer": issuer, "applications": registrations}
    oauth, memory = OAuth(app), Memory()
    for number, registration in enumerate(registrations):
        client = oauth.register(
            name=registration["client_id"],
            client_id=registration["client_id"],
            client_secret=registration["client_secret"],
            server_metadata_url=f"{issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
        )
        reader = Reader(issuer, registration["client_id"], _keys_of(client))
        application = Application(
            f"application_{number}", registration, client, memory, issuer, reader
        )
        app.register_blueprint(_pages(application))

    @app.after_request
    def _headers(response: flask.Response) -> flask.Response:
        response.headers.setdefault(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
            f"frame-ancestors 'none'; form-action 'self' {issuer}",
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    return app


def _pages(application: Application) -> flask.Blueprint:
    """Return the addresses of one application."""
    prefix = application.registration["path"] or None
    pages = flask.Blueprint(application.place, __name__, url_prefix=prefix)
    pages.add_url_rule("/", "home", application.home)
    pages.add_url_rule("/sign-in", "sign_in", application.sign_in)
    pages.add_url_rule("/silent", "silent", application.silent)
    pages.add_url_rule("/again", "again", application.again)
    pages.add_url_rule("/passkey", "with_passkey", application.with_passkey)
    pages.add_url_rule("/refresh", "refresh", application.refresh, methods=["POST"])
    pages.add_url_rule("/callback", "callback", application.callback)
    pages.add_url_rule("/sign-out", "sign_out", application.sign_out, methods=["POST"])
    pages.add_url_rule("/signed-out", "signed_out", application.signed_out)
    pages.add_url_rule("/backchannel-logout", "told", application.told, methods=["POST"])
    pages.add_url_rule("/frontchannel-logout", "told_in_frame", application.told_in_frame)
    return pages


def _keys_of(client: FlaskOAuth2App) -> Keys:
    """Return what reads the provider's keys, from its copy or anew."""

    def keys(anew: bool) -> dict[str, Any]:  # noqa: FBT001 - as Authlib asks
        return dict(client.fetch_jwk_set(force=anew))

    return keys
