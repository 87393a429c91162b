"""One client application: sign in, show what the provider says, sign out."""

import secrets
from dataclasses import dataclass
from typing import Any

import flask
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import FlaskOAuth2App
from werkzeug.wrappers import Response as AnyResponse

from idp.demo.logout_token import NotALogoutToken, Reader
from idp.demo.memory import Memory, SignedIn

UNREACHABLE = "provider_unreachable"


@dataclass(frozen=True, slots=True)
class Application:
    """An application and its name among Flask's places."""

    place: str
    registration: dict[str, str]
    client: FlaskOAuth2App
    memory: Memory
    issuer: str
    reader: Reader

    def home(self) -> AnyResponse:
        """Say who is signed in, or offer to."""
        person = self.memory.find(flask.session, self._key)
        if person is not None:
            return self._show("claims", person=person)
        if self.memory.was_ended(flask.session, self._key):
            flask.session["notice"] = (
                "You signed out elsewhere. The provider told us, so you are signed out here too."
            )
        return self._show("welcome")

    def sign_in(self) -> AnyResponse:
        """Send the person to the provider."""
        return self._ask()

    def silent(self) -> AnyResponse:
        """Ask whether the person is signed in; nothing is shown (OIDC Core §3.1.2.1 `none`)."""
        return self._ask("The provider says: still signed in.", prompt="none")

    def again(self) -> AnyResponse:
        """Ask for a fresh proof (OIDC Core §3.1.2.1 `login`)."""
        return self._ask("The provider says: proved again.", prompt="login")

    def with_passkey(self) -> AnyResponse:
        """Ask for what no false page can steal (OIDC Core §3.1.2.1; OpenID EAP ACR Values §2)."""
        return self._ask("The provider has answered: see what acr says now.", acr_values="phr")

    def refresh(self) -> AnyResponse:
        """Trade the refresh token for news of the person, who is not asked (OIDC Core §12)."""
        person = self.memory.find(flask.session, self._key)
        if person is None:
            return flask.redirect(self._here("home"))
        try:
            token = self.client.fetch_access_token(
                grant_type="refresh_token", refresh_token=person.refresh_token
            )
            token["userinfo"] = self.client.parse_id_token(token, nonce=None)
            fresh = _person(token, self.client.userinfo(token=token))
        except requests.RequestException as error:
            return self._failed(UNREACHABLE, str(error))
        except OAuthError as error:
            # The provider has ended it: whatever is shown here would be old.
            self.memory.forget(flask.session, self._key)
            return self._failed(str(error.error), error.description, over=True)
        self.memory.keep(flask.session, self._key, fresh)
        flask.session["notice"] = "Refreshed: new tokens, and the old refresh token is spent."
        return flask.redirect(self._here("home"))

    def callback(self) -> AnyResponse:
        """Take the provider's answer."""
        try:
            token = self.client.authorize_access_token()
            person = _person(token, self.client.userinfo(token=token))
        except requests.RequestException as error:
            return self._failed(UNREACHABLE, str(error))
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the page says what
            name = getattr(error, "error", None) or type(error).__name__
            return self._failed(name, getattr(error, "description", None) or str(error))
        self.memory.keep(flask.session, self._key, person)
        asked_by, notice = flask.session.pop("asked", (None, None))
        flask.session["notice"] = notice if asked_by == self.place else None
        return flask.redirect(self._here("home"))

    def sign_out(self) -> AnyResponse:
        """Sign out here, then at the provider (RP-Initiated Logout §2)."""
        person = self.memory.forget(flask.session, self._key)
        if person is None:
            return flask.redirect(self._here("home"))
        flask.session["signing_out"] = state = secrets.token_urlsafe()
        try:
            endpoint = self.client.load_server_metadata()["end_session_endpoint"]
        except requests.RequestException as error:
            return self._failed(UNREACHABLE, str(error))
        parameters = {
            "id_token_hint": person.id_token,
            "post_logout_redirect_uri": self._here("signed_out"),
            "state": state,
        }
        url = requests.Request("GET", endpoint, params=parameters).prepare().url
        return flask.redirect(str(url))

    def signed_out(self) -> AnyResponse:
        """Welcome the person back from the provider's end of the session."""
        expected = flask.session.pop("signing_out", None)
        if expected is None or expected != flask.request.args.get("state"):
            return self._failed("state_differs", "Nobody was signing out here.")
        flask.session["notice"] = "You are signed out, here and at the provider."
        return flask.redirect(self._here("home"))

    def told(self) -> AnyResponse:
        """Hear from the provider that a session is over (Back-Channel Logout §2.7, §2.8)."""
        try:
            over = self.reader.read(flask.request.form.get("logout_token", ""))
        except NotALogoutToken as error:
            body = {"error": "invalid_request", "error_description": f"refused for its {error}"}
            return flask.make_response(body, 400)
        except requests.RequestException:
            # It is tried again, and then the keys can perhaps be read.
            return flask.make_response({"error": "temporarily_unavailable"}, 503)
        if over is not None:
            self.memory.end(self._key, sid=over.sid, sub=over.sub)
        return flask.make_response("", 200)

    def told_in_frame(self) -> AnyResponse:
        """Sign this browser out when the provider shows us in a frame (Front-Channel Logout §2)."""
        person, said = self.memory.find(flask.session, self._key), flask.request.args
        ours = person is not None and said.get("sid") == person.claims.get("sid")
        if ours and said.get("iss") == self.issuer:
            self.memory.end(self._key, sid=said["sid"], sub=None)
        response = flask.make_response(
            "<!doctype html><html lang=en><title>Signed out</title><p>Signed out."
        )
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; frame-ancestors {self.issuer}"
        )
        return response

    @property
    def _key(self) -> str:
        return self.registration["client_id"]

    def _here(self, page: str) -> str:
        return flask.url_for(f"{self.place}.{page}", _external=True)

    def _ask(self, notice: str | None = None, **parameters: str) -> AnyResponse:
        flask.session["asked"] = (self.place, notice)
        try:
            redirect: AnyResponse = self.client.authorize_redirect(
                self._here("callback"), **parameters
            )
        except requests.RequestException as error:
            return self._failed(UNREACHABLE, str(error))
        return redirect

    def _failed(self, error: str, description: str, *, over: bool = False) -> AnyResponse:
        flask.session.pop("asked", None)
        if error == "login_required":
            self.memory.forget(flask.session, self._key)
        return self._show("error", error=error, description=description, over=over)

    def _show(self, page: str, **values: object) -> AnyResponse:
        notice = flask.session.pop("notice", None)
        values |= {"application": self.registration, "notice": notice}
        return flask.make_response(flask.render_template(f"{page}.html", **values))


def _person(token: dict[str, Any], userinfo: dict[str, Any]) -> SignedIn:
    claims = dict(token["userinfo"])
    if userinfo.get("sub") != claims["sub"]:
        # Somebody else's answer must not be taken for this person's (OIDC Core §5.3.2).
        raise ValueError("UserInfo is about another person than the ID token")
    return SignedIn(
        id_token=token["id_token"],
        claims=claims,
        userinfo=dict(userinfo),
        refresh_token=token["refresh_token"],
    )
