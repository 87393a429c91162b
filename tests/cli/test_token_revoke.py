"""`idp token revoke`: the same service as the endpoint, at an operator's hand."""

import pytest

from idp.protocol.clients.service import ClientMetadata, create
from idp.sessions import service as sessions
from idp.store import sessions as session_rows
from tests.cli.conftest import Idp

REASON = ("--reason", "a laptop was stolen")
NOTHING = {"sessions": 0, "grants": 0, "tokens": 0, "clients": 0}


def open_session(idp: Idp, user_id: str) -> str:
    with idp.inside() as ctx:
        return sessions.open_session(ctx, user_id, ("pwd",), None).session.sid


def end_of(idp: Idp, sid: str) -> str | None:
    with idp.inside() as ctx:
        past = session_rows.find(ctx.db, sid)
    assert past is not None
    return past.end_reason


def test_all_of_a_user_ends_with_its_reason(idp: Idp) -> None:
    ada, eve = idp.add_user("ada"), idp.add_user("eve")
    sids = [open_session(idp, ada), open_session(idp, ada), open_session(idp, eve)]

    told = idp.json("token", "revoke", "--user", "ada", *REASON)

    assert {name: told[name] for name in NOTHING} == NOTHING | {"sessions": 2}
    assert set(told["ids"]["sessions"]) == set(sids[:2])
    reason = "admin:a laptop was stolen"
    assert [end_of(idp, sid) for sid in sids] == [reason, reason, None]
    name, user_id, data = idp.events()[-1]
    assert (name, user_id, data["selector"]) == ("tokens.revoked", ada, {"user": "ada"})


def test_a_session_is_named_by_its_sid(idp: Idp) -> None:
    sid = open_session(idp, idp.add_user())

    said = idp("token", "revoke", "--session", sid, "--offline", *REASON)

    assert said.split()[:3] == ["sessions", "ended", "1"]
    assert end_of(idp, sid) is not None
    assert "sessions ended  0" in idp("token", "revoke", "--session", sid, *REASON)


def test_a_token_comes_from_standard_input(idp_on_sqlite: Idp) -> None:
    said = idp_on_sqlite("token", "revoke", "--token", "-", *REASON, stdin="idp_rt_x\n")

    assert said == "Nothing of this name is known; nothing was ended.\n"


def test_what_concerns_many_is_asked_about_first(idp: Idp) -> None:
    with idp.inside() as ctx:
        made = create(ctx, ClientMetadata(client_name="A", redirect_uris=("https://a.test/",)))
    sid = open_session(idp, idp.add_user())
    everything = ("token", "revoke", "--issued-before", "2999-01-01T00:00:00Z", *REASON)
    client = ("token", "revoke", "--client", made.client.client_id, *REASON)

    assert "not in the future" in idp.refused(*everything, "--yes", status=2)
    assert "more than one person" in idp.refused(*client, stdin="n\n")
    assert idp.run(*client, stdin="y\n").exit_code == 0
    assert idp.json(*client, "--yes")["ids"]["clients"] == [made.client.client_id]
    assert end_of(idp, sid) is None


def test_everything_before_an_instant_ends(idp: Idp) -> None:
    sid = open_session(idp, idp.add_user())
    with idp.inside() as ctx:
        now = ctx.now.isoformat()

    told = idp.json("token", "revoke", "--issued-before", now, "--yes", *REASON)

    assert told["ids"]["sessions"] == [sid]
    assert idp.add_user("eve")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say what: one of --token, --grant and --session, or else --client, --user and"),
        (("--grant", "x", "--user", "ada"), "say what: one of --token"),
        (("--grant", "x", "--offline"), "--offline: only beside --session"),
        (("--issued-before", "yesterday"), "--issued-before: an instant"),
        (("--token", "-"), "There is no token."),
    ],
)
def test_what_is_not_clear_is_refused_in_the_words_of_the_command(
    idp_on_sqlite: Idp, arguments: tuple[str, ...], said: str
) -> None:
    told = idp_on_sqlite.refused("token", "revoke", *arguments, *REASON, status=2)
    assert said in " ".join(told.split())


@pytest.mark.parametrize(
    ("option", "said"),
    [("--user", "There is no user of this name."), ("--client", "There is no client of this id.")],
)
def test_nobody_is_asked_about_who_does_not_exist(
    idp_on_sqlite: Idp, option: str, said: str
) -> None:
    told = idp_on_sqlite.refused("token", "revoke", option, "nobody", *REASON)
    assert told == f"Error: {said}\n"


def test_a_reason_is_needed(idp_on_sqlite: Idp) -> None:
    idp_on_sqlite.refused("token", "revoke", "--grant", "x", status=2)
    assert "reason: needed" in idp_on_sqlite.refused(
        "token", "revoke", "--grant", "x", "--reason", " ", status=2
    )
