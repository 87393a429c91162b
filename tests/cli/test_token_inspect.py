"""`idp token inspect`: an operator has a token in the hand and asks what it is."""

import pytest

from idp.protocol.keys import service as keys
from idp.protocol.tokens import access
from idp.protocol.tokens.access import Shape
from idp.sessions import service as sessions
from idp.store import users
from tests.cli.conftest import Idp
from tests.support.spec import spec


@pytest.fixture
def secret(idp: Idp) -> str:
    """The secret of a session that ada has."""
    idp("migrate")
    subject = idp.add_user()
    with idp.inside() as ctx:
        return sessions.open_session(ctx, subject, ("pwd",), None).secret


def test_a_token_is_read_from_standard_input_and_explained(idp: Idp, secret: str) -> None:
    for arguments in ((), ("-",)):
        said = idp("token", "inspect", *arguments, stdin=f"{secret}\nmore\n")
        assert "the secret of a session's cookie" in said
        assert "alive" in said
        assert "session.opened" in said
        assert "ada (" in said
        assert secret not in said


def test_it_answers_in_json(idp: Idp, secret: str) -> None:
    said = idp.json("token", "inspect", stdin=secret)

    assert (said["kind"], said["alive"], said["reasons"]) == ("session_secret", True, [])
    assert said["username"] == "ada"
    assert [event["name"] for event in said["events"]] == ["session.opened"]


def test_what_is_over_is_told_with_its_reason(idp: Idp, secret: str) -> None:
    with idp.inside() as ctx:
        found = sessions.find_standing(ctx, secret)
        assert found is not None
        sessions.end(ctx, found.session.sid, because="admin")

    said = idp("token", "inspect", stdin=secret)

    assert "dead" in said
    assert "its session was ended (an operator ended it)" in said


@spec("RFC 9068 §2.2")
def test_an_access_token_of_a_client_is_explained(idp: Idp) -> None:
    idp("migrate")
    client = idp.add_client("--grant", "client_credentials", "--grant", "authorization_code")
    with idp.inside() as ctx:
        shape = Shape(opaque=False, algorithm="ES256", lifetime=ctx.settings.access_token_lifetime)
        issued = access.issue(
            ctx,
            keys.keyring(ctx),
            shape,
            client_id=client["client_id"],
            scope=("api",),
            audience=(),
            subject=client["client_id"],
        )

    said = idp("token", "inspect", stdin=f"Bearer {issued.token}")

    assert "an access token (jwt)" in said
    assert f"Example App ({client['client_id']})" in said
    assert "http://localhost:8000" in said


def test_what_nobody_made_is_said_to_be_so(idp_on_sqlite: Idp) -> None:
    idp_on_sqlite("migrate")

    said = idp_on_sqlite("token", "inspect", "eyJ.x.y")

    assert "nothing that this provider makes" in said
    assert "idp_rt_" + "A" * 70 not in (
        forged := idp_on_sqlite("token", "inspect", stdin="idp_rt_" + "A" * 70)
    )
    assert "not made by us" in forged


@pytest.mark.parametrize("stdin", ["", "\n", "   \n", "A" * 20_000])
def test_without_a_token_there_is_nothing_to_explain(idp_on_sqlite: Idp, stdin: str) -> None:
    idp_on_sqlite("migrate")

    idp_on_sqlite.refused("token", "inspect", stdin=stdin, status=2)


def test_what_a_token_claims_reaches_no_terminal_unprinted(idp_on_sqlite: Idp) -> None:
    """A name that would turn the terminal around, in a user who is looked at."""
    idp_on_sqlite("migrate")
    subject = idp_on_sqlite.add_user()
    with idp_on_sqlite.inside() as ctx:
        opened = sessions.open_session(ctx, subject, ("pwd",), None)
        users.change(ctx.db, subject, ctx.now, username="a\x1b[2Jda")

    assert "\x1b" not in idp_on_sqlite("token", "inspect", stdin=opened.secret)
