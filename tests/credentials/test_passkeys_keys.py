"""A key that nothing could be verified with is refused before it is bound."""

import pytest

from idp.credentials.passkeys import Refused
from tests.credentials.passkey_steps import Person, device
from tests.support.authenticator import EDDSA, ES256, RS256
from tests.support.authenticator_keys import cose, new_key, p384_key, rsa_key_of
from tests.support.cbor import Pairs, cbor
from tests.support.spec import spec

# What becomes of a good ES256 key, by its fault.
BAD_KEYS = {
    "P-384 as ES256": lambda _: cose(p384_key()),
    "P-384 called P-256": lambda _: cose(p384_key()) | {-1: 1},
    "ES384": lambda _: cose(p384_key()) | {3: -35},
    "EdDSA on P-256": lambda good: good | {3: EDDSA},
    "RS256 on P-256": lambda good: good | {3: RS256},
    "a short RSA key": lambda _: cose(rsa_key_of(1024)),
    "a huge RSA key": lambda _: cose(new_key(RS256)) | {-1: b"\xff" * 4000},
    "off the curve": lambda good: good | {-3: b"\x01" * 32},
    "no y": lambda good: {name: value for name, value in good.items() if name != -3},
    "an empty x": lambda good: good | {-2: b""},
    "text for x": lambda good: good | {-2: "x" * 32},
    "no algorithm": lambda good: {name: value for name, value in good.items() if name != 3},
    "a list for the algorithm": lambda good: good | {3: [ES256]},
    "an unknown type": lambda good: good | {1: 99},
    "an empty map": lambda _: {},
}
BROKEN_CBOR = {
    "the algorithm twice": lambda good: cbor(Pairs([*good.items(), (3, EDDSA)])),
    "the same type twice": lambda good: cbor(Pairs([*good.items(), (1, 2)])),
    "nested too deep": lambda _: b"\x81" * 9000,
    "an endless map": lambda _: b"\xbf\xff",
    "not a number": lambda _: b"\xf9\x7e\x00",
    "a list longer than memory": lambda _: b"\x9b" + b"\xff" * 8,
    "a string longer than memory": lambda _: b"\x5b" + b"\xff" * 8,
    "a U2F point's first byte": lambda _: b"\x04",
    "nothing": lambda _: b"",
}


@pytest.fixture
def alice(provider):
    return Person(provider)


@spec("WebAuthn §5.8.5")
@pytest.mark.parametrize("fault", BAD_KEYS)
def test_a_key_that_could_never_verify_or_is_weak_is_not_bound(alice, fault):
    key = cbor(BAD_KEYS[fault](cose(new_key(ES256))))

    assert alice.register(device(), public_key=key) == Refused("algorithm")
    assert alice.passkeys() == []


@pytest.mark.parametrize("fault", BROKEN_CBOR)
def test_broken_cbor_for_a_key_is_refused(alice, fault):
    key = BROKEN_CBOR[fault](cose(new_key(ES256)))

    assert alice.register(device(), public_key=key) in (Refused("malformed"), Refused("algorithm"))
    assert alice.passkeys() == []
