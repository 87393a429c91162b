"""`idp user ...`."""

import os
import pty
import select as waiting
import subprocess
import sys

import pytest
from sqlalchemy import select

from idp.credentials import passwords
from idp.sessions import service as sessions
from idp.store.schema import account_tickets, outbox
from tests.cli.conftest import PASSWORD, Idp
from tests.support.spec import spec

CREATE = ("user", "create", "ada", "--email", "ada@example.test", "--password-stdin")


def test_a_created_user_can_prove_the_password_from_standard_input(idp: Idp) -> None:
    made = idp.json(*CREATE, stdin=f"{PASSWORD}\nand a line that nobody reads\n")

    with idp.inside() as ctx:
        assert passwords.verify(ctx, made["sub"], PASSWORD)
    assert [event[0] for event in idp.events()] == ["user.created", "password.set"]


def test_a_created_user_is_listed_without_any_secret(idp: Idp) -> None:
    sub = idp.add_user()

    assert [(one["sub"], one["username"]) for one in idp.json("user", "list")] == [(sub, "ada")]
    assert "$argon2" not in idp("user", "list", "--json")
    assert idp("user", "list").splitlines()[1].split() == ["ada", "ada@example.test", "active", sub]


def test_a_name_is_taken_in_every_spelling(idp: Idp) -> None:
    idp.add_user("ada")

    taken = idp.refused(
        "user", "create", "ADA", "--email", "b@example.test", "--password-stdin", stdin=PASSWORD
    )
    assert "already" in taken
    assert len(idp.json("user", "list")) == 1


@pytest.mark.parametrize("command", ["create", "set-password"])
def test_no_option_takes_a_password_from_argv(idp_on_sqlite: Idp, command: str) -> None:
    said = idp_on_sqlite.refused("user", command, "ada", "--password", PASSWORD, status=2)
    assert "No such option" in said
    assert "PASSWORD" not in idp_on_sqlite("user", command, "--help")


def test_a_password_is_asked_for_twice_on_a_terminal_and_never_shown(idp_on_sqlite: Idp) -> None:
    told, status = on_a_terminal(
        idp_on_sqlite, *CREATE[:-1], answers={"Password": PASSWORD, "Repeat": PASSWORD}
    )
    assert status == 0, told
    assert PASSWORD not in told
    assert "ada can sign in now" in told


def on_a_terminal(idp: Idp, *arguments: str, answers: dict[str, str]) -> tuple[str, int]:
    """Run the command as a person does who answers each prompt once it is there."""
    ours, theirs = pty.openpty()
    environment = os.environ | {k: v for k, v in idp.environment.items() if v is not None}
    process = subprocess.Popen(
        [sys.executable, "-m", "idp", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    told, pending = "", dict(answers)
    while waiting.select([ours], [], [], 30)[0]:
        try:
            told += os.read(ours, 1024).decode()
        except OSError:  # the other end is closed
            break
        for prompt in [prompt for prompt in pending if prompt in told]:
            os.write(ours, f"{pending.pop(prompt)}\n".encode())
    os.close(ours)
    return told, process.wait(30)


def test_without_a_terminal_nobody_is_asked(idp_on_sqlite: Idp) -> None:
    assert "--password-stdin" in idp_on_sqlite.refused(*CREATE[:-1], status=2)


@spec("NIST SP 800-63B-4 §3.1.1.2")
@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("wolpertinger", "15 characters or more"),
        ("1qaz2wsx3edc4rfv", "tried first"),
        ("aaaaaaaaaaaaaaaaaaaa", "easy to guess"),
        ("ada@example.test", "user's name"),
        ("x" * 1025, "1024 characters are the most"),
    ],
)
def test_a_refused_password_is_explained_and_nothing_is_made(
    idp_on_sqlite: Idp, password: str, reason: str
) -> None:
    said = idp_on_sqlite.refused(*CREATE, stdin=password)
    assert said.startswith("Error: This password cannot be used.")
    assert reason in said
    assert password not in said
    assert idp_on_sqlite.json("user", "list") == []
    assert idp_on_sqlite.events() == []


@spec("NIST SP 800-63B-4 §3.1.1.2", "ASVS 6.2.1")
def test_eight_characters_are_enough_where_a_second_factor_is_required(idp_on_sqlite: Idp) -> None:
    idp_on_sqlite.environment["IDP_SECOND_FACTOR"] = "required"
    idp_on_sqlite(*CREATE, stdin="kv7!Rqz2")


