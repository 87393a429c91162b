"""What is known of a request: gathered once, from what it shows and from what was there before."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.context import Origin
from idp.credentials import throttle
from idp.judgement import habits
from idp.judgement.facts import at_sign_in, in_session
from idp.judgement.failures import Failures, failures_near
from idp.kernel.secrets import new_id
from idp.policy.built_in import built_in
from idp.policy.judge import judge
from idp.policy.terms import Change, DeviceStanding, Moment, Outcome, RiskLevel
from idp.settings import Settings
from idp.store import known_devices, sessions
from idp.store.known_devices import KnownDevice
from idp.store.sessions import Session
from idp.surroundings.hints import Hints
from idp.surroundings.networks import Networks
from tests.app import NOON, Provider, make_provider
from tests.machines.statements import overheard
from tests.support.mmdb import write_mmdb

HOME, MOBILE, SYDNEY, HOME_V6 = "192.0.2.10", "198.51.100.10", "203.0.113.10", "2001:db8::1"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
PLACES = {
    "192.0.2.0/24": (64500, "DE", 52.5, 13.4),
    "2001:db8::/32": (64500, "DE", 52.5, 13.4),
    "198.51.100.0/24": (64501, "DE", 50.1, 8.7),
    "203.0.113.0/24": (64502, "AU", -33.9, 151.2),
}


@pytest.fixture
def provider(database_url, tmp_path):
    """A provider that knows the networks of documentation (RFC 5737)."""
    numbers = {net: {"autonomous_system_number": each[0]} for net, each in PLACES.items()}
    cities = {
        net: {
            "country": {"iso_code": country},
            "location": {"latitude": latitude, "longitude": longitude},
        }
        for net, (_, country, latitude, longitude) in PLACES.items()
    }
    tor = tmp_path / "tor"
    tor.write_text(SYDNEY)
    return make_provider(
        database_url,
        tmp_path,
        geo_asn_file=write_mmdb(tmp_path / "asn.mmdb", numbers),
        geo_country_file=write_mmdb(tmp_path / "city.mmdb", cities),
        tor_exits_file=tor,
    )


@pytest.fixture
def ada(provider):
    return provider.add_user(groups=["staff"])


def origin(address=HOME, user_agent=FIREFOX, hints=None):
    return Origin(address, user_agent, hints) if hints else Origin(address, user_agent)


def remember(provider: Provider, user, device_id="mine", **traits):
    with provider.context() as ctx:
        known_devices.add(
            ctx.db,
            KnownDevice(
                device_id=device_id,
                user_id=user.id,
                first_seen_at=ctx.now,
                last_seen_at=ctx.now,
                **{"user_agent": FIREFOX} | traits,
            ),
        )


def session_of(provider: Provider, user, **traits) -> Session:
    now = provider.clock.now
    made = Session(
        sid=new_id(),
        user_id=user.id,
        opened_at=now,
        authenticated_at=now,
        last_seen_at=now,
        idle_seconds=3600,
        idle_until=now + timedelta(hours=1),
        absolute_until=now + timedelta(hours=12),
        **{
            "amr": ("pwd",),
            "device_id": "mine",
            "acr": "sfa",
            "address": HOME,
            "user_agent": FIREFOX,
            "seen_address": HOME,
            "seen_user_agent": FIREFOX,
        }
        | traits,
    )
    with provider.context() as ctx:
        sessions.add(ctx.db, made, made.sid.encode())
    return made


def sign_in(provider: Provider, user, where=None, device_id=None, acr="sfa"):
    with provider.context() as ctx:
        return at_sign_in(
            replace(ctx, origin=where or origin()),
            user,
            device_id=device_id,
            client_id="app",
            acr=acr,
            second_step_owned=True,
        )


def look(provider: Provider, session, user, where=None, *, moment=Moment.AUTHORIZE, **asked):
    with provider.context() as ctx:
        return in_session(
            replace(ctx, origin=where or origin()),
            session,
            user,
            moment=moment,
            **{"client_id": "app", "device_id": session.device_id} | asked,
        )


def test_a_sign_in_is_seen_with_all_that_rules_look_at(provider, ada):
    seen = sign_in(provider, ada)

    assert (seen.facts.moment, seen.facts.groups) == (Moment.SIGN_IN, {"staff"})
    assert (seen.facts.client_id, seen.facts.acr) == ("app", "sfa")
    assert seen.facts.second_step_owned
    assert (seen.facts.network, seen.facts.prefix) == ("AS64500", "192.0.2.0/24")
    assert (seen.facts.country, seen.facts.hosting, seen.facts.tor) == ("DE", False, False)
    assert (seen.facts.device, seen.facts.changes) == (DeviceStanding.NEW, frozenset())
    assert seen.facts.proof_age == timedelta(0)
    assert seen.facts.risk is seen.risk.level
    assert (seen.agent.browser, seen.agent.device) == ("Firefox", "desktop")
    assert (seen.features.asn, seen.features.country, seen.features.browser) == (
        "AS64500",
        "DE",
        "Firefox",
    )


@pytest.mark.parametrize(
    ("traits", "standing"),
    [
        ({}, DeviceStanding.KNOWN),
        ({"trusted_until": NOON}, DeviceStanding.KNOWN),
        ({"trusted_until": NOON + timedelta(seconds=1)}, DeviceStanding.TRUSTED),
    ],
)
def test_a_browser_is_what_it_is_to_this_user(provider, ada, traits, standing):
    remember(provider, ada, **traits)
    grace = provider.add_user("grace")

    assert sign_in(provider, ada, device_id="mine").facts.device is standing
    assert sign_in(provider, ada, device_id="mine").features.known_device
    assert sign_in(provider, grace, device_id="mine").facts.device is DeviceStanding.NEW
    assert sign_in(provider, ada, device_id="other").facts.device is DeviceStanding.NEW


def test_a_credential_in_another_browser_than_its_own_is_suspicious(provider, ada):
    remember(provider, ada, confirmed_at=NOON)

    def names(agent):
        seen = sign_in(provider, ada, origin(user_agent=agent), device_id="mine")
        return {each.name for each in seen.risk.contributions}

    assert "device_differs" not in names(FIREFOX.replace("130", "131"))
    assert "device_differs" in names(CHROME)


@pytest.mark.parametrize(
    ("traits", "after", "vouches"),
    [
        ({}, timedelta(days=7, seconds=-1), "unconfirmed_device"),
        ({}, timedelta(days=7), "unopposed_device"),
        ({"confirmed_at": NOON}, timedelta(0), "known_device"),
        ({"confirmed_at": NOON}, timedelta(days=7), "known_device"),
    ],
)
def test_a_browser_vouches_for_more_once_its_user_had_a_week_to_object(
    provider, ada, traits, after, vouches
):
    remember(provider, ada, **traits)
    provider.clock.forward(seconds=after.total_seconds())

    seen = sign_in(provider, ada, device_id="mine")

    assert {each.name for each in seen.risk.contributions if each.name.endswith("_device")} == {
        vouches
    }


def test_hints_are_counted_by_and_never_compared(provider, ada):
    hints = Hints(brands=("Chromium", "Brave"), platform="Windows")
    remember(provider, ada, user_agent=CHROME)
    session = session_of(provider, ada, seen_user_agent=CHROME)
    brave = origin(user_agent=CHROME, hints=hints)

    seen = look(provider, session, ada, brave)

    assert seen.features.browser == seen.agent.browser == "Brave"
    assert seen.facts.changes == frozenset()


@pytest.mark.parametrize(
    ("zone", "hour"),
    [(None, "4"), ("Asia/Tokyo", "7"), ("America/New_York", "2"), ("Mars/Olympus", "4")],
)
def test_the_hour_is_that_of_the_users_own_clock(provider, zone, hour):
    user = provider.add_user(profile={"zoneinfo": zone} if zone else {})
    assert sign_in(provider, user).features.hour == hour


# Travel


def test_who_was_far_away_a_moment_ago_is_not_here_in_a_new_browser(provider, ada):
    session_of(provider, ada)
    provider.clock.forward(hours=1)

    assert sign_in(provider, ada, origin(SYDNEY)).facts.changes == {Change.IMPOSSIBLE_TRAVEL}
    provider.clock.forward(hours=20)
    assert sign_in(provider, ada, origin(SYDNEY)).facts.changes == frozenset()


def test_a_known_browser_may_be_anywhere(provider, ada):
    """By a tunnel, or because its user has several and is in all of them at once."""
    remember(provider, ada)
    session_of(provider, ada)

    seen = sign_in(provider, ada, origin(SYDNEY), device_id="mine")

    assert seen.facts.changes == frozenset()


def test_what_was_somebody_else_does_not_say_where_the_user_is(provider, ada):
    theirs = session_of(provider, ada, seen_address=SYDNEY)
    with provider.context() as ctx:
        sessions.end(ctx.db, theirs.sid, ctx.now, "not_me")

    assert sign_in(provider, ada).facts.changes == frozenset()


# In a session


def test_a_session_is_seen_with_what_it_has_shown(provider, ada):
    remember(provider, ada)
    session = session_of(provider, ada, acr="mfa", amr=("pwd", "otp"))
    provider.clock.forward(minutes=20)

    seen = look(provider, session, ada, second_step_owned=True)

    assert (seen.facts.moment, seen.facts.acr) == (Moment.AUTHORIZE, "mfa")
    assert seen.facts.proof_age == timedelta(minutes=20)
    assert seen.facts.device is DeviceStanding.KNOWN
    assert seen.facts.changes == frozenset()
    assert seen.facts.second_step_owned


@pytest.mark.parametrize(
    ("where", "device_id", "changes"),
    [
        (origin(MOBILE), "mine", {"network"}),
        (origin(HOME_V6), "mine", set()),
        (origin(SYDNEY), "mine", {"network", "country"}),
        (origin(user_agent=FIREFOX.replace("130", "131")), "mine", set()),
        (origin(user_agent=CHROME), "mine", {"browser"}),
        (origin(MOBILE, CHROME), "mine", {"network", "browser", "network_and_browser"}),
        (origin(), None, {"device"}),
        (origin(SYDNEY), None, {"network", "country", "device", "impossible_travel"}),
    ],
    ids=[
        "Wi-Fi to mobile",
        "IPv4 to IPv6",
        "VPN switched on",
        "an update",
        "another browser",
        "a copied cookie elsewhere",
        "a copied cookie at home",
        "a copied cookie far away",
    ],
)
def test_what_changed_in_a_session_is_named(provider, ada, where, device_id, changes):
    session = session_of(provider, ada)
    provider.clock.forward(minutes=1)

    assert look(provider, session, ada, where, device_id=device_id).facts.changes == changes


def test_a_cookie_in_two_places_by_turns_is_a_copy(provider, ada):
    session = session_of(
        provider,
        ada,
        seen_address=MOBILE,
        seen_user_agent=CHROME,
        before_address=HOME,
        before_user_agent=FIREFOX,
    )
    assert Change.COPIED_COOKIE in look(provider, session, ada).facts.changes


def test_without_files_a_hop_between_versions_is_a_network_and_nothing_more(database_url, tmp_path):
    provider = make_provider(database_url, tmp_path)
    ada = provider.add_user()
    session = session_of(provider, ada)

    seen = look(provider, session, ada, origin(HOME_V6))

    assert seen.facts.changes == {Change.NETWORK}
    assert (seen.facts.network, seen.facts.country) == ("2001:db8::/48", None)


@pytest.mark.parametrize(
    ("moment", "where"),
    [
        (Moment.REFRESH, origin(SYDNEY, "a server of the client's")),
        (Moment.AUTHORIZE, Origin("", "")),
    ],
    ids=["a refresh", "the worker"],
)
def test_where_no_browser_asks_the_user_is_where_they_were(provider, ada, moment, where):
    remember(provider, ada)
    session = session_of(provider, ada, risk="elevated")

    seen = look(provider, session, ada, where, moment=moment, device_id=None)

    assert seen.facts.changes == frozenset()
    assert (seen.facts.network, seen.facts.country, seen.facts.tor) == ("AS64500", "DE", False)
    assert seen.facts.device is DeviceStanding.KNOWN
    assert (seen.facts.risk, seen.risk.score) == (RiskLevel.ELEVATED, 0.0)
    assert seen.agent.browser == "Firefox"


def test_a_session_from_before_it_was_watched_is_where_it_was_opened(provider, ada):
    session = session_of(provider, ada, seen_address="", seen_user_agent="")
    assert look(provider, session, ada).facts.changes == frozenset()


# Honest people


def lives_at_home(provider: Provider, user) -> Session:
    """A user of whom half a dozen quiet sign-ins are known, in a session in their own browser."""
    remember(provider, user, confirmed_at=provider.clock.now)
    for _ in range(6):
        seen = sign_in(provider, user, device_id="mine")
        with provider.context() as ctx:
            habits.learn(ctx, user.id, seen.features, 1.0)
        provider.clock.forward(days=1)
    return session_of(provider, user)


TUNNEL = "203.0.113.11"
HONEST = {
    "Wi-Fi to mobile": origin(MOBILE),
    "IPv4 to IPv6": origin(HOME_V6),
    "VPN switched on": origin(TUNNEL),
    "an update": origin(user_agent=FIREFOX.replace("130", "131")),
    "an update on the way": origin(MOBILE, FIREFOX.replace("130", "131")),
}


@pytest.mark.parametrize("where", HONEST.values(), ids=HONEST)
@pytest.mark.parametrize("files", [True, False], ids=["with files", "without"])
def test_what_happens_to_honest_people_all_day_asks_nothing_of_them(provider, ada, where, files):
    if not files:
        provider.house.provide(Networks(Settings()))
    session = lives_at_home(provider, ada)

    seen = look(provider, session, ada, where)

    outcome = judge(built_in(Settings()), seen.facts).outcome
    assert outcome in (Outcome.ALLOW, Outcome.SHORTEN), seen


@pytest.mark.parametrize("where", HONEST.values(), ids=HONEST)
def test_what_happens_to_honest_people_ends_nothing_where_nothing_is_known_of_them(
    provider, ada, where
):
    session = session_of(provider, ada, device_id=None)
    for there in (where, replace(where, user_agent=CHROME)):
        seen = look(provider, session, ada, there, device_id="new")
        assert judge(built_in(Settings()), seen.facts).outcome is not Outcome.END


# Failures


def fail(provider: Provider, account, *, factor="password", device_id=None, times=1, address=HOME):
    for _ in range(times):
        with provider.context() as ctx:
            there = replace(ctx, origin=origin(address))
            assert throttle.admit(there, account, device_id, factor) is None


def succeed(provider: Provider, account, *, factor="password", device_id=None, address=HOME):
    fail(provider, account, factor=factor, device_id=device_id, address=address)
    with provider.context() as ctx:
        throttle.succeeded(replace(ctx, origin=origin(address)), account, device_id, factor)


def near(provider: Provider, user, *, device_id=None, address=HOME) -> Failures:
    with provider.context() as ctx:
        return failures_near(replace(ctx, origin=origin(address)), user, device_id)


def test_failures_at_an_account_are_counted_by_all_its_names(provider, ada):
    fail(provider, "ada", times=2)
    fail(provider, "ada@example.test", address=MOBILE)
    fail(provider, ada.id, factor="totp", address=MOBILE)
    fail(provider, "grace", address=MOBILE)

    assert near(provider, ada) == Failures(account=4, network=2)
    assert near(provider, ada, address=SYDNEY) == Failures(account=4, network=0)


def test_failures_of_this_browser_count_and_those_of_other_known_ones_do_not(provider, ada):
    fail(provider, "ada", device_id="mine", times=3)

    assert near(provider, ada, device_id="mine") == Failures(account=3)
    assert near(provider, ada, device_id="another") == Failures()
    assert near(provider, ada) == Failures()


def test_a_success_is_known_by_the_failures_that_it_came_after(provider, ada):
    """Whoever guesses right at the fourth try is not as good as who knew it."""
    fail(provider, "ada", times=3)
    succeed(provider, "ada")

    assert near(provider, ada) == Failures(account=3, network=3)
    provider.clock.forward(hours=1)
    assert near(provider, ada) == Failures()


def test_a_success_at_once_comes_after_nothing(provider, ada):
    succeed(provider, "ada")
    assert near(provider, ada) == Failures()


def test_old_failures_make_wait_and_tell_nothing(provider, ada):
    fail(provider, "ada", times=3)
    provider.clock.forward(hours=23)
    assert near(provider, ada).account == 3
    provider.clock.forward(hours=1)
    assert near(provider, ada).account == 0


def test_failures_are_part_of_the_score(provider, ada):
    fail(provider, "ada", times=4)
    names = {each.name for each in sign_in(provider, ada).risk.contributions}
    assert names >= {"account_failures", "network_failures"}


# What it costs


def test_looking_changes_nothing_and_costs_a_handful_of_look_ups(provider, ada):
    remember(provider, ada)
    session = session_of(provider, ada)

    with overheard(provider) as unknown:
        sign_in(provider, ada, origin(SYDNEY))
    with overheard(provider) as known:
        sign_in(provider, ada, device_id="mine")
    with overheard(provider) as inside:
        look(provider, session, ada, origin(MOBILE))
    with overheard(provider) as refreshing:
        look(provider, session, ada, moment=Moment.REFRESH)

    for heard, most in ((unknown, 5), (known, 4), (inside, 4), (refreshing, 1)):
        assert all(each.startswith("SELECT") for each in heard.work)
        assert len(heard.work) <= most
        assert heard.frames == []
