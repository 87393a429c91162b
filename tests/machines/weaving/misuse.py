"""What nobody may be given, asked for alone: each is refused, and hurts nobody."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, update

from idp.kernel.secrets import digest
from idp.store.schema import clients, consents, grants, sessions, users
from tests.app import VERIFIER
from tests.machines.weaving.operation import Act, Operation, Outcome, answer_of
from tests.machines.weaving.operations import LOST
from tests.machines.weaving.scene import Family, Scene

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
Arrange = Callable[[Scene, Family], None]


def _redeem(scene: Scene, family: Family, **changed: str) -> Outcome:
    party = family.party
    form = {
        "grant_type": "authorization_code",
        "code": family.code,
        "redirect_uri": party.redirect_uri,
        "code_verifier": VERIFIER,
    }
    return answer_of(party.token(**(form | changed)))


def _refresh(scene: Scene, family: Family, token: str = "") -> Outcome:
    shown = token or family.refresh[-1]
    return answer_of(family.party.token(grant_type="refresh_token", refresh_token=shown))


def _by_another(scene: Scene) -> Outcome:
    return _redeem(scene, scene.families["other"], code=scene.families["code"].code)


def _refresh_by_another(scene: Scene) -> Outcome:
    return _refresh(scene, scene.families["other"], scene.families["family"].refresh[-1])


def _grant_says(**values: object) -> Arrange:
    def arrange(scene: Scene, family: Family) -> None:
        with scene.provider.context() as ctx:
            ctx.db.write(update(grants).where(grants.c.id == family.grant_id).values(**values))

    return arrange


def _too_old(scene: Scene, family: Family) -> None:
    now = scene.provider.clock.now
    past = now - timedelta(seconds=1)
    _grant_says(code_expires_at=past, idle_until=past)(scene, family)


def _ended(scene: Scene, family: Family) -> None:
    _grant_says(ended_at=scene.provider.clock.now, end_reason="test")(scene, family)


def _session_over(scene: Scene, _: Family) -> None:
    past = scene.provider.clock.now - timedelta(seconds=1)
    with scene.provider.context() as ctx:
        mine = update(sessions).where(sessions.c.sid == scene.sid)
        ctx.db.write(mine.values(idle_until=past))


def _user_disabled(scene: Scene, _: Family) -> None:
    with scene.provider.context() as ctx:
        mine = update(users).where(users.c.id == scene.user_id)
        ctx.db.write(mine.values(disabled_at=ctx.now))


def _consent_gone(scene: Scene, family: Family) -> None:
    with scene.provider.context() as ctx:
        ctx.db.write(delete(consents).where(consents.c.client_id == family.party.client_id))


def _secret_changed_elsewhere(scene: Scene, family: Family) -> None:
    """Another node did it, so the copy in this process is not dropped."""
    with scene.provider.context() as ctx:
        mine = update(clients).where(clients.c.client_id == family.party.client_id)
        values = {"secret_hash": digest("another"), "version": clients.c.version + 1}
        ctx.db.write(mine.values(**values))


_SITUATIONS: dict[str, Arrange] = {
    "bound to a key": _grant_says(dpop_jkt="the thumbprint of another key"),
    "too old": _too_old,
    "ended": _ended,
    "without session": _session_over,
    "of a disabled user": _user_disabled,
    "without consent": _consent_gone,
    "by an old secret": _secret_changed_elsewhere,
}


def _never(name: str, act: Act, then: str) -> Operation:
    return Operation(name=name, act=act, refusals=LOST, never=True, then=then)


def _in_a_situation(
    name: str, arrange: Arrange, use: str, act: Callable[[Scene, Family], Outcome]
) -> Operation:
    return Operation(
        name=name,
        act=lambda scene: act(scene, scene.families[use]),
        arrange=lambda scene: arrange(scene, scene.families[use]),
        refusals=LOST,
        never=True,
    )


_ALL = (
    _never("exchange by another client", _by_another, "exchange"),
    _never(
        "exchange with another redirect URI",
        lambda scene: _redeem(scene, scene.families["code"], redirect_uri="https://a.test/"),
        "exchange",
    ),
    _never(
        "exchange with another verifier",
        lambda scene: _redeem(scene, scene.families["code"], code_verifier="w" * 43),
        "exchange",
    ),
    _never("refresh by another client", _refresh_by_another, "refresh"),
    _in_a_situation(
        "refresh too late with what was replaced",
        _grant_says(refreshed_at=LONG_AGO),
        "public",
        lambda scene, family: _refresh(scene, family, family.refresh[-2]),
    ),
    *(
        _in_a_situation(f"exchange {name}", arrange, "code", _redeem)
        for name, arrange in _SITUATIONS.items()
    ),
    *(
        _in_a_situation(f"refresh {name}", arrange, "family", _refresh)
        for name, arrange in _SITUATIONS.items()
    ),
)
MISUSES = {operation.name: operation for operation in _ALL}
