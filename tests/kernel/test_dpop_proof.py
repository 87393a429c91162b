"""A proof is good for one request, at one moment, by one key (RFC 9449 §4.3)."""

import json
from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey

from idp.kernel.dpop_proof import AHEAD, ALGORITHMS, BACK, MAX_LENGTH, BadProof, check_proof
from idp.kernel.encoding import b64url, json_bytes, unb64url
from tests.app import ISSUER, NOON
from tests.bad_input.strategies import examples
from tests.support.dpop import TOKEN, Holder, compact, new_key, symmetric
from tests.support.spec import spec

HOLDER = Holder()
SECOND = timedelta(seconds=1)


def checked(*proofs, method="POST", url=TOKEN, now=NOON, access_token=None):
    return check_proof(proofs, method=method, url=url, now=now, access_token=access_token)


def refused(*proofs, **options):
    with pytest.raises(BadProof) as caught:
        checked(*proofs, **options)
    return caught.value.reason


@spec("RFC 9449 §4.3", "RFC 7638 §3")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_sound_proof_tells_whose_key_signed_it(algorithm):
    holder = Holder(new_key(algorithm, algorithm), algorithm)

    proof = checked(holder.proof(jti="once", nonce="n"))

    assert (proof.jkt, proof.jti, proof.nonce) == (holder.jkt, "once", "n")
    assert proof.issued_at == NOON


# A proof of the RFC itself (§4.1), at the moment of which it speaks.
PUBLISHED = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo"
    "UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERW"
    "clUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh"
    "0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8"
    "v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)


@spec("RFC 9449 §4.1", "RFC 9449 §6.1")
def test_the_proof_that_the_rfc_prints_is_good():
    moment = NOON.fromtimestamp(1562262616, NOON.tzinfo)

    proof = checked(PUBLISHED, url="https://server.example.com/token", now=moment)

    assert proof.jkt == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
    assert proof.jti == "-BwC3ESc6acc2lTc"


@spec("RFC 9449 §4.3")
def test_there_is_exactly_one():
    proofs = [HOLDER.proof(), HOLDER.proof()]

    assert refused() == "0 proofs"
    assert refused(*proofs) == "2 proofs"
    # As WSGI hands several headers over: one value with a comma (RFC 9110 §5.3).
    assert refused(",".join(proofs)) == "no JWT"


@spec("RFC 9449 §4.3", "RFC 9449 §11.6", "RFC 8725 §3.1")
@pytest.mark.parametrize(
    "header",
    [
        {"typ": None},
        {"typ": "JWT"},
        {"typ": "at+jwt"},
        {"typ": ["dpop+jwt"]},
        {"alg": None},
        {"alg": "none"},
        {"alg": "RS256"},
        {"alg": "ES384"},
        {"alg": "Ed448"},
        {"alg": ["ES256"]},
        {"alg": {}},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"crit": []},
        {"jwk": None},
        {"jwk": "key"},
        {"jwk": [{"kty": "EC"}]},
        {"jwk": {}},
    ],
    ids=str,
)
def test_a_header_that_is_not_that_of_a_proof_is_refused(header):
    assert refused(HOLDER.proof(header=header))


@spec("RFC 9449 §11.6")
def test_a_good_signature_by_an_algorithm_that_is_not_offered_is_none():
    holder = Holder(new_key("RS256", "PS256"), "RS256")

    assert refused(holder.proof()) == "typ, alg or crit"


@spec("RFC 9449 §4.2", "RFC 9449 §4.3")
@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_a_secret_is_no_public_key(algorithm):
    secret = symmetric()
    header = {"alg": algorithm, "jwk": secret.as_dict()}

    assert refused(HOLDER.proof(header=header, signer=secret))


@spec("RFC 9449 §4.2", "RFC 9449 §4.3")
@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "EdDSA"])
def test_a_private_key_shows_itself_and_is_refused(algorithm):
    key = new_key(algorithm, algorithm)

    proof = Holder(key, algorithm).proof(header={"jwk": key.as_dict(private=True)})

    assert refused(proof) == "no public jwk"


P384 = ECKey.generate_key("P-384")
X25519 = OKPKey.generate_key("X25519")


def respelt(name):
    """The same number of the same key, in another spelling."""
    key = new_key("PS256", "PS256")
    jwk = key.as_dict(private=False)
    return jwk | {name: b64url(b"\0" + unb64url(jwk[name]))}


