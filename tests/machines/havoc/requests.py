"""The requests of a run on the wire, and what their answers mean."""

from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlencode, urlsplit

from idp.kernel.clock import system_clock
from tests.app import CALLBACK, VERIFIER, RelyingParty
from tests.machines.burst import Answer, get, post
from tests.machines.havoc.history import Op, Outcome
from tests.support.dpop import USERINFO, Holder, new_key

COOKIE = "__Host-idp_session"
DEVICE_COOKIE = "__Host-idp_device"
GOODBYE = "https://app.example.test/goodbye"
_PREFIX = "idp_ac_"
_ID_LENGTH = 22


@dataclass
class KeyHolder(RelyingParty):
    """A client that proves a key instead of knowing a secret (RFC 9449)."""

    holder: Holder = field(default_factory=lambda: Holder(new_key("havoc")))


def grant_in(code: str) -> str:
    """Return the grant that a code names."""
    return code.removeprefix(_PREFIX)[:_ID_LENGTH]


def authorization(rp: RelyingParty, cookie: str) -> bytes:
    """Ask for a code, without a page in between."""
    query = urlencode(rp.parameters(prompt="none"))
    return get(f"/authorize?{query}", cookies=cookie)


def code_in(answer: Answer) -> str:
    """Return the code that goes back to the client, empty when none does."""
    return _returned(answer).get("code", [""])[0]


def outcome_of_authorization(answer: Answer) -> Outcome:
    """Return what an answer without a code says of the session."""
    if "login_required" in _returned(answer).get("error", []):
        return Outcome.REFUSED
    if answer.status == 400 and b'id="page-error"' in answer.body:
        return Outcome.SHUT_OUT
    return Outcome.AWAY if answer.status == 503 else Outcome.CRASH


def _returned(answer: Answer) -> dict[str, list[str]]:
    location = answer.header("Location")
    return parse_qs(urlsplit(location).query) if location.startswith(CALLBACK) else {}


def redemption(rp: RelyingParty, code: str) -> bytes:
    """Trade a code."""
    return _post(
        rp,
        "/token",
        grant_type="authorization_code",
        code=code,
        redirect_uri=CALLBACK,
        code_verifier=VERIFIER,
    )


def refreshing(rp: RelyingParty, token: str) -> bytes:
    """Trade a refresh token."""
    return _post(rp, "/token", grant_type="refresh_token", refresh_token=token)


def revocation(rp: RelyingParty, token: str) -> bytes:
    """Give a token back."""
    return _post(rp, "/revoke", token=token)


def introspection(rp: RelyingParty, token: str) -> bytes:
    """Ask about a token."""
    return _post(rp, "/introspect", token=token)


def userinfo(rp: RelyingParty | None, token: str) -> bytes:
    """Use an access token."""
    if not isinstance(rp, KeyHolder):
        return get("/userinfo", Authorization=f"Bearer {token}")
    proof = rp.holder.proof("GET", USERINFO, access_token=token, now=system_clock())
    return get("/userinfo", Authorization=f"DPoP {token}", DPoP=proof)


def logout(id_token: str, cookie: str) -> bytes:
    """End the session that an ID token speaks of."""
    said = {"id_token_hint": id_token, "post_logout_redirect_uri": GOODBYE}
    return get(f"/logout?{urlencode(said)}", cookies=cookie)


def _post(rp: RelyingParty, path: str, **form: str) -> bytes:
    proved = isinstance(rp, KeyHolder) and path == "/token"
    headers = {"DPoP": rp.holder.proof(now=system_clock())} if proved else {}
    if rp.public:
        return post(path, {"client_id": rp.client_id, **form}, **headers)
    return post(path, form, **rp.basic())


def outcome_of_token(answer: Answer) -> Outcome:
    """Return what an answer of the token endpoint says."""
    error = answer.json().get("error") if answer.status == 400 else None
    return _outcome(answer, ok=answer.status == 200, refused=error == "invalid_grant")


def read_revocation(op: Op, answer: Answer) -> Op:
    """Note that the token is void."""
    return replace(op, outcome=_outcome(answer, ok=answer.status == 200, refused=False))


def read_introspection(op: Op, answer: Answer) -> Op:
    """Note whether the token is active."""
    said = answer.json().get("active") if answer.status == 200 else None
    return replace(op, outcome=_outcome(answer, ok=said is True, refused=said is False))


def read_userinfo(op: Op, answer: Answer) -> Op:
    """Note whether the token was taken."""
    refused = answer.status == 401
    return replace(op, outcome=_outcome(answer, ok=answer.status == 200, refused=refused))


def read_logout(op: Op, answer: Answer) -> Op:
    """Note that the session is over: only then the browser is sent back."""
    gone = answer.status == 303 and answer.header("Location").startswith(GOODBYE)
    return replace(op, outcome=_outcome(answer, ok=gone, refused=False))


def _outcome(answer: Answer, *, ok: bool, refused: bool) -> Outcome:
    if ok:
        return Outcome.OK
    if refused:
        return Outcome.REFUSED
    others = {401: Outcome.SHUT_OUT, 503: Outcome.AWAY}
    return others.get(answer.status, Outcome.CRASH)
