"""`idp user ...`: accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from idp.cli.answers import answer, json_option, table
from idp.cli.house import command
from idp.cli.passwords import password_option, read_password

if TYPE_CHECKING:
    from collections.abc import Callable

    from idp.account.administration import Changes
    from idp.admission.invitation import Link
    from idp.store.users import User


@click.group()
def user() -> None:
    """Make, invite, list, change and disable accounts."""


def _claim_options(decorated: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of everything that can be said about a user."""
    for option in (
        click.option(
            "--claim",
            "claims",
            multiple=True,
            metavar="NAME=VALUE",
            help="A standard claim such as name, given_name, birthdate, zoneinfo, locale or "
            "address.street_address; an empty value takes it away. May be repeated.",
        ),
        click.option("--phone-verified/--phone-unverified", default=None),
        click.option("--phone", "phone_number", metavar="NUMBER", help="Such as +49 30 1234567."),
        click.option("--email-verified/--email-unverified", default=None),
    ):
        decorated = option(decorated)
    return decorated


def _group_option(decorated: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the groups of a user."""
    said = "A group, as IDP_SECOND_FACTOR_GROUPS names it. May be repeated."
    return click.option("--group", "groups", multiple=True, metavar="GROUP", help=said)(decorated)


@user.command()
@click.argument("name")
@click.option("--email", metavar="MAIL", required=True)
@_claim_options
@_group_option
@password_option
@json_option
def create(
    name: str, *, groups: tuple[str, ...], password_stdin: bool, as_json: bool, **said: Any
) -> None:
    """Make an account that signs in as NAME.

    You choose the password, so you know it: rather use `idp user invite`.
    """
    from idp.account import administration

    changes = _changes(**said)
    password = read_password(from_stdin=password_stdin)
    with command() as ctx:
        made = administration.create_user(ctx, name, changes, password, groups)
    text = f"{made.username} can sign in now (subject {made.id})."
    answer(_as_json(made), text, as_json=as_json)


@user.command()
@click.argument("name")
@click.option("--email", metavar="MAIL")
@_claim_options
@_group_option
@json_option
def invite(name: str, *, groups: tuple[str, ...], as_json: bool, **said: Any) -> None:
    """Let somebody set up the account NAME: print a link, and mail one where mail is sent.

    The account is made if there is none. Another invitation voids the one before.
    """
    from idp.account import administration
    from idp.admission import invitation
    from idp.store import users

    changes = _changes(**said)
    with command() as ctx:
        invited = users.find_by_username(ctx.db, name)
        if invited is None:
            invited = administration.create_user(ctx, name, changes, None, groups)
        else:
            administration.change_user(ctx, name, changes)
            if groups:
                administration.set_groups(ctx, name, groups)
            invited = administration.require_user(ctx, name)
        link = invitation.invite(ctx, invited)
    _answer_with(link, invited, f"sets up the account of {invited.username}", as_json=as_json)


@user.command()
@click.argument("name")
@json_option
def reset_password(name: str, *, as_json: bool) -> None:
    """Let NAME choose a new password: print a link, and mail one where mail is sent.

    The old password stays until then. A second step is asked for all the same.
    """
    from idp.account import administration
    from idp.admission import invitation

    with command() as ctx:
        who = administration.require_user(ctx, name)
        link = invitation.invite_to_new_password(ctx, who)
    _answer_with(link, who, f"leads to a new password for {who.username}", as_json=as_json)


@user.command()
@click.argument("name")
@click.option("--reason", metavar="TEXT", required=True, help="Why, for the audit log.")
@json_option
def reset_factors(name: str, *, reason: str, as_json: bool) -> None:
    """Take all second steps of NAME away: print the link to new ones, and mail one.

    Make sure first that you speak with NAME. All sessions end; the password alone signs in no more.
    """
    from idp.account import administration
    from idp.admission import reset

    with command() as ctx:
        who = administration.require_user(ctx, name)
        link = reset.reset_factors(ctx, who, reason)
    _answer_with(link, who, f"sets up new second steps for {who.username}", as_json=as_json)


@user.command()
@click.argument("name")
@click.argument("groups", nargs=-1)
@json_option
def set_groups(name: str, *, groups: tuple[str, ...], as_json: bool) -> None:
    """Put NAME into these GROUPS, and no others."""
    from idp.account import administration

    with command() as ctx:
        changed = administration.set_groups(ctx, name, groups)
    said = ", ".join(sorted(set(groups))) or "no group"
    text = f"{name} is in {said}." if changed else "Nothing is different."
    data = {"username": name, "groups": sorted(set(groups)), "changed": changed}
    answer(data, text, as_json=as_json)


@user.command(name="list")
@json_option
def list_(*, as_json: bool) -> None:
    """List all accounts."""
    from idp.store import users

    with command() as ctx:
        everyone = users.list_all(ctx.db)
    rows = [
        (
            one.username,
            one.email or "",
            ",".join(one.groups),
            "disabled" if one.disabled_at else "active",
            one.id,
        )
        for one in everyone
    ]
    text = table(("NAME", "EMAIL", "GROUPS", "STATE", "SUBJECT"), rows)
    answer([_as_json(one) for one in everyone], text, as_json=as_json)


@user.command()
@click.argument("name")
@password_option
@json_option
def set_password(name: str, *, password_stdin: bool, as_json: bool) -> None:
    """Give NAME another password; all sessions of NAME end.

    You choose the password, so you know it: rather use `idp user reset-password`.
    """
    from idp.account import administration

    password = read_password(from_stdin=password_stdin)
    with command() as ctx:
        ended = administration.set_password(ctx, name, password)
    text = f"{name} has a new password. Sessions ended: {ended}."
    answer({"username": name, "sessions_ended": ended}, text, as_json=as_json)


@user.command()
@click.argument("name")
@click.option("--email", metavar="MAIL")
@_claim_options
@json_option
def set_claims(name: str, *, as_json: bool, **said: Any) -> None:
    """Change what is said about NAME."""
    from idp.account import administration

    changes = _changes(**said)
    with command() as ctx:
        changed = administration.change_user(ctx, name, changes)
    text = f"Changed: {', '.join(changed)}." if changed else "Nothing is different."
    data = {"username": name, "changed": bool(changed), "fields": changed}
    answer(data, text, as_json=as_json)


@user.command()
@click.argument("name")
@json_option
def disable(name: str, *, as_json: bool) -> None:
    """Let NAME sign in no more; all sessions of NAME end."""
    from idp.account import administration

    with command() as ctx:
        ended = administration.disable_user(ctx, name)
    was_so = f"{name} was disabled already."
    text = was_so if ended is None else f"{name} is disabled. Sessions ended: {ended}."
    changed = ended is not None
    data = {"username": name, "changed": changed, "disabled": True, "sessions_ended": ended or 0}
    answer(data, text, as_json=as_json)


@user.command()
@click.argument("name")
@json_option
def enable(name: str, *, as_json: bool) -> None:
    """Let a disabled NAME sign in again."""
    from idp.account import administration

    with command() as ctx:
        changed = administration.enable_user(ctx, name)
    text = f"{name} can sign in again." if changed else f"{name} was not disabled."
    answer({"username": name, "changed": changed, "disabled": False}, text, as_json=as_json)


def _answer_with(link: Link, who: User, does: str, *, as_json: bool) -> None:
    """Print a link, this once: it is kept nowhere."""
    until = link.expires_at.isoformat(timespec="minutes")
    lines = [f"This link {does}, once and until {until}:", link.url]
    if link.mailed:
        lines.append(f"Another one is on its way to {who.email}.")
    data = {
        "sub": who.id,
        "username": who.username,
        "link": link.url,
        "expires_at": link.expires_at.isoformat(),
        "mailed": link.mailed,
    }
    answer(data, "\n".join(lines), as_json=as_json)


def _changes(*, claims: tuple[str, ...], **said: Any) -> Changes:
    from idp.account.administration import Changes

    named = {}
    for claim in claims:
        name, separator, value = claim.partition("=")
        if not separator:
            raise click.BadParameter(f"{claim!r} has no =", param_hint="--claim")
        named[name] = value
    email_verified, phone_verified = said.pop("email_verified"), said.pop("phone_verified")
    return Changes(
        **said,
        email_verified=email_verified,
        phone_number_verified=phone_verified,
        claims=named,
    )


def _as_json(one: User) -> dict[str, object]:
    return {
        "sub": one.id,
        "username": one.username,
        "email": one.email,
        "email_verified": one.email_verified,
        "phone_number": one.phone_number,
        "phone_number_verified": one.phone_number_verified,
        "profile": one.profile,
        "groups": one.groups,
        "disabled": one.disabled_at is not None,
        "created_at": one.created_at.isoformat(),
        "updated_at": one.updated_at.isoformat(),
    }
