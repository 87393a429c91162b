"""Who asks for tokens: exactly one method, the registered one, and no hint at what was wrong."""

from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.clients.authentication import read_basic, read_credentials
from idp.protocol.clients.service import rotate_secret
from idp.protocol.errors import InvalidClient, InvalidRequest
from idp.web.parameters import Parameters
from tests.app import CALLBACK, ISSUER, VERIFIER
from tests.protocol.parties import party, token_error
from tests.support.spec import spec

CLIENT = (401, "invalid_client")
REQUEST = (400, "invalid_request")


def basic(client_id, secret):
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return {"Authorization": "Basic " + b64encode(pair.encode()).decode()}


def post(provider, form, headers=None, **options):
    browser = provider.app.test_client()
    return browser.post("/token", data=form, headers=headers, base_url=ISSUER, **options)


def form_for(code, **more):
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **more,
    }


@spec("OIDC Core §9", "RFC 6749 §2.3.1")
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
def test_each_method_works_for_who_registered_it_and_no_other_does(provider, method):
    provider.add_user()
    rp = party(provider, token_endpoint_auth_method=method)
    secret = rp.registered.secret or "no-secret"
    code = rp.code()
    ways = {
        "client_secret_basic": ({}, basic(rp.client_id, secret)),
        "client_secret_post": ({"client_id": rp.client_id, "client_secret": secret}, {}),
        "none": ({"client_id": rp.client_id}, {}),
    }

    for other in ways.keys() - {method}:
        more, headers = ways[other]
        assert token_error(post(provider, form_for(code, **more), headers)) == CLIENT, other
    more, headers = ways[method]

    assert post(provider, form_for(code, **more), headers).status_code == 200


@spec("RFC 6749 §5.2", "RFC 6749 §2.3.1")
def test_whoever_is_not_the_client_is_refused_alike(provider, rp):
    secret, code = rp.registered.secret, rp.code()
    answers = [
        post(provider, form_for(code), headers)
        for headers in (
            basic(rp.client_id, secret + "x"),
            basic(rp.client_id, ""),
            basic("unknown", secret),
            basic("x" * 300, secret),
            {"Authorization": "Basic"},
            {"Authorization": "Basic !!!"},
            {"Authorization": "Basic " + b64encode(b"\xff:\xff").decode()},
            {"Authorization": "Basic " + b64encode(b"no colon").decode()},
            {"Authorization": "Bearer " + secret},
            {"Authorization": ""},
            {},
        )
    ]

    assert {token_error(each) for each in answers} == {CLIENT}
    assert len({each.get_data() for each in answers}) == 1
    for each in answers:
        assert each.headers["WWW-Authenticate"].startswith("Basic ")
    assert rp.redeem(code).status_code == 200


@spec("RFC 6749 §2.3")
def test_two_methods_at_once_are_refused(provider, rp):
    code, secret = rp.code(), rp.registered.secret
    headers = basic(rp.client_id, secret)

    for more in (
        {"client_id": rp.client_id, "client_secret": secret},
        {"client_secret": "x"},
        {"client_id": "another"},
    ):
        assert token_error(post(provider, form_for(code, **more), headers)) == REQUEST
    right = form_for(code, client_id=rp.client_id)
    assert post(provider, right, headers).status_code == 200


@spec("RFC 6749 §2.3.1")
@given(st.text(min_size=1), st.text())
def test_id_and_secret_are_form_decoded(client_id, secret):
    try:
        header = basic(client_id, secret)["Authorization"]
    except UnicodeEncodeError:
        return
    if len(header) > 4096 or "\0" in client_id:
        return

    read = read_basic(header)

    assert (read.client_id, read.secret) == (client_id, secret)


@spec("RFC 6749 §2.3.1")
def test_a_plus_is_a_blank_and_a_secret_may_hold_a_colon():
    header = "basic " + b64encode(b"a+b%3A%25:c+d:e%2Bf").decode()

    read = read_basic(header)

    assert (read.client_id, read.secret) == ("a b:%", "c d:e+f")


