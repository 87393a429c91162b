"""Codes by mail and text: for one step, ten minutes, five tries, one acceptance."""

import dataclasses
import re
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from idp.credentials import channel_codes
from idp.credentials.channel_codes import Channel, Sent, Wait
from idp.credentials.owned import owned
from idp.delivery import dispatch
from idp.delivery.dispatch import Lane
from idp.store import channel_codes as store
from idp.store import users
from idp.store.schema import channel_codes as table
from idp.store.schema import outbox
from tests.credentials.conftest import ALICE
from tests.support.spec import spec

REACHABLE = dataclasses.replace(
    ALICE, email_verified=True, phone_number="+49 30 901820", phone_number_verified=True
)
CHANNELS = pytest.mark.parametrize("channel", list(Channel))
STEP = "a-login-attempt"


@pytest.fixture
def provider(provider):
    """A provider that sends, to a user who has been reached."""
    given = {
        "issuer": "https://id.example.test",
        "smtp_url": SecretStr("smtp://localhost"),
        "mail_from": "id@example.test",
        "mail_codes": True,
        "text_gateway_url": "http://localhost:1",
        "text_codes": True,
    }
    provider.settings = provider.settings.model_copy(update=given)
    with provider.request() as ctx:
        users.change(
            ctx.db,
            ALICE.id,
            ctx.now,
            email_verified=True,
            phone_number=REACHABLE.phone_number,
            phone_number_verified=True,
        )
    return provider


def send(provider, channel=Channel.MAIL, step=STEP, user=REACHABLE, **options):
    with provider.request() as ctx:
        return channel_codes.send(ctx, user, channel, step, **options)


def delivered(provider, channel=Channel.MAIL) -> dict[str, str]:
    """Take what waits in the outbox."""
    with provider.request() as ctx:
        held = dispatch.claim(ctx, Lane(channel))
        assert held is not None
        parcel = dispatch.unpack(ctx, held)
        assert dispatch.delivered(ctx, held)
    return parcel.payload


def code_in(payload) -> str:
    return re.findall(r"\b[0-9]{8}\b", payload.get("text") or payload["message"])[0]


def sent_code(provider, channel=Channel.MAIL, step=STEP, **options) -> str:
    assert isinstance(send(provider, channel, step, **options), Sent)
    return code_in(delivered(provider, channel))


def verify(provider, code, channel=Channel.MAIL, step=STEP, user_id=ALICE.id) -> bool:
    with provider.request() as ctx:
        return channel_codes.verify(ctx, user_id, channel, code, step)


def wrong(code) -> str:
    return f"{(int(code) + 1) % 10**8:08}"


def names(provider) -> list[str]:
    return [name for name, _ in provider.events()]


@spec("ASVS 6.6.1")
@pytest.mark.parametrize(
    ("settings", "traits", "offered"),
    [
        ({}, {}, (Channel.MAIL, Channel.TEXT)),
        ({"mail_codes": False}, {}, (Channel.TEXT,)),
        ({"smtp_url": None}, {}, (Channel.TEXT,)),
        ({"text_codes": False}, {}, (Channel.MAIL,)),
        ({"text_gateway_url": ""}, {}, (Channel.MAIL,)),
        ({}, {"email_verified": False}, (Channel.TEXT,)),
        ({}, {"email": None}, (Channel.TEXT,)),
        ({}, {"phone_number_verified": False}, (Channel.MAIL,)),
        ({}, {"phone_number": None}, (Channel.MAIL,)),
    ],
)
def test_a_channel_is_offered_when_the_operator_allows_and_the_address_is_proved(
    provider, settings, traits, offered
):
    provider.settings = provider.settings.model_copy(update=settings)
    with provider.request() as ctx:
        user = dataclasses.replace(REACHABLE, **traits)
        assert channel_codes.available(ctx, user) == offered
        has = owned(ctx, user)
    assert (has.mail, has.text) == (Channel.MAIL in offered, Channel.TEXT in offered)


