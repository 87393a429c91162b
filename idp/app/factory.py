"""The WSGI application."""

import flask
from flask_babel import Babel
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from idp.account.wiring import BLUEPRINTS as ACCOUNT
from idp.admin.wiring import BLUEPRINTS as ADMIN
from idp.admission.wiring import BLUEPRINTS as ADMISSION
from idp.app.composition import command_context, compose
from idp.kernel.errors import IdpError, Unavailable
from idp.login.wiring import BLUEPRINTS as LOGIN
from idp.protocol.discovery.library import JWKS, Publications, fresh_jwks
from idp.protocol.keys.keyring import Keyring
from idp.protocol.wiring import BLUEPRINTS as PROTOCOL
from idp.settings import Settings, load
from idp.web import context, errors
from idp.web.assets import bp as static_bp
from idp.web.brand import brand_of
from idp.web.context import ClockReading
from idp.web.documents import Document, DocumentFront
from idp.web.headers import put_headers
from idp.web.locale import LOCALES, select_locale

MAX_BODY = 64 * 1024


def create_app(settings: Settings | None = None) -> flask.Flask:
    """Return the provider as a WSGI application."""
    settings = settings or load()
    app, house = compose(settings)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY
    app.jinja_env.autoescape = True
    # Werkzeug would answer `//` with a redirect to whatever the Host header says.
    app.url_map.merge_slashes = False
    app.extensions["idp_brand"] = brand_of(settings)
    Babel(app, locale_selector=select_locale)

    for blueprint in (*PROTOCOL, *LOGIN, *ADMISSION, *ACCOUNT, *ADMIN, static_bp):
        app.register_blueprint(blueprint)

    @app.after_request
    def _finish(response: flask.Response) -> flask.Response:
        try:
            context.commit(response)
        except Unavailable as error:
            response = app.make_response(app.handle_user_exception(error))
        put_headers(response, settings)
        return response

    app.teardown_request(context.close)
    app.register_error_handler(IdpError, errors.refused)
    app.register_error_handler(HTTPException, errors.http_error)
    app.register_error_handler(Exception, errors.crash)

    publications = Publications(settings, list(LOCALES))

    ring = house.get(Keyring)

    def library(path: str) -> Document | None:
        if path != JWKS:
            return publications.metadata(path)
        if not ring.stale(house.get(ClockReading).read(), settings.keys_cached_for / 2):
            return publications.jwks(ring)
        with command_context(house, "server") as ctx:
            return fresh_jwks(ctx, publications)

    inner = app.wsgi_app
    if settings.trusted_proxies:
        inner = ProxyFix(inner, x_for=settings.trusted_proxies, x_proto=0, x_host=0)
    app.wsgi_app = DocumentFront(inner, library)  # type: ignore[method-assign, arg-type]
    return app
