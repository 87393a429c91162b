"""Shows everything that was ever given, once all is over: what is it worth?"""

from collections.abc import Iterator, Sequence

from tests.machines.weaving.operation import NONE
from tests.machines.weaving.record import Done, Probed, Record
from tests.machines.weaving.scene import SESSION, Family, Scene
from tests.machines.weaving.session_operations import proved, signed_in_silently

Brought = Sequence[dict[str, str]]


def probe(record: Record) -> None:
    """Show what was given of everything that was used or ended; what was stopped, twice."""
    concerned = {d.operation.uses for d in record.done} | record.voided
    concerned |= record.ended | record.stopped
    record.probes = _probed(record, concerned, record.secret)
    if not record.stopped or SESSION in record.ended:
        return
    # Nothing was burnt meanwhile: whoever proves it has everything as it was.
    proof = proved(record.scene, record.secret, anew=True)
    if proof.won:
        again = _probed(record, concerned & record.stopped, proof.body["secret"], anew=True)
        record.proved = {name: each for name, each in again.items() if name not in record.ended}
    else:
        record.proved = {SESSION: Probed(refused=["the new proof"])}


def still_accepted(scene: Scene, done: Done, *, proved: bool) -> Iterator[str]:
    """Say what is accepted of what is over, or stopped unless somebody proves it, by now."""
    ends = NONE if proved and done.operation.by_secret else done.ends
    over = ends | done.operation.voids | (NONE if proved else done.stops)
    for name in over & scene.families.keys():
        if _at_once(scene.families[name]):
            yield f"I3: {done.operation.name} had answered, and `{name}` was accepted"


def _probed(
    record: Record, concerned: set[str], secret: str, *, anew: bool = False
) -> dict[str, Probed]:
    over = frozenset[str]() if anew else record.ended | record.stopped
    probes = {}
    for name, family in record.scene.families.items():
        if name in concerned:
            brought = [d.brought for d in record.done if d.operation.uses == name]
            tokens = [each for each in brought if "access_token" in each]
            void = name in record.voided
            probes[name] = _of_family(family, tokens, void=void, over=name in over)
    if SESSION in concerned:
        probes[SESSION] = _of_session(record, secret)
    return probes


def _of_session(record: Record, secret: str) -> Probed:
    probed, scene = Probed(), record.scene
    probed.note("its secret", signed_in_silently(scene, secret).won)
    for done in record.done:
        if "code" in done.brought and scene.newcomer is not None:
            answer = scene.newcomer.redeem(done.brought["code"])
            probed.note(f"the code from {done.operation.name}", answer.status_code == 200)
    if secret != scene.secret and signed_in_silently(scene, scene.secret).won:
        probed.voided.append("the secret from before the proof")
    return probed


def _of_family(family: Family, brought: Brought, *, void: bool, over: bool) -> Probed:
    probed = _shown(family, brought, void=void)
    refreshed = _refreshed(family, brought, over=over)
    probed.accepted += refreshed.accepted
    probed.refused += refreshed.refused
    if over and not family.access and not brought:
        probed.note("the code", family.party.redeem(family.code).status_code == 200)
    return probed


def _at_once(family: Family) -> bool:
    """Tell whether the newest access token from before the schedule is accepted."""
    return bool(family.access) and family.party.userinfo(family.access[-1]).status_code == 200


def _shown(family: Family, brought: Brought, *, void: bool) -> Probed:
    """Show the newest access token from before, and each that the schedule brought."""
    probed = Probed()
    tokens = [answer["access_token"] for answer in brought]
    if void:
        probed.voided = _still(family)
    else:
        tokens[:0] = family.access[-1:]
    for number, token in enumerate(tokens):
        probed.note(f"access token {number}", family.party.userinfo(token).status_code == 200)
    if tokens and not family.party.public:
        said = family.party.introspect(tokens[-1]).get_json()
        probed.note("the newest access token, introspected", said.get("active", False))
    return probed


def _still(family: Family) -> list[str]:
    """Return who accepts the newest access token from before."""
    accepted = ["userinfo"] if _at_once(family) else []
    said = family.party.introspect(family.access[-1]).get_json()
    return [*accepted, "introspection"] if said.get("active") else accepted


def _refreshed(family: Family, brought: Brought, *, over: bool) -> Probed:
    """Show the newest refresh token of a family that lives, every one of a family that is over."""
    probed = Probed()
    given = [answer["refresh_token"] for answer in brought if "refresh_token" in answer]
    tokens = list(dict.fromkeys([*family.refresh, *given]))
    for number, token in enumerate(tokens if over else tokens[-1:]):
        answer = family.party.token(grant_type="refresh_token", refresh_token=token)
        probed.note(f"refresh token {number}", answer.status_code == 200)
    return probed