@pytest.mark.parametrize(
    ("traits", "channel", "shown"),
    [
        ({"email": "alice@example.com"}, Channel.MAIL, "a•••@example.com"),
        ({"email": "a@example.com"}, Channel.MAIL, "•••@example.com"),
        ({"phone_number": "+49 30 901-820"}, Channel.TEXT, "•••• 820"),
    ],
)
def test_a_page_shows_too_little_of_an_address_to_learn_it(traits, channel, shown):
    user = dataclasses.replace(REACHABLE, **traits)
    assert channel_codes.destination(user, channel) == shown


@spec("NIST SP 800-63B-4 §3.1.3.2", "ASVS 6.5.1")
@CHANNELS
def test_a_code_is_accepted_once(provider, channel):
    code = sent_code(provider, channel)
    assert verify(provider, f" {code[:4]} {code[4:]}\n", channel)
    assert not verify(provider, code, channel)
    assert provider.events() == [
        ("channel_code.sent", {"channel": channel.value}),
        ("channel_code.accepted", {"channel": channel.value}),
    ]


@spec("ASVS 6.5.4")
def test_codes_are_eight_random_digits(provider):
    codes = set()
    for number in range(8):
        codes.add(sent_code(provider, step=f"step {number}"))
        provider.passes(timedelta(seconds=30))
    assert len(codes) == 8
    assert all(re.fullmatch(r"[0-9]{8}", code) for code in codes)


@spec("ASVS 6.6.2")
def test_a_code_is_good_for_its_step_channel_and_user_alone(provider):
    code = sent_code(provider)
    assert not verify(provider, code, step="another step")
    assert not verify(provider, code, channel=Channel.TEXT)
    assert not verify(provider, code, user_id="bob-id")
    assert verify(provider, code)


@spec("NIST SP 800-63B-4 §3.1.3.2", "ASVS 6.5.5")
@pytest.mark.parametrize(("minutes", "accepted"), [(9.9, True), (10, False)])
def test_a_code_is_good_for_ten_minutes(provider, minutes, accepted):
    code = sent_code(provider)
    provider.passes(timedelta(minutes=minutes))
    assert verify(provider, code) is accepted


@spec("ASVS 6.6.3")
@pytest.mark.parametrize(("tries", "accepted"), [(4, True), (5, False)])
def test_a_code_is_dead_after_five_wrong_tries(provider, tries, accepted):
    code = sent_code(provider)
    for _ in range(tries):
        assert not verify(provider, wrong(code))
    assert verify(provider, code) is accepted


@pytest.mark.parametrize("text", ["", "1234567", "123456789", "abcdefgh", "١٢٣٤٥٦٧٨", "\0" * 8])
def test_what_is_no_code_is_no_try(provider, text):
    code = sent_code(provider)
    for _ in range(10):
        assert not verify(provider, text)
    assert verify(provider, code)


def test_a_new_code_takes_the_place_of_the_old_one(provider):
    old = sent_code(provider)
    for _ in range(5):
        verify(provider, wrong(old))
    provider.passes(timedelta(seconds=30))
    new = sent_code(provider)
    assert not verify(provider, old)
    assert verify(provider, new)


def test_a_code_that_was_not_sent_yet_gives_way_to_the_new_one(provider):
    send(provider)
    provider.passes(timedelta(seconds=30))
    send(provider)
    with provider.request() as ctx:
        rows = ctx.db.read(select(outbox).order_by(outbox.c.id)).all()
    assert [(row.state, row.payload_sealed is None) for row in rows] == [
        ("dead", True),
        ("waiting", False),
    ]
    assert verify(provider, code_in(delivered(provider)))