@given(st.text() | st.binary().map(lambda raw: "Basic " + b64encode(raw).decode()), st.text())
def test_every_header_and_body_is_read_or_refused(header, body):
    form = Parameters.parse(body.encode("utf-8", "surrogatepass"))
    try:
        shown = read_credentials(header, form)
    except (InvalidClient, InvalidRequest):
        return
    assert shown.method == "client_secret_basic"


@spec("RFC 6749 §3.2")
def test_secrets_are_never_taken_from_the_url(provider, rp):
    code = rp.code()
    browser = provider.app.test_client()
    query = f"?client_id={rp.client_id}&client_secret={rp.registered.secret}"

    assert (
        token_error(browser.post("/token" + query, data=form_for(code), base_url=ISSUER)) == CLIENT
    )
    assert browser.get("/token" + query, base_url=ISSUER).status_code == 405


@spec("RFC 6749 §3.2", "RFC 6749 §5.2")
def test_the_body_is_a_form_and_nothing_else(provider, rp):
    code = rp.code()
    answers = [
        post(provider, None, rp.basic(), json=form_for(code)),
        post(provider, form_for(code), rp.basic(), content_type="multipart/form-data"),
        post(provider, None, rp.basic()),
    ]

    assert [token_error(each) for each in answers] == [REQUEST] * 3
    assert rp.redeem(code).status_code == 200


@spec("RFC 6749 §3.2")
def test_a_parameter_that_comes_twice_is_refused(provider, rp):
    code = rp.code()
    headers = rp.basic() | {"Content-Type": "application/x-www-form-urlencoded"}
    body = "&".join(f"{k}={quote(v)}" for k, v in form_for(code).items())

    for more in (f"&code={code}", "&grant_type=authorization_code", "&x=1&x=2", "&y=%ff"):
        assert token_error(post(provider, body + more, headers)) == REQUEST
    for more in (f"&client_id={rp.client_id}" * 2, "&client_secret=a&client_secret=b"):
        assert token_error(post(provider, body + more, headers)) == REQUEST
    assert post(provider, body + "&unknown=1", headers).status_code == 200


@spec("RFC 6749 §3.2")
def test_a_body_beyond_all_measure_is_refused(provider, rp):
    response = post(provider, form_for("x" * 70_000), rp.basic())

    assert token_error(response) == (413, "invalid_request")


def test_a_rotated_secret_is_dead_at_once(provider):
    rp = party(provider, grant_types=("client_credentials",), redirect_uris=())
    form = {"grant_type": "client_credentials"}
    old = rp.basic()
    assert post(provider, form, old).status_code == 200

    with provider.context() as ctx:
        new = rotate_secret(ctx, rp.client_id)

    assert token_error(post(provider, form, old)) == CLIENT
    assert post(provider, form, basic(rp.client_id, new)).status_code == 200


def test_a_rotated_secret_is_dead_in_every_process(provider, sibling):
    rp = party(provider, grant_types=("client_credentials",), redirect_uris=())
    form = {"grant_type": "client_credentials"}
    assert post(provider, form, rp.basic()).status_code == 200

    with sibling.context() as elsewhere:
        new = rotate_secret(elsewhere, rp.client_id)

    assert token_error(post(provider, form, rp.basic())) == CLIENT
    assert post(provider, form, basic(rp.client_id, new)).status_code == 200


def test_a_code_is_not_redeemed_by_a_secret_that_another_process_rotated(provider, rp, sibling):
    code = rp.code()
    assert token_error(rp.redeem("x")) == (400, "invalid_grant")
    with sibling.context() as elsewhere:
        new = rotate_secret(elsewhere, rp.client_id)

    refusal = token_error(rp.redeem(code))

    assert refusal in {CLIENT, (400, "invalid_grant")}
    assert post(provider, form_for(code), basic(rp.client_id, new)).status_code == 200
