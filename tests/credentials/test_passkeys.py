"""Passkeys: what is asked of a browser, what is bound, and what it proves."""

import json
from datetime import timedelta

import pytest

from idp.credentials import passkeys
from idp.credentials.ceremonies import ALGORITHMS
from idp.credentials.passkeys import MAX_PASSKEYS, Refused, Shown
from tests.credentials.conftest import ALICE, NOON
from tests.credentials.passkey_steps import BROWSER, Person, bob, burnt, device, names_of_events
from tests.support.authenticator import (
    EDDSA,
    ES256,
    RS256,
    AlreadyRegistered,
    NotAllowed,
    b64url,
)
from tests.support.spec import spec


@pytest.fixture
def alice(provider):
    return Person(provider)


@spec("WebAuthn §5.4")
def test_registration_asks_for_a_discoverable_credential_of_this_user_here(alice):
    options = json.loads(alice.begin_registration().options)

    assert options["rp"] == {"id": "localhost", "name": "Acme Portal"}
    assert options["user"] == {
        "id": b64url(b"alice-id"),
        "name": "alice.liddell",
        "displayName": "Alice Pleasance Liddell",
    }
    assert [each["alg"] for each in options["pubKeyCredParams"]] == [EDDSA, ES256, RS256]
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "preferred",
    }
    assert options["attestation"] == "none"
    assert options["extensions"] == {"credProps": True}
    assert options["excludeCredentials"] == []
    assert "hints" not in options


@spec("WebAuthn §13.4.3", "ASVS 6.7.2")
def test_every_challenge_is_32_random_bytes_and_showing_one_writes_nothing(alice, provider):
    ceremonies = [alice.begin_registration(), alice.begin_sign_in(), alice.begin_factor()]
    challenges = {json.loads(each.options)["challenge"] for each in ceremonies}

    assert len(challenges) == 3
    assert {len(each) for each in challenges} == {43}
    assert burnt(provider) == 0
    assert provider.events() == []


@spec("WebAuthn §5.5", "ASVS 6.5.7")
def test_signing_in_by_passkey_alone_asks_anyone_and_for_user_verification(alice):
    alice.owns(device())
    options = json.loads(alice.begin_sign_in().options)

    assert options["rpId"] == "localhost"
    assert options["allowCredentials"] == []
    assert options["userVerification"] == "required"


@spec("WebAuthn §5.5")
def test_a_second_factor_asks_for_the_users_own_passkeys(alice, provider):
    made = alice.owns(device(transports=("usb", "nfc")))
    bob(provider).owns(device())
    options = json.loads(alice.begin_factor().options)
    verifying = json.loads(alice.begin_factor(verify=True).options)

    wanted = {
        "type": "public-key",
        "id": b64url(made.credential_id),
        "transports": ["nfc", "usb"],
    }
    assert options["allowCredentials"] == verifying["allowCredentials"] == [wanted]
    assert options["userVerification"] == "discouraged"
    assert verifying["userVerification"] == "required"


@spec("WebAuthn §7.1")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("attestation", ["none", "self", "x5c"])
def test_a_passkey_of_every_algorithm_and_attestation_is_bound_and_signs_in(
    alice, provider, algorithm, attestation
):
    key = device(algorithm=algorithm, attestation=attestation, stubborn=True)

    made = alice.owns(key)
    shown = alice.sign_in(key)

    assert (made.user_id, made.created_at, made.last_used_at) == (ALICE.id, NOON, None)
    assert made.attestation == ("none" if attestation == "none" else "packed")
    assert not made.hardware
    assert made.verifies_user
    assert shown == Shown(ALICE.id, made.id, ("pop", "uv"))
    assert alice.factor(key) == Shown(ALICE.id, made.id, ("pop",))
    assert alice.factor(key, verify=True) == Shown(ALICE.id, made.id, ("pop", "uv"))


def test_what_is_kept_of_a_passkey_is_what_its_authenticator_said(alice, provider):
    key = device(transports=("internal", "hybrid"), backup_eligible=True, backed_up=True)
    made = alice.owns(key, name="My phone")

    assert alice.passkeys() == [made]
    assert made.aaguid == "00112233-4455-6677-8899-aabbccddeeff"
    assert made.transports == ["hybrid", "internal"]
    assert (made.backup_eligible, made.backed_up) == (True, True)
    assert made.sign_count == key.credentials[0].sign_count
    assert made.credential_id == key.credentials[0].id
    assert "credential_id" not in repr(made)
    assert provider.events() == [
        (
            "passkey.added",
            {
                "passkey_id": made.id,
                "aaguid": made.aaguid,
                "attestation": "none",
                "hardware": False,
                "backup_eligible": True,
            },
        )
    ]


@pytest.mark.parametrize("said", ["usb", None, 7, ["usb", "carrier-pigeon", {}, 7, "usb"], {}])
def test_unknown_transports_are_dropped(alice, said):
    key = device()
    ceremony = alice.begin_registration()
    answer = json.loads(key.create(ceremony.options))
    answer["response"]["transports"] = said

    made = alice.finish_registration(ceremony, json.dumps(answer))

    assert made.transports == (["usb"] if isinstance(said, list) else [])


@pytest.mark.parametrize(
    "results", [None, [], "x", {"credProps": None}, {"credProps": {"rk": "\ud800"}}, {"prf": 1}]
)
def test_what_extensions_say_is_not_relied_upon(alice, results):
    ceremony = alice.begin_registration()
    answer = json.loads(device().create(ceremony.options))
    answer["clientExtensionResults"] = results

    assert not isinstance(alice.finish_registration(ceremony, json.dumps(answer)), Refused)


