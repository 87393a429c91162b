"""Every answer that proves nothing is refused under its own name, and changes nothing."""

import json

import pytest

from idp.credentials.passkeys import Refused, Shown
from idp.store import users
from idp.store.webauthn_credentials import Passkey
from tests.credentials.passkey_steps import Person, bob, burnt, device, names_of_events
from tests.support.authenticator import EDDSA, ES256, RS256, b64url
from tests.support.spec import spec

# One lie each, told at registration and at sign-in alike (WebAuthn §7.1, §7.2).
LIES = [
    ({"type": "webauthn.payment"}, "type"),
    ({"type": ["webauthn.get"]}, "type"),
    ({"challenge": b64url(b"c" * 32)}, "challenge"),
    ({"challenge": {"a": 1}}, "challenge"),
    ({"origin": "https://localhost:8000"}, "origin"),
    ({"origin": "http://localhost:8000/"}, "origin"),
    ({"origin": "http://evil.localhost:8000"}, "origin"),
    ({"origin": "android:apk-key-hash:abc"}, "origin"),
    ({"cross_origin": True}, "cross_origin"),
    ({"cross_origin": "false"}, "cross_origin"),
    ({"cross_origin": 0}, "cross_origin"),
    ({"top_origin": "http://localhost:8000"}, "cross_origin"),
    ({"rp_id": "evil.example"}, "rp_id"),
    ({"up": False}, "user_not_present"),
    ({"be": False, "bs": True}, "backup_flags"),
    ({"cut": 1}, "malformed"),
    ({"cut": 200}, "malformed"),
    ({"extra": b"\0"}, "malformed"),
    ({"client_data": b"[]"}, "malformed"),
    ({"client_data": b"{"}, "malformed"),
    ({"client_data": b"\xff\xfe"}, "malformed"),
    ({"client_data": b'{"type": "\xed\xa0\x80"}'}, "malformed"),
    ({"client_data": b"[" * 9000}, "malformed"),
]


@pytest.fixture
def alice(provider):
    return Person(provider)


@spec("WebAuthn §7.1")
@pytest.mark.parametrize(("lie", "reason"), LIES)
def test_a_registration_that_lies_binds_nothing(alice, provider, lie, reason):
    assert alice.register(device(), **lie) == Refused(reason)
    assert alice.passkeys() == []
    assert provider.events() == []
    assert burnt(provider) == 1


@spec("WebAuthn §7.2")
@pytest.mark.parametrize(("lie", "reason"), LIES)
def test_an_assertion_that_lies_proves_nothing(alice, provider, lie, reason):
    key = device()
    made = alice.owns(key)

    assert alice.sign_in(key, **lie) == Refused(reason)
    assert alice.factor(key, **lie) == Refused(reason)
    assert alice.passkeys() == [made]
    assert names_of_events(provider) == ["passkey.added"]
    assert alice.sign_in(key) == Shown("alice-id", made.id, ("pop", "uv"))


@spec("WebAuthn §7.1")
def test_an_assertion_is_no_registration_and_a_registration_no_assertion(alice):
    key = device()
    alice.owns(key)

    assert alice.register(device(), type="webauthn.get") == Refused("type")
    assert alice.sign_in(key, type="webauthn.create") == Refused("type")


@spec("WebAuthn §7.2", "ASVS 6.8.2")
@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
def test_a_changed_signature_is_refused(alice, provider, algorithm):
    key = device(algorithm=algorithm)
    made = alice.owns(key)

    assert alice.sign_in(key, bad_signature=True) == Refused("signature")
    assert alice.passkeys() == [made]
    assert names_of_events(provider) == ["passkey.added"]


@spec("WebAuthn §7.2")
def test_a_signature_of_another_key_under_a_known_id_is_refused(alice, provider):
    key, other = device(), device()
    made = alice.owns(key)
    bob(provider).owns(other)

    answer = alice.sign_in(other, credential_id=made.credential_id, user_handle=b"alice-id")

    assert answer == Refused("signature")


@spec("WebAuthn §7.2", "ASVS 6.5.7")
def test_user_verification_is_demanded_where_it_counts(alice):
    key = device()
    made = alice.owns(key)

    assert alice.sign_in(key, uv=False) == Refused("user_not_verified")
    assert alice.factor(key, verify=True, uv=False) == Refused("user_not_verified")
    assert alice.factor(key, uv=False) == Shown("alice-id", made.id, ("pop",))
    assert alice.factor(key, uv=True) == Shown("alice-id", made.id, ("pop", "uv"))


@spec("WebAuthn §7.2")
@pytest.mark.parametrize("handle", [b"", b"bob-id", b"alice-i", b"\xff"])
def test_alone_a_passkey_names_its_user(alice, handle):
    key = device()
    alice.owns(key)

    assert alice.sign_in(key, user_handle=handle) == Refused("foreign_user")