@spec("RFC 9449 §4.3", "RFC 7518 §3.3", "RFC 7518 §3.4", "RFC 7638 §7")
@pytest.mark.parametrize(
    ("algorithm", "jwk"),
    [
        ("ES256", P384.as_dict(private=False)),
        ("ES256", new_key("PS256", "PS256").as_dict(private=False)),
        ("PS256", HOLDER.jwk),
        ("EdDSA", HOLDER.jwk),
        ("EdDSA", X25519.as_dict(private=False)),
        ("EdDSA", OKPKey.generate_key("Ed448").as_dict(private=False)),
        ("PS256", respelt("n") | {"n": b64url(b"\xff" * 255)}),
        ("PS256", respelt("n")),
        ("PS256", respelt("e")),
        ("PS256", respelt("n") | {"n": b64url(b"\xff" * 513)}),
        ("PS256", respelt("n") | {"n": b64url(b"\xff" * 256), "e": b64url(b"\xff" * 200)}),
        ("PS256", respelt("n") | {"n": b64url(b"\xff" * 256), "e": b64url(b"\x02")}),
        ("ES256", HOLDER.jwk | {"x": None}),
        ("ES256", HOLDER.jwk | {"x": 7}),
        ("ES256", HOLDER.jwk | {"x": HOLDER.jwk["x"] + "="}),
        ("ES256", HOLDER.jwk | {"x": b64url(b"\0" + unb64url(HOLDER.jwk["x"]))}),
        ("ES256", HOLDER.jwk | {"y": HOLDER.jwk["x"]}),
        ("ES256", HOLDER.jwk | {"kty": ["EC"]}),
        ("ES256", HOLDER.jwk | {"crv": {"P-256": 1}}),
    ],
)
def test_a_key_of_another_kind_size_or_spelling_is_refused(algorithm, jwk):
    proof = HOLDER.proof(header={"alg": algorithm, "jwk": jwk})

    assert refused(proof).startswith(("jwk: ", "another kind of key", "no such key"))


@spec("RFC 9449 §4.3")
def test_the_signature_is_that_of_the_key_in_the_header():
    assert refused(HOLDER.proof(signer=new_key("another"))) == "signature"
    header, claims, signature = HOLDER.proof().split(".")
    changed = json.loads(unb64url(claims)) | {"extra": 1}
    assert refused(f"{header}.{b64url(json_bytes(changed))}.{signature}") == "signature"
    for cut in ("", signature[:-4], signature[:40], signature + "AAAA"):
        assert refused(f"{header}.{claims}.{cut}") in ("signature", "no JWT")


@spec("RFC 9449 §4.3")
@pytest.mark.parametrize(
    "claims",
    [
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 257},
        {"jti": "a\nb"},
        {"jti": "\0"},
        {"nonce": 7},
        {"nonce": "x" * 257},
        {"nonce": ["n"]},
        {"htm": "post"},
        {"htm": "GET"},
        {"htm": ["POST"]},
        {"htu": ISSUER},
        {"htu": f"{ISSUER}/userinfo"},
        {"htu": f"{ISSUER}/token/"},
        {"htu": "http://id.example.test/token"},
        {"htu": "https://evil.example/token"},
        {"htu": "/token"},
        {"htu": [TOKEN]},
        {"iat": "now"},
        {"iat": True},
        {"iat": float("nan")},
        {"iat": float("inf")},
        {"iat": 10**400},
        {"iat": -(10**400)},
        {"iat": [1]},
    ],
    ids=str,
)
def test_a_wrong_claim_makes_it_worthless(claims):
    assert refused(HOLDER.proof(**claims))


@spec("RFC 9449 §4.2", "RFC 9449 §4.3")
@pytest.mark.parametrize("name", ["jti", "htm", "htu", "iat"])
def test_each_claim_is_needed(name):
    assert refused(HOLDER.proof(**{name: None}))


@spec("RFC 9449 §4.3", "RFC 3986 §6.2.2")
@pytest.mark.parametrize(
    "htu",
    [
        f"{TOKEN}?a=b",
        f"{TOKEN}#part",
        f"{TOKEN}?",
        "https://id.example.test:443/token",
        "HTTPS://ID.Example.Test/token",
        "https://id.example.test/%74oken",
        "https://id.example.test/a/../token",
    ],
)
def test_the_url_may_be_spelt_otherwise_and_query_and_fragment_do_not_count(htu):
    assert checked(HOLDER.proof(htu=htu)).jkt == HOLDER.jkt
    assert checked(HOLDER.proof(), url=htu).jkt == HOLDER.jkt


