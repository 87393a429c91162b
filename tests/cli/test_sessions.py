"""`idp session ...`: who is signed in, why until then, and the end of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, update

from idp.sessions import service as sessions
from idp.store import decisions, known_devices
from idp.store import sessions as session_rows
from idp.store.known_devices import KnownDevice
from idp.store.schema import grants, outbox
from idp.store.schema import sessions as session_table
from tests.cli.conftest import Idp
from tests.support.judged import CHROME, a_decision
from tests.support.spec import spec

REASON = ("--reason", "a laptop was stolen")


def open_session(idp: Idp, user_id: str, device_id: str | None = None, **columns: Any) -> str:
    """Open a session, and let its row say what is given."""
    with idp.inside() as ctx:
        sid = sessions.open_session(ctx, user_id, ("pwd", "otp"), device_id).session.sid
        if columns:
            mine = update(session_table).where(session_table.c.sid == sid)
            ctx.db.write(mine.values(**columns))
    return sid


def give(idp: Idp, user_id: str, client_id: str, sid: str, **columns: Any) -> None:
    """Let a client have something out of a session."""
    with idp.inside() as ctx:
        values = {
            "id": f"grant-{sid}",
            "client_id": client_id,
            "user_id": user_id,
            "sid": sid,
            "scope": ["openid"],
            "resource": [],
            "offline": False,
            "claims": {},
            "consented": False,
            "redirect_uri": "https://app.example.test/cb",
            "auth_time": ctx.now,
            "acr": "mfa",
            "amr": ["pwd", "otp"],
            "opened_at": ctx.now,
            "code_expires_at": ctx.now,
            "code_redeemed_at": ctx.now,
            "generation": 1,
            "retries": 0,
            "idle_until": ctx.now + timedelta(hours=1),
            "absolute_until": ctx.now + timedelta(hours=1),
        }
        ctx.db.write(insert(grants).values(**(values | columns)))


def end_of(idp: Idp, sid: str) -> str | None:
    with idp.inside() as ctx:
        past = session_rows.find(ctx.db, sid)
    assert past is not None
    return past.end_reason


def test_live_sessions_are_listed_and_no_others(idp: Idp) -> None:
    ada, eve = idp.add_user("ada"), idp.add_user("eve")
    live = open_session(idp, ada, user_agent=CHROME, address="198.51.100.7")
    risky = open_session(idp, eve, risk="high", challenge="copied cookie")
    open_session(idp, ada, absolute_until=idp_now(idp) - timedelta(seconds=1))
    over = open_session(idp, ada)
    idp("session", "end", over, *REASON)

    shown = idp("session", "list")
    assert "198.51.100.7" in shown
    assert "Chrome on Linux" in shown
    assert "challenged" in shown
    listed = idp.json("session", "list")
    assert {row["sid"] for row in listed} == {live, risky}
    assert [row["sid"] for row in idp.json("session", "list", "--user", "ada")] == [live]
    assert [row["sid"] for row in idp.json("session", "list", "--user", eve)] == [risky]
    assert [row["sid"] for row in idp.json("session", "list", "--risk", "high")] == [risky]
    assert len(idp.json("session", "list", "--limit", "1")) == 1


def idp_now(idp: Idp) -> Any:
    with idp.inside() as ctx:
        return ctx.now


def test_the_sessions_of_a_client_are_those_that_it_has_something_out_of(idp: Idp) -> None:
    ada, client = idp.add_user("ada"), idp.add_client()["client_id"]
    used, over = open_session(idp, ada), open_session(idp, ada)
    open_session(idp, ada)
    give(idp, ada, client, used)
    give(idp, ada, client, over, ended_at=idp_now(idp), end_reason="client_revoked")

    assert [row["sid"] for row in idp.json("session", "list", "--client", client)] == [used]


def test_a_session_is_explained_with_all_that_hangs_on_it_and_no_secret(idp: Idp) -> None:
    ada, client = idp.add_user("ada"), idp.add_client()["client_id"]
    with idp.inside() as ctx:
        device = KnownDevice(
            device_id="browser-1",
            user_id=ada,
            first_seen_at=ctx.now,
            last_seen_at=ctx.now,
            trusted_until=ctx.now + timedelta(days=1),
        )
        known_devices.add(ctx.db, device)
    sid = open_session(
        idp,
        ada,
        "browser-1",
        address="198.51.100.7",
        user_agent=CHROME,
        seen_address="203.0.113.9",
        limited_by="new browser",
        policy_version="0a1b2c",
        decision_id="decision-1",
    )
    give(idp, ada, client, sid)
    with idp.inside() as ctx:
        made = a_decision(ada, ctx.now, id="decision-1", sid=sid, rule="new browser")
        unusual = [
            {"name": "new_country", "weight": 1.5, "detail": "NO"},
            {"name": "known_device", "weight": -1.0, "detail": ""},
        ]
        made = replace(made, outcome="shorten", answer="me", contributions=unusual)
        decisions.add(ctx.db, made)
        told = {"kind": "backchannel_logout", "subject": ada, "sid": sid, "client_id": client}
        waiting = {"state": "waiting", "attempts": 2, "not_before": ctx.now, "created_at": ctx.now}
        sealed = {"payload_sealed": b"sealed", "last_error": "HTTP 503"}
        ctx.db.write(insert(outbox).values(**told, **waiting, **sealed))

    shown = idp("session", "show", sid)
    for said in (
        f"ada ({ada})",
        "Chrome on Linux",
        "203.0.113.9",
        "Authenticator app",
        "after 1 h",
        "new browser",
        "0a1b2c",
        "shorten",
        "You have not signed in from Norway before",
        client,
        "backchannel_logout",
        "HTTP 503",
        "trusted until",
    ):
        assert said in shown, said
    data = idp.json("session", "show", sid)
    assert (data["state"], data["username"]) == ("live", "ada")
    assert data["decisions"][0]["facts"]["moment"] == "sign_in"
    assert data["decisions"][0]["reasons"] == ["You have not signed in from Norway before"]
    assert data["grants"][0]["client_id"] == client
    assert data["told"][0]["state"] == "waiting"
    assert not {"secret_hash", "payload_sealed"} & {*data, *data["told"][0]}


def test_a_session_that_nobody_used_is_over_with_its_reason(idp: Idp) -> None:
    ada = idp.add_user("ada")
    unused = open_session(idp, ada, idle_until=idp_now(idp) - timedelta(seconds=1))
    old = open_session(idp, ada, absolute_until=idp_now(idp) - timedelta(seconds=1))
    asked = open_session(idp, ada, challenged_at=idp_now(idp), challenge="copied cookie")

    shown = [idp.json("session", "show", sid) for sid in (unused, old, asked)]
    assert [(each["state"], each["end_reason"]) for each in shown] == [
        ("ended", "idle_timeout"),
        ("ended", "absolute_timeout"),
        ("challenged", None),
    ]
    assert "copied cookie" in idp("session", "show", asked)
    assert "it was not used for too long" in idp("session", "show", unused)
    assert "forgotten since" in idp("session", "show", open_session(idp, ada, "browser-9"))


@spec("ASVS 5.0 §7.4.5")
def test_an_operator_ends_a_session_and_says_why(idp: Idp) -> None:
    ada = idp.add_user("ada")
    sid, other = open_session(idp, ada), open_session(idp, ada)

    assert idp("session", "end", sid, *REASON) == f"{sid} is over now.\n"

    assert (end_of(idp, sid), end_of(idp, other)) == ("admin:a laptop was stolen", None)
    name, user_id, data = next(event for event in idp.events() if event[0] == "session.ended")
    assert (name, user_id, data["reason"]) == ("session.ended", ada, "admin:a laptop was stolen")
    assert idp.json("session", "end", sid, *REASON) == {"sid": sid, "ended": False}
    assert [event[0] for event in idp.events()].count("session.ended") == 1
    assert "an operator ended it: a laptop was stolen" in idp("session", "show", sid)


def test_what_people_read_is_in_words_and_what_programs_read_in_codes(idp: Idp) -> None:
    ada, client = idp.add_user("ada"), idp.add_client()["client_id"]
    rules = {"limited_by": "new_browser", "challenge": "copied_cookie"}
    sid = open_session(idp, ada, challenged_at=idp_now(idp), **rules)
    give(idp, ada, client, sid, ended_at=idp_now(idp), end_reason="consent_revoked")
    with idp.inside() as ctx:
        decisions.add(ctx.db, replace(a_decision(ada, ctx.now, sid=sid), answer="not_me"))
        sessions.end(ctx, sid, because="policy:copied_cookie")

    shown, told = idp("session", "show", sid), idp.json("session", "show", sid)

    for said in (
        "the policy ended it, by the rule copied_cookie",
        "copied_cookie (“This session was used in two places by turns”)",
        "new_browser (“This browser is new to us”)",
        "ended: its user took the consent back",
        "it was not me",
    ):
        assert said in shown, said
    assert (told["end_reason"], told["limited_by"]) == ("policy:copied_cookie", "new_browser")
    assert told["grants"][0]["end_reason"] == "consent_revoked"
    assert told["decisions"][0]["answer"] == "not_me"


@spec("ASVS 5.0 §7.4.5")
def test_an_operator_ends_all_sessions_of_a_user(idp: Idp) -> None:
    ada, eve = idp.add_user("ada"), idp.add_user("eve")
    sids = [open_session(idp, ada), open_session(idp, ada), open_session(idp, eve)]

    told = idp.json("session", "end-all", "--user", "ada", *REASON)

    assert told == {"sub": ada, "username": "ada", "sessions_ended": 2}
    reason = "admin:a laptop was stolen"
    assert [end_of(idp, sid) for sid in sids] == [reason, reason, None]
    assert idp("session", "end-all", "--user", ada, *REASON) == "ada: sessions ended: 0.\n"


def test_what_does_not_exist_is_refused_and_so_is_no_reason(idp_on_sqlite: Idp) -> None:
    sid = open_session(idp_on_sqlite, idp_on_sqlite.add_user("ada"))
    refused = idp_on_sqlite.refused
    for arguments in (("show", "nothing"), ("end", "nothing", *REASON)):
        assert "There is no session of this id" in refused("session", *arguments)
    nobody = "Error: There is no user of this name.\n"
    assert refused("session", "list", "--user", "nobody") == nobody
    nothing = "Error: There is no client of this id.\n"
    assert refused("session", "list", "--client", "nobody") == nothing
    assert refused("session", "end-all", "--user", "nobody", *REASON) == nobody
    refused("session", "end", sid, status=2)
    for reason in (" ", "a\nb", "x" * 201):
        assert "A reason is needed" in refused("session", "end", sid, "--reason", reason)
        assert "A reason is needed" in refused(
            "session", "end-all", "--user", "ada", "--reason", reason
        )
    assert end_of(idp_on_sqlite, sid) is None
