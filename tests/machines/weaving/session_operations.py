"""What is asked of the session itself: to sign in to a client by it, to prove, stop or end it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from sqlalchemy import update

from idp.context import Origin, RequestContext
from idp.judgement.policies import Policies
from idp.kernel.encoding import b64url
from idp.kernel.errors import IdpError
from idp.kernel.secrets import MasterKey, digest
from idp.login import room
from idp.sessions import endings
from idp.sessions import judged as judged_sessions
from idp.sessions import service as sessions
from idp.settings import Settings
from idp.store import sessions as session_rows
from idp.store.schema import sessions as session_table
from idp.store.schema import users
from idp.web import cookies
from tests.app import ISSUER
from tests.machines.weaving.operation import NOT_FOUND, Operation, Outcome, answer_of, command
from tests.machines.weaving.scene import BROWSER, HOME, SESSION, Scene
from tests.machines.weaving.steps import ANSWER, MEMORY, Step

# What rests on the session, and is of no use without it.
OF_SESSION = frozenset({"code", "family", "sibling", "other", "public", "first", SESSION})
OVERTAKEN = frozenset({401, 409})
# A session of whom the operator watches ends where others are asked.
POLICY = """
[[rules]]
name = "watched"
when = { groups = ["watched"], changes = ["network_and_browser"] }
then = { outcome = "end" }
"""
_SOON, _LATER = timedelta(seconds=1), timedelta(seconds=2)
_BROWSER_SECRET = "idp_br_of-this-browser"
# The clock moves: whoever begins afterwards reads it.
_TIME = Step("(time)", sees=frozenset({ANSWER}), shows=frozenset({MEMORY, ANSWER}))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request comes from, and by what."""

    address: str
    browser: str


AT_HOME = Place(HOME, BROWSER)
# Another network and another browser: a thief with the cookies.
ELSEWHERE = Place(
    "198.51.100.20",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36",
)


def cookie_header(scene: Scene, secret: str) -> str:
    """Return the cookies of a browser with this session."""
    settings = scene.provider.house.get(Settings)
    named = {cookies.SESSION: secret, cookies.BROWSER: _BROWSER_SECRET}
    return "; ".join(f"{cookies.cookie_name(settings, c)}={v}" for c, v in named.items())


def _sent(
    scene: Scene, method: str, path: str, secret: str, place: Place = AT_HOME, **options: Any
) -> Any:
    """Send what a browser with this session sends."""
    client = scene.provider.app.test_client(use_cookies=False)
    headers = {"Cookie": cookie_header(scene, secret), "User-Agent": place.browser}
    environ = {"REMOTE_ADDR": place.address}
    return client.open(
        path,
        method=method,
        headers=headers,
        environ_overrides=environ,
        base_url=ISSUER,
        **options,
    )


def signed_in_silently(scene: Scene, secret: str, place: Place = AT_HOME) -> Outcome:
    """Ask for a code for a client that has none yet, without a word to the person."""
    assert scene.newcomer is not None
    parameters = scene.newcomer.parameters(prompt="none", scope="openid profile")
    response = _sent(scene, "GET", f"/authorize?{urlencode(parameters)}", secret, place)
    said = dict(parse_qsl(urlsplit(response.headers.get("Location", "")).query))
    if "code" in said:
        return Outcome(200, {"code": said["code"]})
    if said.get("error") == "login_required":
        return Outcome(401, said)
    return Outcome(response.status_code, said)


def _authorize(scene: Scene) -> Outcome:
    return signed_in_silently(scene, scene.secret)


def _use_elsewhere(scene: Scene) -> Outcome:
    """Use the copied cookies: it does what it does to the session, and is refused."""
    outcome = signed_in_silently(scene, scene.secret, ELSEWHERE)
    answers = {401: 200, 200: 418}
    return Outcome(answers.get(outcome.status, outcome.status))


def _be_watched(scene: Scene) -> None:
    with scene.provider.context() as ctx:
        mine = update(users).where(users.c.id == scene.user_id)
        ctx.db.write(mine.values(groups=["watched"]))


def _sign_out(scene: Scene) -> Outcome:
    """Press the button of the account page."""
    master = scene.provider.house.get(MasterKey)
    token = b64url(master.mac("csrf", _BROWSER_SECRET.encode()))
    response = _sent(scene, "POST", "/account/sign-out", scene.secret, data={"csrf_token": token})
    sent_to = urlsplit(response.headers.get("Location", "")).path
    if sent_to in ("/login", "/logout"):
        return Outcome(401, NOT_FOUND)
    return Outcome(200) if response.status_code in (200, 303) else answer_of(response)


def _kill(ctx: RequestContext, scene: Scene) -> None:
    sessions.end(ctx, scene.sid, because="operator")


