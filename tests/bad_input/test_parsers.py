"""Every parser by itself: a value, or its own refusal, for any input at all."""

import json
from base64 import b64encode
from contextlib import suppress
from urllib.parse import quote_from_bytes, urlsplit

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st

from idp.credentials import recovery, totp
from idp.credentials.devices import new_device_cookie, read_device_cookie
from idp.kernel.encoding import b64url, unb64url
from idp.kernel.jose import SigningKey, generate, import_key, unverified_header, verify
from idp.kernel.secrets import MasterKey, new_id
from idp.protocol import pkce, scopes
from idp.protocol.authorization import claims_parameter
from idp.protocol.clients.authentication import read_basic
from idp.protocol.clients.redirect_uris import allows, fault_of
from idp.protocol.errors import InvalidClient, InvalidRequest
from idp.protocol.tokens import code as codes
from idp.web.device_words import describe
from tests.app import NOON
from tests.bad_input.strategies import examples, values
from tests.support.spec import spec

MASTER = MasterKey(b"m" * 32)
texts = st.one_of(st.text(max_size=60), values.map(lambda raw: raw.decode("latin-1")))
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
names = st.sampled_from(("userinfo", "id_token", "acr", "sub", "email", "value", "values"))
claims_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.just("\ud800\0"), st.text(max_size=4), st.integers()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=4)),
    max_leaves=10,
)


@spec("OIDC Core §5.5")
@given(text=st.one_of(texts, json_values.map(json.dumps), claims_values.map(json.dumps)))
@examples(100)
def test_claims_are_understood_or_refused(text):
    with suppress(InvalidRequest):
        read = claims_parameter.parse(text)
        assert set(read.names) <= set(scopes.USER_CLAIMS)
        assert len(read.acr_values) <= claims_parameter.MAX_VALUES + 1
        assert all(value.isascii() and value.isprintable() for value in read.acr_values)


@spec("RFC 6749 §2.3.1")
@given(client_id=st.binary(min_size=1, max_size=20), secret=st.binary(max_size=20))
@examples(50)
def test_a_basic_header_gives_back_what_was_encoded(client_id, secret):
    pair = f"{quote_from_bytes(client_id, safe='')}:{quote_from_bytes(secret, safe='')}"
    header = "Basic " + b64encode(pair.encode()).decode()
    try:
        wanted = client_id.decode(), secret.decode()
    except UnicodeDecodeError:
        wanted = None
    if wanted is None or "\0" in wanted[0]:
        with pytest.raises(InvalidClient):
            read_basic(header)
    else:
        read = read_basic(header)
        assert (read.client_id, read.secret) == wanted


@given(header=st.one_of(texts, texts.map(lambda text: "Basic " + text)))
@examples(50)
def test_any_other_header_is_no_client(header):
    with suppress(InvalidClient):
        assert read_basic(header).client_id


REGISTERED = (
    "https://app.example.test/callback",
    "http://127.0.0.1/cb",
    "http://[::1]:8000/cb?x=1",
    "http://localhost/cb",
    "com.example.app:/cb",
)


@spec("RFC 9700 §2.1", "RFC 8252 §7.3")
@given(
    base=st.sampled_from(REGISTERED),
    at=st.integers(0, 40),
    noise=st.one_of(texts, st.sampled_from((":80", "@evil.example", "\\", "#", "%2e", "//", ":"))),
)
@examples(100)
def test_what_is_allowed_is_registered_but_for_a_loopback_port(base, at, noise):
    uri = base[:at] + noise + base[at:]
    if not allows(REGISTERED, uri) or uri in REGISTERED:
        return
    parts = urlsplit(uri)
    assert parts.scheme == "http"
    assert parts.hostname in ("127.0.0.1", "::1", "localhost")
    assert parts.username is None
    bare = [urlsplit(each)._replace(netloc="").geturl() for each in REGISTERED]
    assert parts._replace(netloc="").geturl() in bare


@given(uri=st.one_of(texts, st.builds(lambda t: "https://app.example.test" + t, texts)))
@examples(50)
def test_what_may_be_registered_is_safe_in_a_header(uri):
    if fault_of(uri) is None:
        assert uri.isascii()
        assert uri.isprintable()
        assert not set(" \"'<>\\^`{|}") & set(uri) - {"'"}
        assert urlsplit(uri).scheme not in ("javascript", "data", "file", "blob", "vbscript")


KEY = SigningKey("kid", "ES256", import_key("ES256", generate("ES256")))


@given(
    token=st.one_of(
        texts,
        st.lists(texts, min_size=3, max_size=3).map(".".join),
        st.builds(
            lambda header, payload: (
                f"{b64url(json.dumps(header).encode())}.{b64url(json.dumps(payload).encode())}."
            ),
            st.one_of(
                json_values, st.dictionaries(st.sampled_from(("alg", "kid", "crit")), json_values)
            ),
            json_values,
        ),
    )
)
@examples(100)
def test_no_text_is_a_token(token):
    header = unverified_header(token)
    assert header is None or isinstance(header, dict)
    assert verify(token, KEY) is None


@given(text=texts)
@examples(50)
def test_no_text_is_a_code_a_device_or_a_challenge(text):
    assert codes.grant_of(MASTER, text) is None
    assert codes.grant_of(MASTER, codes.PREFIX + text) is None
    assert read_device_cookie(MASTER, text) is None
    assert totp.matching_step("JBSWY3DPEHPK3PXP", text + "x", NOON) is None
    canonical = recovery.canonical(text)
    assert canonical is None or (canonical.isascii() and len(canonical) == 16)
    with suppress(InvalidRequest):
        assert len(pkce.challenge_of(text)) == 43


@given(at=st.integers(0, 200), char=st.characters())
@examples(50)
def test_a_code_or_a_device_with_one_character_changed_is_none(at, char):
    code = codes.code_of(MASTER, new_id())
    _, device = new_device_cookie(MASTER)
    for text, read in ((code, codes.grant_of), (device, read_device_cookie)):
        place = at % len(text)
        changed = text[:place] + char + text[place + 1 :]
        assert read(MASTER, text) is not None
        assert changed == text or read(MASTER, changed) is None


@given(text=texts)
@examples(50)
def test_base64url_has_one_spelling(text):
    with suppress(ValueError):
        assert b64url(unb64url(text)) == text


@given(agent=texts)
@examples(40)
def test_any_user_agent_has_words(agent):
    app = Flask("words")
    Babel(app)
    with app.test_request_context():
        assert describe(agent)