@spec("WebAuthn §7.2")
def test_beside_a_known_user_the_handle_may_be_missing_but_not_another(alice):
    key = device()
    alice.owns(key)

    assert isinstance(alice.factor(key, user_handle=b""), Shown)
    assert alice.factor(key, user_handle=b"bob-id") == Refused("foreign_user")


@spec("WebAuthn §7.2")
def test_somebody_elses_passkey_is_no_factor(alice, provider):
    hers, his = device(), device()
    made = alice.owns(hers)
    bob(provider).owns(his)
    ceremony = alice.begin_factor()
    options = json.loads(ceremony.options) | {"allowCredentials": []}

    assert alice.finish_factor(ceremony, his.get(json.dumps(options))) == Refused("foreign_user")
    assert alice.factor(hers, user_handle=b"bob-id") == Refused("foreign_user")
    assert alice.passkeys() == [made]


def test_an_unknown_credential_is_refused(alice):
    key = device()
    made = alice.owns(key)

    assert alice.sign_in(key, credential_id=b"unknown") == Refused("unknown_credential")
    longest = alice.sign_in(key, credential_id=made.credential_id + b"x" * 991)
    assert longest == Refused("unknown_credential")
    assert alice.sign_in(key, credential_id=b"x" * 1024) == Refused("malformed")


@spec("WebAuthn §7.1")
def test_a_credential_id_is_taken_once_and_nobody_learns_by_whom(alice, provider):
    other = bob(provider)
    hers = alice.owns(device())

    again = alice.register(device(), credential_id=hers.credential_id)
    elsewhere = other.register(device(), credential_id=hers.credential_id)

    assert again == elsewhere == Refused("duplicate")
    assert alice.passkeys() == [hers]
    assert other.passkeys() == []


@spec("WebAuthn §7.1")
@pytest.mark.parametrize(
    ("credential_id", "bound"), [(b"x" * 1023, True), (b"x" * 1024, False), (b"\0", True)]
)
def test_a_credential_id_has_at_most_1023_bytes(alice, credential_id, bound):
    made = alice.register(device(), credential_id=credential_id)

    assert isinstance(made, Passkey) if bound else made == Refused("malformed")


@spec("WebAuthn §7.1")
def test_the_id_outside_is_the_one_that_was_made(alice):
    ceremony = alice.begin_registration()
    answer = json.loads(device().create(ceremony.options))
    answer["id"] = answer["rawId"] = b64url(b"another")

    assert alice.finish_registration(ceremony, json.dumps(answer)) == Refused("malformed")


@pytest.mark.parametrize("part", ["id", "rawId", "type"])
def test_an_answer_that_contradicts_itself_is_refused(alice, part):
    key = device()
    alice.owns(key)
    making, sign_in = alice.begin_registration(), alice.begin_sign_in()
    made = json.loads(device().create(making.options)) | {part: "AAAA"}
    shown = json.loads(key.get(sign_in.options)) | {part: "AAAA"}

    assert alice.finish_registration(making, json.dumps(made)) == Refused("malformed")
    assert alice.finish_sign_in(sign_in, json.dumps(shown)) == Refused("malformed")


def test_a_user_who_is_gone_meanwhile_gets_no_passkey(alice, provider):
    other = bob(provider)
    ceremony = other.begin_registration()
    answer = device().create(ceremony.options)
    with provider.request() as ctx:
        users.remove(ctx.db, "bob-id")

    assert other.finish_registration(ceremony, answer) == Refused("unknown_user")


@spec("WebAuthn §6.1.3")
def test_a_passkey_does_not_change_whether_it_may_be_synced(alice, provider):
    fixed, synced = device(), device(backup_eligible=True)
    alice.owns(fixed)
    alice.owns(synced)

    assert alice.sign_in(fixed, be=True) == Refused("backup_flags")
    assert alice.sign_in(synced, be=False) == Refused("backup_flags")
    assert isinstance(alice.sign_in(fixed), Shown)
    assert isinstance(alice.sign_in(synced), Shown)


@spec("WebAuthn §6.1.3")
def test_whether_a_passkey_is_synced_is_watched(alice, provider):
    key = device(backup_eligible=True)
    made = alice.owns(key)

    for backed_up in (True, True, False):
        key.backed_up = backed_up
        assert isinstance(alice.sign_in(key), Shown)
        assert [each.backed_up for each in alice.passkeys()] == [backed_up]

    changes = [data for name, data in provider.events() if name == "passkey.backup_changed"]
    assert changes == [
        {"passkey_id": made.id, "backed_up": True},
        {"passkey_id": made.id, "backed_up": False},
    ]