def _challenge(scene: Scene) -> Outcome:
    """Let whoever judges the session stop it, by what was read of it."""

    def act(ctx: RequestContext) -> Outcome:
        standing = session_rows.find_standing(ctx.db, digest(scene.secret), ctx.now, "")
        if standing is None or standing.session.challenged_at is not None:
            return Outcome(401)
        read, secret_hash = standing.session, standing.secret_hash
        judged = replace(read, challenge="network_and_browser_changed")
        stopped = judged_sessions.challenge(ctx, read, secret_hash, judged)
        return Outcome(200 if stopped else 409)

    return _answered(scene, act)


def _answered(scene: Scene, act: Callable[[RequestContext], Outcome]) -> Outcome:
    """Do what a request does, as far as the session is concerned."""
    try:
        with scene.provider.context() as ctx:
            return act(ctx)
    except IdpError as error:
        return Outcome(error.status, {"error": type(error).__name__})


def proved(scene: Scene, secret: str, *, anew: bool) -> Outcome:
    """Write a proof into the session, as a sign-in does; return its new secret."""

    def act(ctx: RequestContext) -> Outcome:
        home = replace(ctx, origin=Origin(address=HOME, user_agent=BROWSER))
        standing = sessions.find_standing(home, secret)
        if standing is None:
            return Outcome(401)
        opened = sessions.prove(home, standing.session, secret, ("pwd",), None, anew=anew)
        return Outcome(200, {"secret": opened.secret}) if opened else Outcome(409)

    return _answered(scene, act)


def _prove(scene: Scene) -> Outcome:
    return proved(scene, scene.secret, anew=True)


def _step_up(scene: Scene) -> Outcome:
    return proved(scene, scene.secret, anew=False)


def _says(scene: Scene, **values: object) -> None:
    with scene.provider.context() as ctx:
        mine = update(session_table).where(session_table.c.sid == scene.sid)
        ctx.db.write(mine.values(**values))


def _just_seen(scene: Scene) -> None:
    """Let there be no activity worth a note, so that nothing is written to the session."""
    _says(scene, last_seen_at=scene.provider.clock.now)


def _nearly_idle(scene: Scene) -> None:
    _says(scene, idle_until=scene.provider.clock.now + _SOON)


def _nearly_over(scene: Scene) -> None:
    until = scene.provider.clock.now + _SOON
    _says(scene, idle_until=until, absolute_until=until)


def _end_expired(ctx: RequestContext, _: Scene) -> dict[str, object]:
    """Run the worker's job on a node that lives a little later than whoever else is asked."""
    later = replace(ctx, now=ctx.now + _LATER)
    return {"ended": endings.end_expired(later) > 0, "until": later.now}


def _sign_in_elsewhere(ctx: RequestContext, scene: Scene) -> None:
    """Open a session where only one may live, as a sign-in does once all is proved."""
    limits = replace(ctx.house.get(Policies).current(ctx.now).defaults, sessions=1)
    room.make_room(ctx, room.in_the_way(ctx, scene.user_id, limits))
    sessions.open_session(ctx, scene.user_id, ("pwd",), None)


def _pass(scene: Scene) -> Outcome:
    scene.provider.clock.forward(seconds=_LATER.total_seconds())
    return Outcome(200)


SESSION_OPERATIONS = (
    Operation(name="authorize", act=_authorize, uses=SESSION, refusals=OVERTAKEN),
    Operation(
        name="authorize again",
        act=_authorize,
        arrange=_just_seen,
        uses=SESSION,
        refusals=OVERTAKEN,
    ),
    Operation(name="sign out", act=_sign_out, ends=OF_SESSION, refusals=OVERTAKEN),
    Operation(name="kill", request=False, act=partial(command, _kill), ends=OF_SESSION),
    Operation(
        name="challenge",
        request=False,
        act=_challenge,
        uses=SESSION,
        stops=OF_SESSION,
        refusals=OVERTAKEN,
    ),
    Operation(name="theft", act=_use_elsewhere, stops=OF_SESSION, by_secret=True),
    Operation(
        name="theft and end",
        act=_use_elsewhere,
        arrange=_be_watched,
        ends=OF_SESSION,
        by_secret=True,
    ),
    Operation(
        name="sign in elsewhere",
        request=False,
        act=partial(command, _sign_in_elsewhere),
        ends=OF_SESSION,
        opens=True,
    ),
    Operation(
        name="new proof",
        request=False,
        act=_prove,
        uses=SESSION,
        proves=True,
        anew=True,
        refusals=OVERTAKEN,
    ),
    Operation(
        name="step up",
        request=False,
        act=_step_up,
        uses=SESSION,
        proves=True,
        refusals=OVERTAKEN,
    ),
    Operation(
        name="idle timeout",
        request=False,
        act=partial(command, _end_expired),
        arrange=_nearly_idle,
        ends=OF_SESSION,
    ),
    Operation(
        name="absolute timeout",
        request=False,
        act=partial(command, _end_expired),
        arrange=_nearly_over,
        ends=OF_SESSION,
    ),
    Operation(name="time", act=_pass, begins=_TIME, arrange=_nearly_over, ends=OF_SESSION),
)
