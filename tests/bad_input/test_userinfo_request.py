"""Userinfo takes any bytes for a token; only a token that we signed for it opens anything."""

import hmac
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey

from idp.kernel.encoding import b64url, json_bytes, unb64url
from idp.kernel.jose import generate
from idp.protocol.keys import service as keys
from tests.app import claims_of, header_of
from tests.bad_input.strategies import (
    content_types,
    encoded,
    examples,
    forms,
    header_bytes,
    values,
)
from tests.bad_input.wire import Answer, assert_json_error, assert_sound
from tests.support.spec import spec


@pytest.fixture(scope="module")
def tokens(target):
    found = target.rp.sign_in()
    assert target.rp.userinfo(found["access_token"]).status_code == 200
    return found


def assert_refused(answer: Answer) -> None:
    assert_sound(answer)
    assert answer.status in (400, 401, 413)
    assert_json_error(answer)
    assert answer.json["error"] in ("invalid_request", "invalid_token")
    if answer.status == 401:
        assert (answer.header("WWW-Authenticate") or "").startswith("Bearer")


def ask(target, token: str | bytes) -> Answer:
    raw = token if isinstance(token, bytes) else token.encode()
    wire = target.stranger()
    by_body = wire.post("/userinfo", b"access_token=" + encoded(raw).encode())
    by_header = wire.get("/userinfo", headers={"Authorization": b"Bearer " + raw})
    assert by_body.status == by_header.status
    return by_header


@given(header=st.one_of(header_bytes, header_bytes.map(lambda raw: b"Bearer " + raw)))
@examples(80)
def test_any_authorization_header_is_refused_in_form(target, header):
    wire = target.stranger()
    assert_refused(wire.get("/userinfo", headers={"Authorization": header}))
    assert_refused(wire.post("/userinfo", headers={"Authorization": header}))


@given(body=forms("access_token", "Access_Token", "token"), content_type=content_types)
@examples(50)
def test_any_body_is_refused_in_form(target, body, content_type):
    wire = target.stranger()
    assert_refused(wire.post("/userinfo", body))
    assert_refused(wire.post("/userinfo", body, content_type=content_type))


@given(data=st.data())
@examples(80)
def test_a_token_with_one_byte_changed_is_none(target, tokens, data):
    raw = bytearray(tokens["access_token"].encode())
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = data.draw(st.integers(33, 126).filter(lambda byte: byte != raw[at]))
    raw[at] = changed
    assert_refused(ask(target, bytes(raw)))


@given(cut=st.integers(0, 400), tail=st.sampled_from((b"", b".", b"..", b"=", b"A", b".e30")))
@examples(40)
def test_a_token_cut_or_lengthened_is_none(target, tokens, cut, tail):
    raw = tokens["access_token"].encode()
    changed = raw[: max(0, len(raw) - cut)] + tail
    if changed != raw:
        answer = ask(target, changed)
        assert_sound(answer)
        assert answer.status in (400, 401)


_JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=10),
        st.sampled_from(("\ud800", "\0", "at+jwt", "none", "HS256", "ES256", 10**400)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


@given(
    member=st.sampled_from(("alg", "typ", "kid", "crit", "b64", "jwk", "jku", "x5c", "zip", "enc")),
    value=_JSON,
)
@examples(80)
def test_any_header_member_is_refused_in_form(target, tokens, member, value):
    header, payload, signature = tokens["access_token"].split(".")
    changed = json.loads(unb64url(header)) | {member: value}
    forged = f"{b64url(as_json(changed))}.{payload}.{signature}"
    if b64url(as_json(changed)) != header and len(forged) < 8000:
        assert_refused(ask(target, forged))


@given(header=st.one_of(_JSON.map(as_json), values), payload=st.one_of(_JSON.map(as_json), values))
@examples(50)
def test_any_three_parts_are_refused_in_form(target, header, payload):
    assert_refused(ask(target, f"{b64url(header)}.{b64url(payload)}.{b64url(b'signature')}"))


def by_mac(secret: bytes, header: dict, body: str) -> str:
    """RFC 8725 §2.1: a public key used as the secret of an HMAC."""
    signing_input = f"{b64url(json_bytes(header | {'alg': 'HS256'}))}.{body}"
    return f"{signing_input}.{b64url(hmac.digest(secret, signing_input.encode(), 'sha256'))}"


def signing_key(target, algorithm: str):
    with target.provider.context() as ctx:
        return keys.keyring(ctx).signer(algorithm)


@spec("RFC 8725 §3.1", "RFC 9068 §4")
def test_no_forgery_of_an_access_token_opens_anything(target, tokens):
    header, claims = header_of(tokens["access_token"]), claims_of(tokens["access_token"])
    ours = signing_key(target, "ES256")
    rsa = signing_key(target, "RS256")
    stranger = ECKey.import_key(generate("ES256"))
    public = json_bytes(ours.public_jwk())
    pem = ours.key.as_pem(private=False)
    body = b64url(json_bytes(claims))

    def signed(key, **changed):
        made = header | changed
        return jwt.encode(made, claims, key, algorithms=[made["alg"]])

    forgeries = {
        "alg none": f"{b64url(json_bytes(header | {'alg': 'none'}))}.{body}.",
        "alg None": f"{b64url(json_bytes(header | {'alg': 'None'}))}.{body}.",
        "no signature": ".".join(tokens["access_token"].split(".")[:2]) + ".",
        "foreign key, our kid": signed(stranger),
        "foreign key, own kid": signed(stranger, kid="mine"),
        "foreign key in the header": signed(stranger, jwk=stranger.as_dict(private=False)),
        "HS256 with our public JWK": by_mac(public, header, body),
        "HS256 with our public PEM": by_mac(pem, header, body),
        "another key of ours under this kid": signed(rsa.key, alg="RS256"),
        "typ of an ID token": signed(ours.key, typ="JWT"),
        "typ in another case": signed(ours.key, typ="AT+JWT"),
        "kid of a list": f"{b64url(json_bytes(header | {'kid': ['x']}))}.{body}.AAAA",
        "nested": signed(ours.key, cty="JWT", typ="JWT"),
        "an ID token": tokens["id_token"],
        "a code": "idp_ac_" + "A" * 65,
        "a client secret": target.rp.registered.secret,
    }
    for what, forged in forgeries.items():
        answer = ask(target, forged)
        assert answer.status == 401, what
        assert answer.json["error"] == "invalid_token", what


def test_a_critical_header_that_we_do_not_know_is_refused(target, tokens):
    """RFC 7515 §4.1.11: even under our own signature."""
    ours = signing_key(target, "ES256")
    claims = claims_of(tokens["access_token"])
    for extra in (
        {"crit": ["exp"], "exp": 1},
        {"crit": ["b64"], "b64": False},
        {"crit": "b64"},
        {"crit": ["nobody"]},
    ):
        header = header_of(tokens["access_token"]) | extra
        signing_input = f"{b64url(json_bytes(header))}.{b64url(json_bytes(claims))}"
        der = ours.key.raw_value.sign(signing_input.encode(), ec.ECDSA(hashes.SHA256()))
        r, s = utils.decode_dss_signature(der)
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        answer = ask(target, f"{signing_input}.{b64url(signature)}")
        assert answer.status == 401, extra


def test_the_token_of_a_client_itself_is_no_token_of_a_user(target):
    answer = target.rp.token(grant_type="client_credentials", scope="reports")
    refused = target.rp.userinfo(answer.get_json()["access_token"])
    assert refused.status_code == 403
    assert refused.get_json()["error"] == "insufficient_scope"