@spec("RFC 9449 §4.2")
def test_more_claims_and_a_key_with_more_members_do_no_harm():
    jwk = HOLDER.jwk | {"kid": "k", "use": "sig", "alg": "ES256", "ext": True}

    proof = checked(HOLDER.proof(header={"jwk": jwk, "kid": "k"}, aud="x", exp=1, ath="unasked"))

    assert proof.jkt == HOLDER.jkt


@spec("RFC 9449 §4.3", "RFC 9449 §11.1")
@pytest.mark.parametrize(
    ("age", "good"),
    [
        (timedelta(0), True),
        (10 * SECOND, True),
        (-10 * SECOND, True),
        (BACK, True),
        (BACK + SECOND, False),
        (-AHEAD, True),
        (-AHEAD - SECOND, False),
        (timedelta(hours=1), False),
        (timedelta(hours=-1), False),
    ],
    ids=str,
)
def test_it_is_of_this_minute(age, good):
    proof = HOLDER.proof(now=NOON - age)

    if good:
        assert checked(proof).until > NOON
    else:
        assert refused(proof) == "iat: too old, or not yet"


@given(age=st.integers(-120, 120), later=st.integers(0, 300))
@examples(60)
def test_it_is_remembered_for_as_long_as_it_is_good(age, later):
    proof = HOLDER.proof(now=NOON - age * SECOND)
    try:
        known = checked(proof)
        again = checked(proof, now=NOON + later * SECOND)
    except BadProof:
        return
    assert again.key == known.key
    assert known.until > NOON + later * SECOND


def test_what_is_remembered_is_the_proof_of_one_key():
    other = Holder(new_key("another"))

    proofs = [HOLDER.proof(jti="a"), HOLDER.proof(jti="a"), HOLDER.proof(jti="b")]

    keys = [checked(each).key for each in (*proofs, other.proof(jti="a"))]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


@spec("RFC 9449 §4.3", "RFC 9449 §7.1")
def test_beside_a_token_it_names_that_token():
    options = {"method": "GET", "url": f"{ISSUER}/userinfo"}
    proof = HOLDER.proof(**options, access_token="the token")

    assert checked(proof, **options, access_token="the token").jkt == HOLDER.jkt
    assert refused(proof, **options, access_token="another") == "ath"
    for ath in (None, "", 7, ["x"], "\ud800"):
        said = HOLDER.proof(**options, ath=ath)
        assert refused(said, **options, access_token="the token") == "ath"


NO_JWT = [
    "",
    ".",
    "..",
    "a.b.c",
    "....",
    HOLDER.proof() + ".",
    HOLDER.proof() + "=",
    " " + HOLDER.proof(),
    HOLDER.proof().replace(".", "..", 1),
    "é.é.é",
    b64url(b"[" * 4000) + ".e30.AA",
    b64url(b'{"typ":"dpop+jwt"') + ".e30.AA",
    b64url(json.dumps({"a": 1}).encode("utf-16")) + ".e30.AA",
    b64url(b'{"a":' + b"9" * 5000 + b"}") + ".e30.AA",
    compact({"typ": "dpop+jwt", "alg": "ES256", "jwk": HOLDER.jwk}, [], HOLDER.key),
    HOLDER.proof(extra="x" * MAX_LENGTH),
]


@pytest.mark.parametrize("number", range(len(NO_JWT)))
def test_what_is_no_jwt_is_refused(number):
    assert refused(NO_JWT[number]) in ("no JWT", "typ, alg or crit")


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(("\ud800", "\0", "ES256", "none", "P-256", "AQAB", 10**400)),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def loose(value):
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@given(
    part=st.sampled_from(("header", "jwk", "claims")),
    name=st.sampled_from(
        ("typ", "alg", "crit", "jwk", "kty", "crv", "x", "y", "htm", "htu", "iat", "jti", "nonce")
    ),
    value=_JSON,
)
@examples(300)
def test_no_value_anywhere_raises_anything_else(part, name, value):
    header, claims, signature = HOLDER.proof().split(".")
    parts = {"header": json.loads(unb64url(header)), "claims": json.loads(unb64url(claims))}
    place = parts["header"]["jwk"] if part == "jwk" else parts[part]
    if place.get(name) == value:
        return
    place[name] = value
    assert refused(f"{loose(parts['header'])}.{loose(parts['claims'])}.{signature}")


@given(st.text(max_size=300) | st.binary(max_size=90).map(b64url))
@examples(100)
def test_no_text_raises_anything_else(text):
    assert refused(text)
    assert refused(f"{text}.{text}.{text}")
