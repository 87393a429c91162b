"""Attestation: nobody is believed but the makers whom the operator names."""

import json

import pytest

from idp.credentials.passkeys import Refused, Shown
from idp.kernel.errors import SetupFault
from idp.settings import Attestation
from tests.credentials.passkey_steps import Person, device
from tests.support.authenticator import ES256, RS256, Maker
from tests.support.spec import spec

MAKER = Maker()
AAGUID = "00112233-4455-6677-8899-aabbccddeeff"


@pytest.fixture
def alice(provider):
    return Person(provider)


@pytest.fixture
def believe(provider, tmp_path):
    """Let the operator believe the maker."""

    def believe(attestation, *aaguids, maker=MAKER):
        roots = maker.write_roots(tmp_path / f"{id(maker)}.pem")
        chosen = {
            "webauthn_attestation": Attestation(attestation),
            "webauthn_attestation_roots": roots,
            "webauthn_aaguids": aaguids,
        }
        provider.settings = provider.settings.model_copy(update=chosen)

    return believe


def vouched(**traits):
    return device(**({"attestation": "x5c", "maker": MAKER} | traits))


@spec("WebAuthn §5.4.7")
@pytest.mark.parametrize(
    ("wanted", "conveyance"), [("none", "none"), ("preferred", "direct"), ("required", "direct")]
)
def test_attestation_is_asked_for_where_it_is_believed(alice, believe, wanted, conveyance):
    believe(wanted)

    assert json.loads(alice.begin_registration().options)["attestation"] == conveyance


def test_where_nobody_asks_nobody_is_believed(alice, believe):
    believe("none")
    made = alice.owns(vouched(stubborn=True))

    assert (made.attestation, made.hardware) == ("packed", False)


@spec("WebAuthn §8.2", "ASVS 6.3.3")
@pytest.mark.parametrize("attestation", ["preferred", "required"])
@pytest.mark.parametrize("algorithm", [ES256, RS256, -8])
def test_what_a_believed_maker_vouches_for_is_a_hardware_key(
    alice, believe, attestation, algorithm
):
    believe(attestation)
    key = vouched(algorithm=algorithm)
    made = alice.owns(key)

    assert (made.attestation, made.hardware) == ("packed", True)
    assert alice.sign_in(key) == Shown("alice-id", made.id, ("hwk", "uv"))
    assert alice.factor(key) == Shown("alice-id", made.id, ("hwk",))


def test_what_may_be_copied_is_no_hardware_whoever_vouches_for_it(alice, believe):
    believe("required")
    key = vouched(backup_eligible=True)
    made = alice.owns(key)

    assert not made.hardware
    assert alice.sign_in(key).amr == ("swk", "uv")


UNBELIEVED = [
    {"attestation": "none"},
    {"attestation": "self"},
    {"attestation": "self", "algorithm": RS256},
    {"maker": Maker()},
    {"maker": Maker(name="Another")},
]


@spec("WebAuthn §6.5.4", "WebAuthn §7.1")
@pytest.mark.parametrize("traits", UNBELIEVED, ids=range(5))
def test_without_a_believed_maker_a_passkey_is_bound_only_where_none_is_required(
    alice, believe, traits
):
    believe("preferred")
    made = alice.owns(vouched(**traits))
    assert not made.hardware

    believe("required")
    assert alice.register(vouched(**traits)) == Refused("attestation")
    assert alice.passkeys() == [made]


@spec("WebAuthn §7.1")
@pytest.mark.parametrize("attestation", ["none", "preferred", "required"])
@pytest.mark.parametrize("traits", [{"attestation": "self"}, {"attestation": "x5c"}])
def test_a_statement_with_a_wrong_signature_is_refused_whoever_asked(
    alice, believe, attestation, traits
):
    believe(attestation)
    key = vouched(stubborn=True, **traits)

    assert alice.register(key, bad_signature=True) == Refused("attestation")


@spec("WebAuthn §8.2.1")
@pytest.mark.parametrize(
    "fault",
    [
        {"organizational_unit": "Web Server"},
        {"leaf_is_ca": True},
        {"extension_aaguid": b"\x01" * 16},
        {"extension_critical": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("attestation", ["preferred", "required"])
def test_a_certificate_under_a_believed_root_vouches_for_its_own_model_only(
    alice, believe, attestation, fault
):
    maker = Maker(**fault)
    believe(attestation, maker=maker)

    assert alice.register(vouched(maker=maker)) == Refused("attestation")
    assert alice.passkeys() == []


def test_an_authenticator_cannot_claim_another_model_than_its_certificate(alice, believe):
    believe("required")

    assert alice.register(vouched(), aaguid=b"\x02" * 16) == Refused("attestation")


def test_only_listed_models_are_bound(alice, believe):
    believe("required", "11111111-1111-1111-1111-111111111111")
    assert alice.register(vouched()) == Refused("aaguid")

    believe("required", "11111111-1111-1111-1111-111111111111", AAGUID)
    assert alice.owns(vouched()).aaguid == AAGUID


@pytest.mark.parametrize(
    ("fmt", "statement"),
    [
        ("none", {"x5c": [b"a"]}),
        ("packed", {}),
        ("packed", {"alg": -7, "sig": b"s"}),
        ("packed", {"alg": -7, "sig": b"s", "x5c": [b"no certificate"]}),
        ("packed", {"alg": -7, "sig": b"s", "x5c": "text"}),
        ("packed", {"alg": "ES256", "sig": 7, "x5c": [7]}),
        ("fido-u2f", {"sig": b"s", "x5c": [b""]}),
        ("tpm", {"ver": "2.0", "certInfo": b"", "pubArea": b"", "alg": -7, "sig": b"", "x5c": []}),
        ("apple", {"x5c": [b"a", b"b"]}),
        ("android-key", {"alg": -7, "sig": b"s", "x5c": [b"a"]}),
        ("android-safetynet", {"ver": "1", "response": b"a.b.c"}),
        ("compound", {}),
        ("", {}),
    ],
    ids=str,
)
@pytest.mark.parametrize("attestation", ["none", "preferred", "required"])
def test_a_broken_or_unknown_statement_is_refused(alice, believe, attestation, fmt, statement):
    believe(attestation)

    made = alice.register(device(), fmt=fmt, statement=statement)

    assert made == Refused("attestation")


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_roots_that_cannot_be_read_are_the_operators_fault(alice, believe, provider, content):
    believe("required")
    bundle = provider.settings.webauthn_attestation_roots.with_name("broken.pem")
    if content is not None:
        bundle.write_bytes(content)
    provider.settings = provider.settings.model_copy(update={"webauthn_attestation_roots": bundle})

    with pytest.raises(SetupFault, match="IDP_WEBAUTHN_ATTESTATION_ROOTS"):
        alice.register(vouched())
