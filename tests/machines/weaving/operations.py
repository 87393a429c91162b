"""What is woven: real requests through the WSGI application, and what operators and workers do."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from idp.account import administration
from idp.context import RequestContext
from idp.protocol.clients import service as client_service
from idp.protocol.consent import service as consent
from idp.protocol.keys import service as keys
from idp.settings import Settings
from idp.worker.jobs import CLOCKS_DIFFER, JOBS
from tests.app import ISSUER, Provider
from tests.machines.weaving.model import (
    OFFLINE,
    given_back,
    granted,
    listening,
    redeemed,
    refreshed,
    register,
    sign_in_again,
    walk,
)
from tests.machines.weaving.operation import NOT_FOUND, Operation, Outcome, answer_of, command
from tests.machines.weaving.scene import Scene
from tests.machines.weaving.session_operations import OF_SESSION, SESSION_OPERATIONS


def _exchange(name: str, scene: Scene) -> Outcome:
    family = scene.families[name]
    return answer_of(family.party.redeem(family.code))


def _log_out(scene: Scene) -> Outcome:
    name, secret = scene.cookie
    response = scene.provider.app.test_client(use_cookies=False).get(
        "/logout",
        query_string={"id_token_hint": scene.families["family"].id_token},
        headers={"Cookie": f"{name}={secret}"},
        base_url=ISSUER,
    )
    # Where a session was found, the page that says so tells whom else it told, too.
    if response.status_code == 303:
        return Outcome(200, {"ended": True})
    return Outcome(response.status_code, NOT_FOUND if response.status_code == 200 else {})


def _userinfo(scene: Scene) -> Outcome:
    family = scene.families["family"]
    return answer_of(family.party.userinfo(family.access[-1]))


def _refresh(name: str, back: int, scene: Scene) -> Outcome:
    """Show the newest refresh token, or one that was replaced so many times."""
    family = scene.families[name]
    form = {"grant_type": "refresh_token", "refresh_token": family.refresh[-1 - back]}
    return answer_of(family.party.token(**form))


def _revoke(scene: Scene) -> Outcome:
    family = scene.families["family"]
    return answer_of(family.party.revoke(family.refresh[-1]))


def _give_back(scene: Scene) -> Outcome:
    family = scene.families["family"]
    return answer_of(family.party.revoke(family.access[-1]))


def _introspect(scene: Scene) -> Outcome:
    family = scene.families["family"]
    outcome = answer_of(family.party.introspect(family.access[-1]))
    return Outcome(401, outcome.body) if outcome.body.get("active") is False else outcome


def _take_back(ctx: RequestContext, scene: Scene) -> None:
    consent.revoke(ctx, scene.user_id, scene.families["family"].party.client_id)


def _disable(ctx: RequestContext, scene: Scene) -> None:
    client_service.disable(ctx, scene.families["family"].party.client_id)


def _rotate(ctx: RequestContext, _: Scene) -> None:
    keys.rotate(ctx, "ES256")


def _remove_keys(ctx: RequestContext, _: Scene) -> None:
    keys.remove_expired(ctx)


def _disable_user(ctx: RequestContext, scene: Scene) -> None:
    administration.disable_user(ctx, scene.user_id)


def _run_job(name: str, ctx: RequestContext, _: Scene) -> None:
    next(job for job in JOBS if job.name == name).run(replace(ctx, now=ctx.now + AHEAD))


def _purge(name: str, removes: str, scene: Scene) -> Outcome:
    """Run a job of a worker that lives a little later, and say until when a row must be over."""
    history_kept_for = scene.provider.house.get(Settings).history_kept_for
    kept = CLOCKS_DIFFER if removes == "revoked_tokens" else history_kept_for
    outcome = command(partial(_run_job, name), scene)
    until = scene.provider.clock.now + AHEAD - kept
    return Outcome(outcome.status, {"removes": removes, "until": until})


# So that a purge which begins after an end, while the clock stands still, removes what ended.
AHEAD = timedelta(seconds=2)
# The jobs that touch what the other operations touch, one each; and of which table.
PURGES = {
    "purge idle grants": "grants",
    "purge ended grants": "grants",
    "purge sessions": "sessions",
    "purge revoked tokens": "revoked_tokens",
}
# Of a grant that is over, or by a client that is disabled.
LOST = frozenset({400, 401})
OF_CLIENT = frozenset({"code", "family", "sibling"})
OF_USER = OF_SESSION | {"offline"}
OF_FAMILY = frozenset({"family"})

_ALL = (
    Operation(name="exchange", act=partial(_exchange, "code"), uses="code", refusals=LOST),
    Operation(name="first exchange", act=partial(_exchange, "first"), uses="first", refusals=LOST),
    Operation(name="refresh", act=partial(_refresh, "family", 0), uses="family", refusals=LOST),
    Operation(name="retry", act=partial(_refresh, "family", 1), uses="family", refusals=LOST),
    Operation(
        name="refresh offline", act=partial(_refresh, "offline", 0), uses="offline", refusals=LOST
    ),
    Operation(
        name="retry offline", act=partial(_refresh, "offline", 1), uses="offline", refusals=LOST
    ),
    Operation(name="other client", act=partial(_refresh, "other", 0), uses="other", refusals=LOST),
    Operation(
        name="replay",
        act=partial(_exchange, "family"),
        uses="family",
        ends=OF_FAMILY,
        refusals=LOST,
    ),
    Operation(name="revoke", act=_revoke, ends=OF_FAMILY, refusals=frozenset({401})),
    Operation(name="give back", act=_give_back, voids=OF_FAMILY, refusals=frozenset({401})),
    Operation(name="logout", act=_log_out, ends=OF_SESSION),
    Operation(name="consent", request=False, act=partial(command, _take_back), ends=OF_CLIENT),
    Operation(name="disable", request=False, act=partial(command, _disable), ends=OF_CLIENT),
    Operation(
        name="disable user", request=False, act=partial(command, _disable_user), ends=OF_USER
    ),
    Operation(
        name="rotate", request=False, act=partial(command, _rotate), refusals=frozenset({400, 409})
    ),
    Operation(name="remove keys", request=False, act=partial(command, _remove_keys)),
    *(
        Operation(name=name, request=False, act=partial(_purge, name, removes))
        for name, removes in PURGES.items()
    ),
    Operation(
        name="introspect", act=_introspect, uses="family", reads=True, refusals=frozenset({401})
    ),
    Operation(name="userinfo", act=_userinfo, uses="family", reads=True, refusals=frozenset({401})),
)
OPERATIONS = {operation.name: operation for operation in (*_ALL, *SESSION_OPERATIONS)}


def model_scene(provider: Provider) -> Scene:
    """Walk to a code and families of several clients, all of them in one session but one.

    That one is offline access: its session is long over. So is another family, and a token of it.
    """
    scene = walk(provider)
    away = register(scene, scope=OFFLINE)
    refreshed(redeemed(scene, away, "offline", OFFLINE))
    sign_in_again(scene)
    party = register(scene, **listening(1))
    granted(scene, party, "code")
    refreshed(redeemed(scene, party, "family"))
    refreshed(redeemed(scene, party, "sibling"))
    redeemed(scene, register(scene, **listening(2)), "other")
    public = register(scene, token_endpoint_auth_method="none")
    refreshed(redeemed(scene, public, "public"))
    given_back(scene, redeemed(scene, party, "dead"))
    granted(scene, register(scene, **listening(3)), "first")
    scene.newcomer = register(scene, **listening(4))
    return scene