@spec("ASVS 6.6.3")
def test_a_step_gets_four_codes_half_a_minute_apart(provider):
    half_a_minute = timedelta(seconds=30)
    for left in (3, 2, 1, 0):
        assert send(provider) == Sent(half_a_minute if left else None)
        provider.passes(timedelta(seconds=10))
        again = send(provider)
        expected = Wait(timedelta(seconds=20)) if left else Wait(again.time, over=True)
        assert again == expected
        provider.passes(timedelta(seconds=20))
    provider.passes(timedelta(minutes=30))
    assert send(provider) == Wait(timedelta(days=1), over=True)
    assert isinstance(send(provider, Channel.TEXT), Sent)
    assert names(provider).count("channel_code.sent") == 5


@spec("ASVS 6.6.3")
def test_nobody_gets_more_than_ten_codes_an_hour(provider):
    """Whoever knows the password begins a new step each time."""
    for number in range(10):
        assert isinstance(send(provider, step=f"step {number}"), Sent)
        provider.passes(timedelta(seconds=31))
    assert send(provider, step="step 11") == Wait(timedelta(hours=1) - timedelta(seconds=31))
    assert isinstance(send(provider, Channel.TEXT, step="step 11"), Sent)
    provider.passes(timedelta(hours=1))
    assert isinstance(send(provider, step="step 11"), Sent)
    assert isinstance(send(provider, step="step 12"), Wait)


def test_a_code_that_is_accepted_starts_the_count_anew(provider):
    for number in range(10):
        code = sent_code(provider, step=f"step {number}")
    assert verify(provider, code, step="step 9")
    assert isinstance(send(provider, step="step 11"), Sent)


def test_no_address_is_flooded_from_many_accounts(provider):
    for number in range(11):
        someone = dataclasses.replace(REACHABLE, id=f"user-{number}", username=f"user{number}")
        with provider.request() as ctx:
            users.add(ctx.db, someone)
            sent = channel_codes.send(
                ctx, someone, Channel.MAIL, f"step {number}", address="Victim@example.test"
            )
        assert isinstance(sent, Sent if number < 10 else Wait)


@spec("ASVS 6.3.1")
def test_who_names_a_number_of_somebody_else_keeps_no_code_from_its_owner(provider):
    """I11: it is counted apart, by whose wish a code is sent."""
    eve = dataclasses.replace(ALICE, id="eve-id", username="eve", email=None)
    number = REACHABLE.phone_number
    with provider.request() as ctx:
        users.add(ctx.db, eve)
    for step in range(10):
        named = send(provider, Channel.TEXT, f"eve {step}", eve, address=number)
        assert isinstance(named, Sent)
    assert isinstance(send(provider, Channel.TEXT, "eve 11", eve, address=number), Wait)

    assert isinstance(send(provider, Channel.TEXT), Sent)
    letters = [delivered(provider, Channel.TEXT) for _ in range(2)]
    assert verify(provider, code_in(letters[-1]), Channel.TEXT)
    assert isinstance(send(provider, Channel.TEXT, "eve 11", eve, address=number), Wait)


def test_a_new_address_that_is_proved_starts_its_count_anew(provider):
    new = {"address": "new@example.test"}
    for step in range(10):
        code = sent_code(provider, step=f"step {step}", **new)
    assert isinstance(send(provider, step="step 11", **new), Wait)
    with provider.request() as ctx:
        assert channel_codes.verify(ctx, ALICE.id, Channel.MAIL, code, "step 9", new_address=True)
    assert isinstance(send(provider, step="step 11", **new), Sent)


def test_a_refused_sending_costs_nothing(provider):
    send(provider)
    for _ in range(20):
        assert isinstance(send(provider), Wait)
    provider.passes(timedelta(seconds=30))
    assert isinstance(send(provider), Sent)


@spec("ASVS 6.6.1")
def test_a_code_never_goes_to_an_address_that_nobody_proved(provider):
    user = dataclasses.replace(REACHABLE, email_verified=False)
    with pytest.raises(ValueError, match="no proved address"):
        send(provider, user=user)


