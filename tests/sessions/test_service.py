"""SSO sessions: two limits, one writer, one end (invariants I4, I5, I6, I7)."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.sessions import service
from idp.sessions.service import OpenSession
from idp.store import users
from idp.store.database import Database
from idp.store.sessions import Standing
from idp.store.users import User
from tests.app import NOON, Provider, make_provider
from tests.machines.statements import overheard
from tests.support.databases import fresh_database

IDLE, ABSOLUTE = timedelta(hours=1), timedelta(hours=12)
SECOND = timedelta(seconds=1)


@pytest.fixture
def ada(provider: Provider) -> User:
    return provider.add_user(password=None)


def opened(provider: Provider, user: User, *amr: str) -> OpenSession:
    with provider.context() as ctx:
        return service.open_session(ctx, user.id, amr or ("pwd",), None)


def found(provider: Provider, secret: str | None) -> Standing | None:
    with provider.context() as ctx:
        standing = service.find_standing(ctx, secret)
        if standing is not None:
            service.note_activity(ctx, standing.session)
        return standing


def ended(provider: Provider, sid: str, because: str = "user_logout") -> bool:
    with provider.context() as ctx:
        return service.end(ctx, sid, because=because)


def proved(
    provider: Provider, session: OpenSession, *amr: str, secret: str | None = None
) -> OpenSession | None:
    with provider.context() as ctx:
        return service.prove(
            ctx, session.session, secret or session.secret, amr or ("pwd", "otp"), None
        )


# Two limits


def test_a_session_lives_until_it_was_idle_for_too_long(provider: Provider, ada: User):
    session = opened(provider, ada)

    provider.clock.now = NOON + IDLE - SECOND
    standing = found(provider, session.secret)
    assert standing is not None
    assert standing.user.id == ada.id

    provider.clock.now += IDLE
    assert found(provider, session.secret) is None


def test_a_session_without_activity_ends_at_its_idle_limit_exactly(provider: Provider, ada: User):
    session = opened(provider, ada)

    provider.clock.now = NOON + IDLE

    assert found(provider, session.secret) is None


def test_a_busy_session_ends_at_its_absolute_limit_all_the_same(provider: Provider, ada: User):
    session = opened(provider, ada)
    while provider.clock.now < NOON + ABSOLUTE - timedelta(minutes=30):
        assert found(provider, session.secret) is not None
        provider.clock.forward(minutes=30)

    assert found(provider, session.secret) is not None
    provider.clock.now = NOON + ABSOLUTE
    assert found(provider, session.secret) is None


def test_a_new_proof_does_not_move_the_absolute_limit(provider: Provider, ada: User):
    session = opened(provider, ada)
    provider.clock.forward(minutes=45)

    again = proved(provider, session)

    assert again is not None
    assert again.session.absolute_until == NOON + ABSOLUTE
    assert again.session.opened_at == NOON
    assert again.session.authenticated_at == NOON + timedelta(minutes=45)


def test_a_dead_session_cannot_be_proved_again(provider: Provider, ada: User):
    session = opened(provider, ada)
    provider.clock.now = NOON + IDLE

    assert proved(provider, session) is None


def test_an_absolute_limit_nearer_than_the_idle_one_is_both(database_url: str, tmp_path):
    short = make_provider(database_url, tmp_path, session_idle=3600, session_absolute=3600)
    session = opened(short, short.add_user(password=None))

    assert session.session.idle_until == session.session.absolute_until == NOON + IDLE
    short.clock.forward(minutes=30)
    standing = found(short, session.secret)
    short.house.get(Database).engine.dispose()

    assert standing is not None
    assert standing.session.absolute_until == NOON + IDLE


# What activity writes


def test_activity_is_written_when_a_tenth_of_the_idle_time_has_passed(
    provider: Provider, ada: User
):
    session = opened(provider, ada)
    written = {}
    for minutes in (1, 5, 6, 7, 12):
        provider.clock.now = NOON + timedelta(minutes=minutes)
        with overheard(provider) as heard:
            found(provider, session.secret)
        written[minutes] = any(each.startswith("UPDATE sessions") for each in heard.work)

    assert written == {1: False, 5: False, 6: True, 7: False, 12: True}


def test_activity_is_no_event(provider: Provider, ada: User):
    session = opened(provider, ada)
    before = provider.event_names()
    provider.clock.forward(minutes=30)

    found(provider, session.secret)

    assert provider.event_names() == before


# The secret


def test_a_new_proof_makes_a_new_secret_and_the_old_one_is_dead(provider: Provider, ada: User):
    session = opened(provider, ada, "pwd")

    again = proved(provider, session, "pwd", "otp")

    assert again is not None
    assert again.secret != session.secret
    assert found(provider, session.secret) is None
    standing = found(provider, again.secret)
    assert standing is not None
    assert (standing.session.sid, standing.session.acr) == (session.session.sid, "mfa")


def test_an_old_secret_proves_nothing(provider: Provider, ada: User):
    session = opened(provider, ada)
    assert proved(provider, session) is not None

    assert proved(provider, session) is None
    assert Counter(provider.event_names())["session.proved"] == 1


@pytest.mark.parametrize("secret", [None, "", "idp_ss_", "idp_ss_unknown", "another_prefix", "é"])
def test_what_is_no_secret_of_ours_finds_nobody(provider: Provider, ada: User, secret: str | None):
    opened(provider, ada)

    assert found(provider, secret) is None


def test_the_public_sid_is_no_secret(provider: Provider, ada: User):
    session = opened(provider, ada)

    assert found(provider, session.session.sid) is None
    assert found(provider, f"idp_ss_{session.session.sid}") is None


# The end


def test_a_session_ends_once(provider: Provider, ada: User):
    session = opened(provider, ada)

    assert ended(provider, session.session.sid, "user_logout")
    assert not ended(provider, session.session.sid, "admin")

    assert found(provider, session.secret) is None
    ends = [event for event in provider.audit() if event.name == "session.ended"]
    assert [event.data["reason"] for event in ends] == ["user_logout"]


def test_an_ended_session_is_neither_proved_nor_touched(provider: Provider, ada: User):
    session = opened(provider, ada)
    ended(provider, session.session.sid)
    provider.clock.forward(minutes=10)

    assert proved(provider, session) is None
    assert found(provider, session.secret) is None


def test_ending_all_sessions_of_a_user_leaves_those_of_others(provider: Provider, ada: User):
    mine = [opened(provider, ada) for _ in range(3)]
    ended(provider, mine[0].session.sid)
    other = opened(provider, provider.add_user("bob", password=None))

    with provider.context() as ctx:
        assert service.end_all_of_user(ctx, ada.id, because="password_changed") == 2

    assert [found(provider, each.secret) for each in mine] == [None] * 3
    assert found(provider, other.secret) is not None
    assert Counter(provider.event_names())["session.ended"] == 3


def test_a_disabled_user_has_no_session(provider: Provider, ada: User):
    session = opened(provider, ada)
    with provider.context() as ctx:
        users.change(ctx.db, ada.id, ctx.now, disabled_at=ctx.now)

    assert found(provider, session.secret) is None


# Whatever happens


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(0, 90)),
        st.tuples(st.sampled_from(["use", "prove", "end"]), st.just(0)),
    ),
    max_size=25,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory):
    """One provider for all examples: each opens a session of its own."""
    folder = tmp_path_factory.mktemp("shared")
    with fresh_database("sqlite", folder) as url:
        provider = make_provider(url, folder)
        yield provider, provider.add_user(password=None)
        provider.house.get(Database).engine.dispose()


@given(acts=ACTS)
@settings(max_examples=60)
def test_no_activity_brings_a_session_past_a_limit_or_back_to_life(
    shared: tuple[Provider, User], acts: list[tuple[str, int]]
):
    provider, user = shared
    current = opened(provider, user)
    started = last_used = provider.clock.now
    dead = False
    for act, minutes in acts:
        provider.clock.forward(minutes=minutes)
        now = provider.clock.now
        over = dead or now >= started + ABSOLUTE or now >= last_used + IDLE
        if act == "end":
            ended(provider, current.session.sid)
            over = True
        elif act == "prove" and (again := proved(provider, current)) is not None:
            assert not over
            assert again.session.absolute_until == started + ABSOLUTE
            current, last_used = again, now
        elif act == "use" and (standing := found(provider, current.secret)) is not None:
            assert not over
            assert standing.session.absolute_until == started + ABSOLUTE
            assert standing.session.idle_until <= started + ABSOLUTE
            last_used = now
        dead = over
