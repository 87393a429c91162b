"""A key that leaked: gone everywhere, at once and for good (I13)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import select, update

from idp.kernel.errors import IdpError, Unavailable
from idp.kernel.jose import SIGNING_ALGORITHMS
from idp.protocol.keys import revocation, schedule
from idp.protocol.keys import service as keys
from idp.protocol.keys.keyring import Keyring
from idp.store import signing_keys as key_rows
from idp.store.schema import signing_keys
from tests.app import ISSUER, Provider, RelyingParty, header_of
from tests.protocol.parties import jwks, page_of, party, verified
from tests.support.spec import spec

WHY = "a backup was lost"


def revoke(provider: Provider, kid: str) -> revocation.Revocation:
    """Revoke a key as the command does, but for the wait."""
    with provider.context() as ctx:
        done = revocation.revoke(ctx, kid, because=WHY)
    revocation.forget(ctx)
    return done


def kids(provider: Provider, algorithm: str = "ES256") -> dict[str, str]:
    """The kid of each state."""
    with provider.context() as ctx:
        rows = ctx.db.read(select(signing_keys).where(signing_keys.c.algorithm == algorithm))
        return {row.state: row.kid for row in rows}


def published(provider: Provider) -> set[str]:
    return {key["kid"] for key in jwks(provider)["keys"]}


def test_what_a_revoked_key_signed_is_refused_at_every_endpoint(rp: RelyingParty):
    provider = rp.provider
    tokens = rp.sign_in()
    for kind in ("access_token", "id_token"):
        revoke(provider, header_of(tokens[kind])["kid"])

    assert rp.userinfo(tokens["access_token"]).status_code == 401
    assert not published(provider) & {header_of(token)["kid"] for token in _jwts(tokens)}
    asked = rp.get(f"/logout?id_token_hint={tokens['id_token']}&client_id={rp.client_id}")
    assert page_of(asked) == "logout"
    hinted = rp.answer(rp.authorize(prompt="none", id_token_hint=tokens["id_token"]))
    assert hinted["error"] == "login_required"


def _jwts(tokens: dict[str, str]) -> list[str]:
    return [tokens["access_token"], tokens["id_token"]]


@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
def test_the_successor_of_a_revoked_key_signs_at_once(provider: Provider, algorithm: str):
    provider.add_user()
    rp = party(provider, id_token_signed_response_alg=algorithm)
    before = kids(provider, algorithm)
    done = revoke(provider, before["active"])

    token = rp.sign_in()["id_token"]

    assert done == revocation.Revocation(
        before["active"], algorithm, "active", before["next"], kids(provider, algorithm)["next"]
    )
    assert header_of(token)["kid"] == before["next"] == kids(provider, algorithm)["active"]
    assert verified(provider, token, algorithm).claims["aud"] == rp.client_id
    assert done.next in published(provider)


def test_a_session_outlives_the_key_that_spoke_of_it(rp: RelyingParty):
    revoke(rp.provider, header_of(rp.sign_in()["id_token"])["kid"])

    again = rp.redeem(rp.answer(rp.authorize(prompt="none"))["code"]).get_json()

    assert rp.userinfo(again["access_token"]).status_code == 200


def test_without_a_successor_a_new_key_signs(provider: Provider):
    before = kids(provider)
    revoke(provider, before["next"])
    young = kids(provider)["next"]
    done = revoke(provider, before["active"])

    assert done.active == young
    assert len({*before.values(), young, done.next}) == 4
    with provider.context() as ctx:
        for row in key_rows.list_published(ctx.db, ctx.now):
            if row.algorithm == "ES256" and row.state == "next":
                key_rows.remove(ctx.db, row.kid)
    alone = revoke(provider, young)
    assert alone.active == kids(provider)["active"]
    assert alone.next == kids(provider)["next"]


def test_a_retired_key_goes_and_the_others_stay_as_they_are(provider: Provider):
    provider.clock.forward(hours=1)
    with provider.context() as ctx:
        retired = keys.rotate(ctx, "ES256").retired
    before = kids(provider)

    done = revoke(provider, str(retired))

    assert done.was == "retired"
    assert kids(provider) == {k: v for k, v in before.items() if k != "retired"}


def test_the_audit_log_says_which_key_and_why(provider: Provider):
    before = kids(provider)
    revoke(provider, before["active"])

    named = [(e.name, e.data) for e in provider.audit()]
    event = {"kid": before["active"], "algorithm": "ES256", "was": "active", "reason": WHY}
    assert named[0] == ("key.revoked", event)
    assert [name for name, _ in named[1:]] == ["key.activated", "key.made"]


def test_a_key_that_is_not_there_cannot_be_revoked(provider: Provider):
    kid = kids(provider)["active"]
    revoke(provider, kid)
    events = provider.event_names()

    for unknown in (kid, "unknown", ""):
        with pytest.raises(revocation.NoSuchKey):
            revoke(provider, unknown)
    assert provider.event_names() == events


# Other processes, and races


def test_another_process_forgets_the_key_in_the_time_that_the_command_waits(
    rp: RelyingParty, sibling: Provider
):
    provider = rp.provider
    theirs = RelyingParty(sibling, rp.registered, sibling.browser())
    token = rp.sign_in()["access_token"]
    assert theirs.userinfo(token).status_code == 200
    revoke(provider, header_of(token)["kid"])
    assert rp.userinfo(token).status_code == 401

    provider.clock.forward(seconds=5)

    assert theirs.userinfo(token).status_code == 401
    assert header_of(token)["kid"] not in published(sibling)


def test_a_reading_that_is_too_old_waits_for_the_new_one(provider: Provider, rp: RelyingParty):
    """One slow reading must not let others go on with what was revoked."""
    token = rp.sign_in()["access_token"]
    ring = provider.house.get(Keyring)
    with provider.context() as ctx:  # revoked by another process: ours has forgotten nothing
        revocation.revoke(ctx, header_of(token)["kid"], because=WHY)
    provider.clock.forward(seconds=5)

    ring.reading.acquire()
    with ThreadPoolExecutor(2) as pool:
        answer = pool.submit(rp.userinfo, token)
        document = pool.submit(published, provider)
        with pytest.raises(TimeoutError):
            answer.result(0.3)
        ring.reading.release()
        assert answer.result(30).status_code == 401
        assert header_of(token)["kid"] not in document.result(30)


@spec("RFC 9111 §5.2.2.1")
def test_while_one_thread_reads_the_others_use_what_is_young_enough(
    provider: Provider, rp: RelyingParty
):
    token = rp.sign_in()["access_token"]
    ring = provider.house.get(Keyring)
    provider.clock.forward(seconds=3)

    with ring.reading:
        assert rp.userinfo(token).status_code == 200


def test_a_database_that_is_away_does_not_keep_a_revoked_key_alive(
    provider: Provider, rp: RelyingParty, monkeypatch: pytest.MonkeyPatch
):
    """A node that could not read goes on publishing, and calls nothing valid."""
    token = rp.sign_in()["access_token"]
    old = published(provider)
    with provider.context() as ctx:
        revocation.revoke(ctx, header_of(token)["kid"], because=WHY)
    provider.clock.forward(seconds=5)

    with monkeypatch.context() as away:
        away.setattr(key_rows, "list_published", _away)
        assert rp.userinfo(token).status_code == 503
        assert published(provider) == old
        provider.clock.forward(seconds=60)
        assert published(provider) == old
        assert rp.userinfo(token).status_code == 503
    assert rp.userinfo(token).status_code == 401
    provider.clock.forward(seconds=1)
    assert header_of(token)["kid"] not in published(provider)


def _away(*_: object) -> None:
    raise Unavailable("on purpose")


def test_a_new_release_may_publish_keys_that_this_one_cannot_read(rp: RelyingParty):
    """Nodes of two releases share one table while they are replaced."""
    provider = rp.provider
    with provider.context() as ctx:
        made = keys.make(ctx, "EdDSA")
        key_rows.add(ctx.db, made)
        change = update(signing_keys).where(signing_keys.c.kid == made.kid)
        ctx.db.write(change.values(algorithm="ML-DSA-65", private_sealed=b"?"))
    provider.clock.forward(seconds=5)

    assert rp.userinfo(rp.sign_in()["access_token"]).status_code == 200
    assert made.kid not in published(provider)


@pytest.mark.parametrize("state", ["active", "next"])
def test_no_race_brings_a_revoked_key_back(provider: Provider, state: str):
    provider.clock.forward(days=91)
    doomed = kids(provider)[state]
    together = threading.Barrier(5)

    def revoking() -> None:
        revoke(provider, doomed)

    def acting(act) -> None:
        with suppress(IdpError), provider.context() as ctx:
            act(ctx)

    acts = (
        revoking,
        lambda: acting(lambda ctx: keys.rotate(ctx, "ES256")),
        lambda: acting(schedule.rotate_due),
        lambda: acting(keys.ensure),
        lambda: acting(keys.remove_expired),
    )

    def at_once(act) -> None:
        together.wait()
        act()

    with ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(at_once, acts))

    states = kids(provider)
    assert doomed not in states.values()
    assert {"active", "next"} <= set(states)
    provider.clock.forward(seconds=5)
    assert doomed not in published(provider)
    assert provider.event_names().count("key.revoked") == 1
    assert provider.browser().get("/jwks", base_url=ISSUER).status_code == 200


def test_revoked_at_once_by_two_it_is_revoked_once(provider: Provider):
    doomed = kids(provider)["active"]
    together = threading.Barrier(4)

    def attempt(_: int) -> bool:
        together.wait()
        with suppress(revocation.NoSuchKey):
            return bool(revoke(provider, doomed))
        return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1
    assert provider.event_names() == ["key.revoked", "key.activated", "key.made"]
