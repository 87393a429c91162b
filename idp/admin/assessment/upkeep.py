"""Weak spots of the house: prompts that wear people out, ends that nobody hears of."""

from collections.abc import Iterator

from idp.admin.assessment.figures import Figures
from idp.admin.assessment.weakness import Check, Severity, Weakness

# A person who is asked this often in a week stops reading what they confirm.
PROMPTS_AT_MOST = 3
_SHARE = 0.05


def too_many_prompts(figures: Figures) -> Iterator[Weakness]:
    """Whoever is asked all the time confirms anything."""
    weeks = sum(figures.prompts_per_week.values())
    over = sum(n for prompts, n in figures.prompts_per_week.items() if prompts > PROMPTS_AT_MOST)
    if weeks and over > weeks * _SHARE:
        yield Weakness(
            name="too_many_prompts",
            severity=Severity.MEDIUM,
            count=over,
            total=weeks,
            what=f"Weeks of users with more than {PROMPTS_AT_MOST} prompts: {over} of {weeks}.",
            why="People who are asked all the time confirm without reading, and blame the prompt.",
            advice="See by which rule with `idp insight` and `idp session show`; try a milder one "
            "with `idp policy simulate`.",
        )


def said_not_me(figures: Figures) -> Iterator[Weakness]:
    """Somebody says that it was somebody else."""
    if figures.alarms.not_me:
        said = figures.alarms.not_me
        yield Weakness(
            name="said_not_me",
            severity=Severity.HIGH,
            count=said,
            total=said + figures.alarms.me,
            what="Prompts that people answered with “it was not me”: "
            f"{said} of {said + figures.alarms.me}.",
            why="Their passwords are in other hands: the second step kept somebody out.",
            advice="What the stranger had is over, and these passwords are others by now; look for "
            "more from the same networks with `idp session list --risk high`.",
        )


def unended(figures: Figures) -> Iterator[Weakness]:
    """Who is not told of an end goes on."""
    if figures.unended:
        yield Weakness(
            name="unended",
            severity=Severity.HIGH,
            count=figures.unended,
            what="Sessions that came to their limit over an hour ago without a record of their "
            f"end: {figures.unended}.",
            why="They are of no use here, but no client was told: the worker does not run.",
            advice="Run `idp worker` (SQLite: `idp serve`).",
        )


def clients_not_told(figures: Figures) -> Iterator[Weakness]:
    """Back-Channel Logout is how an end reaches a client whose page is not open."""
    open_to_people = (each for each in figures.clients if not each.disabled)
    reached = [each for each in open_to_people if each.metadata.redirect_uris]
    deaf = [each for each in reached if each.metadata.backchannel_logout_uri is None]
    if deaf:
        named = ", ".join(sorted(each.metadata.client_name for each in deaf)[:5])
        yield Weakness(
            name="clients_not_told",
            severity=Severity.MEDIUM,
            count=len(deaf),
            total=len(reached),
            what=f"Clients without back-channel logout: {len(deaf)} of {len(reached)} ({named}"
            f"{', …' if len(deaf) > 5 else ''}).",
            why="What was ended here goes on there until the client asks again.",
            advice="Give them `--backchannel-logout-uri`, or have them refresh often.",
        )


def nothing_known_of_networks(figures: Figures) -> Iterator[Weakness]:
    """Without files a network is its prefix, and nobody travels."""
    settings = figures.settings
    missing = [
        name
        for name, path in (
            ("IDP_GEO_ASN_FILE", settings.geo_asn_file),
            ("IDP_GEO_COUNTRY_FILE", settings.geo_country_file),
        )
        if path is None
    ]
    if missing:
        yield Weakness(
            name="networks_unknown",
            severity=Severity.LOW,
            count=len(missing),
            total=2,
            what=f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} not set.",
            why="Another network of the same provider looks as strange as one on another "
            "continent, and impossible travel is not seen.",
            advice="Give MMDB files of a provider of your choice.",
        )


CHECKS: tuple[Check, ...] = (
    said_not_me,
    unended,
    too_many_prompts,
    clients_not_told,
    nothing_known_of_networks,
)