def test_an_accepted_assertion_is_written_down_once(alice, provider):
    key = device()
    made = alice.owns(key)
    provider.passes(timedelta(minutes=3))
    alice.sign_in(key)

    [after] = alice.passkeys()
    assert after.last_used_at == provider.now
    assert after.sign_count == made.sign_count + 1
    assert provider.events()[1:] == [
        ("passkey.accepted", {"passkey_id": made.id, "user_verified": True})
    ]


def test_a_security_key_without_a_pin_is_a_second_factor_and_no_sign_in_of_its_own(alice):
    key = device(verifies_user=False, transports=("usb",))
    made = alice.owns(key)

    assert not made.verifies_user
    assert made.name == "Security key"
    assert alice.factor(key) == Shown(ALICE.id, made.id, ("pop",))
    with pytest.raises(NotAllowed):
        alice.sign_in(key)


@spec("WebAuthn §5.4.6")
def test_a_credential_that_is_not_discoverable_is_a_second_factor_only(alice, provider):
    key = device(verifies_user=False, transports=("usb",))
    with provider.request() as ctx:
        ceremony = passkeys.begin_registration(ctx, ALICE, BROWSER, discoverable=False)
    selection = json.loads(ceremony.options)["authenticatorSelection"]
    made = alice.finish_registration(ceremony, key.create(ceremony.options))

    assert (selection["residentKey"], selection["requireResidentKey"]) == ("discouraged", False)
    assert alice.factor(key) == Shown(ALICE.id, made.id, ("pop",))
    with pytest.raises(NotAllowed):
        alice.sign_in(key, uv=True)


def test_a_synced_passkey_is_a_software_key(alice):
    key = device(backup_eligible=True)
    made = alice.owns(key)

    assert alice.sign_in(key) == Shown(ALICE.id, made.id, ("swk", "uv"))


def test_each_of_several_users_signs_in_as_who_they_are(alice, provider):
    other = bob(provider)
    hers, his = device(), device()
    alice.owns(hers)
    other.owns(his)

    assert alice.sign_in(his).user_id == "bob-id"
    assert alice.sign_in(hers).user_id == "alice-id"


@spec("WebAuthn §5.4")
def test_an_authenticator_is_told_not_to_make_a_second_passkey_for_one_user(alice, provider):
    key = device()
    alice.owns(key)

    with pytest.raises(AlreadyRegistered):
        alice.register(key)
    bob(provider).owns(key)


def test_names_are_given_told_apart_and_shown_as_they_can_be(alice):
    given = ["", "", " My\0 phone\ud800 ", "My phone", "My phone", "x" * 100, "x" * 100]

    kept = [alice.owns(device(), name=name).name for name in given]

    assert kept == [
        "Passkey",
        "Passkey 2",
        "My phone",
        "My phone 2",
        "My phone 3",
        "x" * 64,
        "x" * 61 + " 2",
    ]


def test_a_user_renames_a_passkey(alice, provider):
    made = alice.owns(device())
    with provider.request() as ctx:
        assert passkeys.rename(ctx, ALICE.id, made.id, " Desk\u202e key ")
    with provider.request() as ctx:
        assert passkeys.rename(ctx, ALICE.id, made.id, "Desk key")
        assert not passkeys.rename(ctx, ALICE.id, made.id, " \0 ")
        assert not passkeys.rename(ctx, "bob-id", made.id, "Mine")
        assert not passkeys.rename(ctx, ALICE.id, "nul\0", "Mine")

    assert [each.name for each in alice.passkeys()] == ["Desk key"]
    assert provider.events()[1:] == [("passkey.renamed", {"passkey_id": made.id})]


@spec("ASVS 6.5.6")
def test_a_removed_passkey_proves_nothing_any_more(alice, provider):
    key = device()
    made = alice.owns(key)
    with provider.request() as ctx:
        assert not passkeys.remove(ctx, "bob-id", made.id)
        assert not passkeys.remove(ctx, ALICE.id, "nul\0")
        assert passkeys.remove(ctx, ALICE.id, made.id)
        assert not passkeys.remove(ctx, ALICE.id, made.id)

    assert alice.passkeys() == []
    assert alice.sign_in(key) == Refused("unknown_credential")
    assert provider.events()[1:] == [("passkey.removed", {"passkey_id": made.id})]


def test_a_user_has_at_most_so_many_passkeys(alice, provider):
    for _ in range(MAX_PASSKEYS):
        alice.owns(device())

    assert alice.register(device()) == Refused("too_many")
    assert len(alice.passkeys()) == MAX_PASSKEYS
    assert names_of_events(provider).count("passkey.added") == MAX_PASSKEYS


def test_the_last_place_for_a_passkey_is_given_once(alice, provider):
    for _ in range(MAX_PASSKEYS - 1):
        alice.owns(device())
    ceremonies = [alice.begin_registration() for _ in range(6)]
    waiting = [(each, device().create(each.options)) for each in ceremonies]

    def bind(ctx):
        ceremony, answer = waiting.pop()
        return passkeys.finish_registration(ctx, ALICE, ceremony.ticket, answer, BROWSER)

    answers = provider.together(6, bind)

    assert answers.count(Refused("too_many")) == 5
    assert len(alice.passkeys()) == MAX_PASSKEYS
