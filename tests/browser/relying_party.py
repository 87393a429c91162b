"""A client application with pages: Authlib's Flask client behind a port of its own."""

import threading
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import flask
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.ports import free_port

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ name }}</title><link rel="icon" href="data:,">
<main id="app"><h1>{{ name }}</h1>
{% if error %}<p>The answer was <code id="error">{{ error }}</code>.</p>{% endif %}
{% if claims %}<dl>{% for claim, value in claims|dictsort %}
<dt>{{ claim }}</dt><dd id="claim-{{ claim }}">{{ value }}</dd>{% endfor %}</dl>
<p><a id="app-sign-out" href="/sign-out">Sign out</a></p>
{% else %}<p id="nobody">Nobody is signed in.</p>
<p><a id="app-sign-in" href="/sign-in">Sign in</a></p>{% endif %}
</main>
"""


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing."""


class App:
    """The application, served inside the `with`. Whatever /sign-in is asked goes to /authorize."""

    def __init__(self, name: str, *, scope: str = "openid profile email") -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.callback = f"{self.url}/callback"
        self.signed_out = f"{self.url}/signed-out"
        self.oauth = OAuth()
        self.scope = scope
        self.framed: list[dict[str, str]] = []
        self.slowly = threading.Event()
        self.slowly.set()
        self._flask = flask.Flask(__name__)
        self._flask.secret_key = name
        # Cookies know no ports, so two applications on this machine need two names.
        self._flask.config["SESSION_COOKIE_NAME"] = f"app_{self.port}"
        self.oauth.init_app(self._flask)
        self._routes()

    def registered_as(self, client_id: str, client_secret: str | None, issuer: str) -> None:
        """Learn who we are to the provider."""
        self.oauth.register(
            "idp",
            overwrite=True,
            client_id=client_id,
            client_secret=client_secret,
            server_metadata_url=f"{issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": self.scope, "code_challenge_method": "S256"},
        )

    def sign_in_url(self, **parameters: str) -> str:
        """Return the address that sends a person to the provider with these parameters."""
        return f"{self.url}/sign-in?{urlencode(parameters)}"

    def __enter__(self) -> Self:
        self._server = make_server(
            "127.0.0.1", self.port, self._flask, threaded=True, request_handler=_Quiet
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.slowly.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _routes(self) -> None:
        app = self._flask
        app.get("/")(self._home)
        app.get("/sign-in")(self._sign_in)
        app.route("/callback", methods=["GET", "POST"])(self._take_answer)
        app.get("/sign-out")(self._sign_out)
        app.get("/signed-out")(self._show)
        app.get("/framed")(self._framed)

    def _show(self, error: str | None = None) -> str:
        claims = flask.session.get("claims")
        return flask.render_template_string(_PAGE, name=self.name, claims=claims, error=error)

    def _home(self) -> str:
        return self._show()

    def _sign_in(self) -> Any:
        return self.oauth.idp.authorize_redirect(self.callback, **flask.request.args)

    def _take_answer(self) -> Any:
        if error := flask.request.form.get("error"):  # Authlib looks for it in the query alone
            return self._show(error=error)
        try:
            token = self.oauth.idp.authorize_access_token()
        except OAuthError as refusal:
            return self._show(error=refusal.error)
        flask.session["claims"] = {
            **{k: token["userinfo"][k] for k in ("sub", "acr")},
            "amr": " ".join(token["userinfo"]["amr"]),
            **self.oauth.idp.userinfo(token=token),
        }
        flask.session["id_token"] = token["id_token"]
        return flask.redirect("/")

    def _framed(self) -> str:
        """Be asked in a frame to sign out; a slow application takes as long as it is told to."""
        self.framed.append(dict(flask.request.args))
        self.slowly.wait(30)
        return "<!doctype html><html lang=en><title>Out</title>"

    def _sign_out(self) -> Any:
        hint = flask.session.pop("id_token", None)
        flask.session.clear()
        asked = {"post_logout_redirect_uri": self.signed_out, "state": "signed out"}
        if flask.request.args.get("hint") != "no":
            asked["id_token_hint"] = hint or ""
        if client_id := flask.request.args.get("client_id"):
            asked["client_id"] = client_id
        end = self.oauth.idp.load_server_metadata()["end_session_endpoint"]
        return flask.redirect(f"{end}?{urlencode(asked)}")