@pytest.mark.parametrize("stdin", ["", "\n"])
def test_an_empty_password_is_none(idp_on_sqlite: Idp, stdin: str) -> None:
    assert "empty" in idp_on_sqlite.refused(*CREATE, stdin=stdin, status=2)


def test_a_file_piped_in_by_mistake_is_no_password(idp_on_sqlite: Idp) -> None:
    assert "too long" in idp_on_sqlite.refused(*CREATE, stdin="x" * 100_000, status=2)


@spec("OIDC Core §5.1")
def test_standard_claims_are_kept_with_the_address_as_an_object(idp: Idp) -> None:
    said = ["name=Ada Example", "birthdate=1990-02-03", "zoneinfo=Europe/Berlin"]
    said += [
        "address.street_address=1 Test Street\n2nd floor",
        "address.country=DE",
        "locale=en-GB",
    ]
    options = [part for claim in said for part in ("--claim", claim)]
    made = idp.json(
        *CREATE, *options, "--email-verified", "--phone", "+49 30 901820", stdin=PASSWORD
    )

    assert made["profile"] == {
        "name": "Ada Example",
        "birthdate": "1990-02-03",
        "zoneinfo": "Europe/Berlin",
        "locale": "en-GB",
        "address": {"street_address": "1 Test Street\n2nd floor", "country": "DE"},
    }
    assert (made["email_verified"], made["phone_number_verified"]) == (True, False)


@spec("OIDC Core §5.1")
@pytest.mark.parametrize(
    "claim",
    [
        "updated_at=1",
        "sub=someone",
        "preferred_username=other",
        "email=x@example.test",
        "address=somewhere",
        "address.planet=Mars",
        "shoe_size=43",
        "birthdate=03.02.1990",
        "birthdate=1990-13-01",
        "birthdate=0000",
        "zoneinfo=Mars/Olympus",
        "zoneinfo=../../etc/passwd",
        "locale=english please",
        "website=javascript:alert(1)",
        "picture=http://",
        "name=Ada\x1b[2J",
        "name=" + "x" * 1001,
    ],
)
def test_a_claim_of_another_form_is_refused(idp_on_sqlite: Idp, claim: str) -> None:
    said = idp_on_sqlite.refused(*CREATE, "--claim", claim, stdin=PASSWORD)
    assert claim.partition("=")[0] in said
    assert idp_on_sqlite.json("user", "list") == []


@pytest.mark.parametrize("birthdate", ["1990", "1990-02-03", "0000-02-29"])
@spec("OIDC Core §5.1")
def test_a_birthdate_may_leave_out_the_day_or_the_year(idp_on_sqlite: Idp, birthdate: str) -> None:
    idp_on_sqlite(*CREATE, "--claim", f"birthdate={birthdate}", stdin=PASSWORD)


def test_all_faults_are_told_together(idp_on_sqlite: Idp) -> None:
    said = idp_on_sqlite.refused(
        *("user", "create", " ada", "--email", "nowhere", "--phone", "call me"),
        *("--claim", "locale=?", "--password-stdin"),
        stdin=PASSWORD,
    )
    assert len(said.splitlines()) == 5


def test_a_claim_without_a_value_is_a_slip(idp_on_sqlite: Idp) -> None:
    said = idp_on_sqlite.refused(*CREATE, "--claim", "name", stdin=PASSWORD, status=2)
    assert "has no =" in said


def test_changed_claims_are_told_by_name_and_an_empty_value_takes_one_away(idp: Idp) -> None:
    sub = idp.add_user()
    idp("user", "set-claims", "ada", "--claim", "nickname=Countess", "--email-verified")
    changed = idp.json(
        *("user", "set-claims", "ada", "--claim", "nickname=", "--email", "new@example.test")
    )

    # The new address is not verified because the old one was.
    assert changed["changed"] is True
    assert changed["fields"] == ["email", "email_verified", "nickname"]
    assert idp.events()[-1] == (
        "user.changed",
        sub,
        {"fields": ["email", "email_verified", "nickname"]},
    )
    assert idp.json("user", "list")[0]["profile"] == {}


