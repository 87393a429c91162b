"""Each selector ends exactly what it says, and nothing else."""

import pytest

from tests.admin.world import APPS, PEOPLE, World

ADAS = {"ada/1", "ada/2"} | {f"ada/{app}/{n}" for app in APPS for n in "12"}
SHOPS = {f"{who}/shop/{n}" for who in PEOPLE for n in "12"} | {"shop/1", "shop/2"}


def before(world: World) -> dict[str, str]:
    return {"issued_before": world.between.isoformat()}


CASES = {
    "nothing": (lambda _: {"grant_id": "A" * 22}, set()),
    "an access token": (
        lambda w: {"token": w.tokens["ada/shop/2"]["access_token"]},
        {"ada/shop/2"},
    ),
    "a refresh token": (
        lambda w: {"token": w.tokens["ada/wiki/2"]["refresh_token"]},
        {"ada/wiki/2"},
    ),
    "an ID token": (lambda w: {"token": w.tokens["grace/wiki/2"]["id_token"]}, {"grace/wiki/2"}),
    "a client's own token": (lambda w: {"token": w.own["shop/1"]}, {"shop/1"}),
    "a grant": (lambda w: {"grant_id": w.grant_id("grace/shop/2")}, {"grace/shop/2"}),
    "a session": (lambda w: {"sid": w.sid("ada/1")}, {"ada/1", "ada/shop/1"}),
    "a session with offline access": (
        lambda w: {"sid": w.sid("grace/1"), "offline": True},
        {"grace/1", "grace/shop/1", "grace/wiki/1"},
    ),
    "a user at a client": (
        lambda w: {"user": "ada", "client_id": w.client_id("wiki")},
        {"ada/wiki/1", "ada/wiki/2"},
    ),
    "a user by name": (lambda _: {"user": "ADA"}, ADAS),
    "a user by subject": (
        lambda w: {"user": w.users["grace"].id},
        {name.replace("ada", "grace") for name in ADAS},
    ),
    "of a user at a client before": (
        lambda w: before(w) | {"user": "ada", "client_id": w.client_id("wiki")},
        {"ada/wiki/1"},
    ),
    "of a client before": (
        lambda w: before(w) | {"client_id": w.client_id("shop")},
        {"ada/shop/1", "grace/shop/1", "shop/1"},
    ),
    "of a user before": (
        lambda w: before(w) | {"user": "ada"},
        {"ada/1", "ada/shop/1", "ada/wiki/1"},
    ),
    "everything before": (
        before,
        {f"{who}/{app}/1" for who in PEOPLE for app in APPS}
        | {"ada/1", "grace/1", "shop/1", "wiki/1"},
    ),
    "a client": (lambda w: {"client_id": w.client_id("shop")}, SHOPS),
}
# Each row happens in one world, one after the other.
ROWS = (
    tuple(CASES)[:8],
    ("a user at a client", "a user by name", "a user by subject"),
    (
        "of a user at a client before",
        "of a client before",
        "of a user before",
        "everything before",
        "a client",
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=["single", "users", "wholesale"])
def test_it_ends_what_is_selected_and_nothing_else(world: World, row: tuple[str, ...]):
    dead: set[str] = set()
    for case in row:
        selector, meant = CASES[case]
        fresh = meant - dead
        dead |= meant

        answer = world.admin.revoke(**selector(world))

        assert world.dead() == dead, case
        ended = {kind: set(ids) for kind, ids in answer["ids"].items()}
        assert ended["grants"] == {world.grant_id(n) for n in fresh if n in world.tokens}, case
        assert ended["sessions"] == {world.sid(n) for n in fresh if n in world.browsers}, case
        assert {kind: len(ids) for kind, ids in ended.items()} == {
            kind: answer[kind] for kind in ended
        }, case

        again = world.admin.revoke(**selector(world))
        # A client may have got more for itself in between, and so it is void up to now.
        assert [k for k, ids in again["ids"].items() if ids] in (
            [],
            ["clients"] * (case == "a client"),
        )


def test_a_code_is_taken_back_like_any_token(world: World):
    rp = world.apps["shop"]
    rp.browser = world.browsers["ada/1"]
    code = rp.code()

    assert world.admin.revoke(token=code)["grants"] == 1

    assert rp.redeem(code).get_json()["error"] == "invalid_grant"
    assert world.dead() == set()