def test_a_new_address_is_proved_by_the_code_that_reached_it(provider):
    assert isinstance(send(provider, address="new@example.test"), Sent)
    letter = delivered(provider)
    assert letter["to"] == "new@example.test"
    assert "confirms this mail address" in letter["text"]
    with provider.request() as ctx:
        assert channel_codes.address_proved(ctx, ALICE.id, Channel.MAIL, STEP) is None
    assert verify(provider, code_in(letter))
    with provider.request() as ctx:
        proved = channel_codes.address_proved(ctx, ALICE.id, Channel.MAIL, STEP)
        assert channel_codes.address_proved(ctx, "bob-id", Channel.MAIL, STEP) is None
    assert proved == "new@example.test"


def test_a_code_to_one_address_proves_no_other(provider):
    """Else who asks for the second with the same step would own it."""
    mine = sent_code(provider, address="mine@example.test")
    provider.passes(timedelta(seconds=30))
    sent_code(provider, address="yours@example.test")
    assert not verify(provider, mine)
    with provider.request() as ctx:
        assert channel_codes.address_proved(ctx, ALICE.id, Channel.MAIL, STEP) is None


def test_a_row_whose_address_was_changed_matches_no_code(provider):
    code = sent_code(provider)
    with provider.request() as ctx:
        ctx.db.write(update(table).values(address="eve@example.test"))
    assert not verify(provider, code)


def test_what_is_pending_can_be_told(provider):
    def pending() -> bool:
        with provider.request() as ctx:
            return channel_codes.pending(ctx, STEP, Channel.MAIL)

    assert not pending()
    code = sent_code(provider)
    assert pending()
    assert verify(provider, code)
    assert not pending()
    sent_code(provider, step="another")
    provider.passes(timedelta(minutes=10))
    assert not pending()


def test_the_code_is_not_in_the_database(provider):
    send(provider)
    with provider.request() as ctx:
        row = ctx.db.read(select(table)).one()
        box = ctx.db.read(select(outbox.c.payload_sealed)).scalar_one()
    code = code_in(delivered(provider))
    assert code.encode() not in row.code_hash + box
    assert len(row.code_hash) == 32
    assert verify(provider, code)


def test_a_mail_says_what_for_where_and_to_nobody_else(provider):
    send(provider)
    letter = delivered(provider)
    code = code_in(letter)
    assert letter["to"] == ALICE.email
    assert letter["subject"] == f"{code} is your code for Acme Portal"
    for said in ("sign in to Acme Portal", "id.example.test", "10 minutes", "Give it to nobody"):
        assert said in letter["text"]
    assert "http" not in letter["text"]


@spec("WICG Origin-Bound One-Time Codes §2")
def test_a_text_message_is_short_and_bound_to_the_host(provider):
    send(provider, Channel.TEXT)
    letter = delivered(provider, Channel.TEXT)
    code = code_in(letter)
    assert letter["to"] == REACHABLE.phone_number
    assert letter["message"].splitlines()[-1] == f"@id.example.test #{code}"
    assert letter["message"].isascii()
    assert len(letter["message"]) <= 160


def test_nothing_is_sent_after_the_code_is_dead(provider):
    send(provider)
    provider.passes(timedelta(minutes=10))
    with provider.request() as ctx:
        held = dispatch.claim(ctx, Lane.MAIL)
        with pytest.raises(dispatch.Never, match="expired"):
            dispatch.unpack(ctx, held)


def test_of_many_requests_for_a_code_at_once_one_is_sent(provider):
    answers = provider.together(
        20, lambda ctx: channel_codes.send(ctx, REACHABLE, Channel.MAIL, STEP)
    )
    assert len([each for each in answers if isinstance(each, Sent)]) == 1
    assert names(provider) == ["channel_code.sent"]
    with provider.request() as ctx:
        assert len(ctx.db.read(select(outbox.c.id)).all()) == 1


def test_what_was_sent_for_a_step_is_remembered_for_a_day(provider):
    send(provider)
    for hours, left in ((24, 1), (0.2, 0)):
        provider.passes(timedelta(hours=hours))
        with provider.request() as ctx:
            store.purge(ctx.db, ctx.now)
            assert len(ctx.db.read(select(table.c.bound_to)).all()) == left