def test_a_change_that_changes_nothing_is_not_recorded(idp: Idp) -> None:
    idp.add_user()
    before = idp.events()
    assert "Nothing" in idp("user", "set-claims", "ada", "--email", "ada@example.test")
    assert idp.events() == before


def open_sessions(idp: Idp, sub: str, number: int = 2) -> None:
    with idp.inside() as ctx:
        for _ in range(number):
            sessions.open_session(ctx, sub, ("pwd",), None)


def test_disabling_a_user_ends_all_sessions_and_says_why(idp: Idp) -> None:
    sub = idp.add_user()
    open_sessions(idp, sub)

    assert idp.json("user", "disable", "ada")["sessions_ended"] == 2
    assert [(name, data.get("reason")) for name, _, data in idp.events()][-3:] == [
        ("user.disabled", None),
        ("session.ended", "user_disabled"),
        ("session.ended", "user_disabled"),
    ]
    assert idp.json("user", "list")[0]["disabled"] is True


def test_disabling_or_enabling_twice_changes_and_records_nothing(idp: Idp) -> None:
    idp.add_user()
    changed = [
        idp.json("user", command, "ada")["changed"]
        for command in ("disable", "disable", "enable", "enable")
    ]
    assert changed == [True, False, True, False]
    assert "not disabled" in idp("user", "enable", "ada")
    idp("user", "disable", "ada")
    assert "already" in idp("user", "disable", "ada")
    idp("user", "enable", "ada")

    names = [name for name, _, _ in idp.events()]
    assert names[-2:] == ["user.disabled", "user.enabled"]
    assert idp.json("user", "list")[0]["disabled"] is False


@spec("ASVS 5.0 §7.4.3")
def test_a_new_password_replaces_the_old_one_and_ends_all_sessions(idp: Idp) -> None:
    sub = idp.add_user()
    open_sessions(idp, sub)
    changed = idp.json(
        "user", "set-password", "ada", "--password-stdin", stdin="another lamp over ebbtide"
    )

    assert changed["sessions_ended"] == 2
    with idp.inside() as ctx:
        assert passwords.verify(ctx, sub, "another lamp over ebbtide")
        assert not passwords.verify(ctx, sub, PASSWORD)


@pytest.mark.parametrize(
    "arguments",
    [
        ("set-password", "nobody", "--password-stdin"),
        ("set-claims", "nobody", "--claim", "name=Nobody"),
        ("reset-password", "nobody"),
        ("reset-factors", "nobody", "--reason", "none"),
        ("set-groups", "nobody", "staff"),
        ("disable", "nobody"),
        ("enable", "nobody"),
    ],
)
def test_an_unknown_user_is_said_to_be_unknown(
    idp_on_sqlite: Idp, arguments: tuple[str, ...]
) -> None:
    said = idp_on_sqlite.refused("user", *arguments, stdin=PASSWORD)
    assert said == "Error: There is no user of this name.\n"


INVITE = ("user", "invite", "ada", "--email", "ada@example.test")


@spec("ASVS 6.4.1", "ASVS 6.4.6")
def test_an_invited_user_has_no_password_and_the_link_is_printed_once(idp: Idp) -> None:
    made = idp.json(*INVITE, "--claim", "name=Ada Example", "--group", "staff")

    assert made["link"].startswith("http://localhost:8000/ticket?t=")
    assert made["mailed"] is False
    with idp.inside() as ctx:
        assert not passwords.has_password(ctx, made["sub"])
    (listed,) = idp.json("user", "list")
    assert (listed["groups"], listed["profile"]) == (["staff"], {"name": "Ada Example"})
    assert [event[0] for event in idp.events()] == ["user.created", "user.invited"]
    assert made["link"].rpartition(".")[2] not in str(idp.events())


def test_another_invitation_changes_what_is_said_and_makes_another_link(idp: Idp) -> None:
    first = idp.json(*INVITE)
    second = idp.json(*INVITE[:-1], "ada@new.example.test", "--group", "staff")

    assert first["link"] != second["link"]
    assert idp.json("user", "list")[0]["email"] == "ada@new.example.test"
    assert idp.json("user", "list")[0]["groups"] == ["staff"]


def test_where_mail_is_sent_another_link_goes_to_the_address(idp: Idp) -> None:
    idp.environment |= {"IDP_SMTP_URL": "smtp://127.0.0.1:9", "IDP_MAIL_FROM": "id@example.test"}

    assert "on its way to ada@example.test" in idp(*INVITE)
    with idp.inside() as ctx:
        rows = list(ctx.db.read(select(outbox.c.kind, outbox.c.subject)))
        tickets = list(ctx.db.read(select(account_tickets.c.email)).scalars())
    assert [row.kind for row in rows] == ["mail"]
    assert "ada@example.test" not in str(rows)
    assert set(tickets) == {"ada@example.test", None}


@pytest.mark.parametrize("command", ["invite", "reset-password"])
def test_a_link_is_made_where_it_leads_somewhere(idp: Idp, command: str) -> None:
    if command == "invite":
        idp.add_user()
        assert "can sign in already" in idp.refused("user", "invite", "ada")
    else:
        idp(*INVITE)
        assert "use `invite`" in idp.refused("user", "reset-password", "ada")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("invite", "eve", "--email", "eve@example.test"), "sets up the account of eve"),
        (("reset-password", "ADA"), "leads to a new password for ada"),
        (("reset-factors", "ada", "--reason", "lost"), "sets up new second steps for ada"),
    ],
)
def test_a_link_is_printed_with_what_it_does_and_for_whom(
    idp_on_sqlite: Idp, command: tuple[str, ...], said: str
) -> None:
    idp_on_sqlite.add_user()
    first, link = idp_on_sqlite("user", *command).splitlines()
    assert first.startswith(f"This link {said}, once and until 20")
    assert link.startswith("http://localhost:8000/ticket?t=")


@spec("ASVS 6.4.6")
def test_an_operator_starts_a_new_password_and_the_old_one_stays_until_then(idp: Idp) -> None:
    sub = idp.add_user()
    assert "/ticket?t=" in idp("user", "reset-password", "ada")

    with idp.inside() as ctx:
        assert passwords.verify(ctx, sub, PASSWORD)
    assert idp.events()[-1][:2] == ("recovery.requested", sub)


def test_resetting_factors_takes_a_reason_and_ends_all_sessions(idp: Idp) -> None:
    sub = idp.add_user()
    open_sessions(idp, sub)
    assert "--reason" in idp.refused("user", "reset-factors", "ada", status=2)

    made = idp.json("user", "reset-factors", "ada", "--reason", "lost the phone")

    assert made["sub"] == sub
    said = [(name, data.get("reason")) for name, _, data in idp.events()][-3:]
    assert said == [
        ("session.ended", "factors_reset"),
        ("session.ended", "factors_reset"),
        ("factors.reset", "lost the phone"),
    ]


def test_groups_are_set_and_taken_away(idp: Idp) -> None:
    idp.json(*CREATE, "--group", "staff", "--group", "admins", stdin=PASSWORD)
    assert idp.json("user", "list")[0]["groups"] == ["admins", "staff"]
    headings, ada = idp("user", "list").splitlines()
    assert headings.split() == ["NAME", "EMAIL", "GROUPS", "STATE", "SUBJECT"]
    assert "  admins,staff  active  " in ada

    assert idp.json("user", "set-groups", "ada", "staff")["changed"] is True
    assert "Nothing" in idp("user", "set-groups", "ada", "staff")
    assert "no group" in idp("user", "set-groups", "ada")
    assert idp.json("user", "list")[0]["groups"] == []
    changed = [data for name, _, data in idp.events() if name == "user.changed"]
    assert changed == [{"fields": ["groups"]}] * 2


@pytest.mark.parametrize("group", ["a=b", "a,b", " a", "", "a\x1b"])
def test_no_group_is_called_what_settings_cannot_name(idp_on_sqlite: Idp, group: str) -> None:
    said = idp_on_sqlite.refused(*CREATE, "--group", group, stdin=PASSWORD)
    assert "no group can be called" in said


def test_a_group_that_always_shows_two_factors_has_shorter_passwords(idp_on_sqlite: Idp) -> None:
    idp_on_sqlite.environment["IDP_SECOND_FACTOR_GROUPS"] = "staff=required"
    idp_on_sqlite.refused(*CREATE, stdin="kv7!Rqz2")
    idp_on_sqlite(*CREATE, "--group", "staff", stdin="kv7!Rqz2")
