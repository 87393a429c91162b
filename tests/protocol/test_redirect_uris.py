"""Redirect URIs: exact, and what is not registered is a page and never a redirect."""

import re

import pytest

from idp.protocol.clients.redirect_uris import allows, fault_of
from idp.protocol.clients.service import MetadataRefused
from tests.app import CALLBACK, query_of, text_of
from tests.protocol.parties import page_of, party
from tests.support.spec import spec


@spec("OIDC Core §3.1.2.1", "RFC 9700 §4.1.3", "RFC 6749 §3.1.2.4")
def test_what_is_not_registered_is_a_page_and_no_redirect(rp):
    for uri in (
        "https://evil.example/callback",
        CALLBACK + "/",
        CALLBACK + "?more=1",
        CALLBACK + "#fragment",
        CALLBACK.upper(),
        CALLBACK.replace("https", "http"),
        CALLBACK.replace("app.example.test", "app.example.test:443"),
        CALLBACK.replace("app.example.test", "app.example.test@evil.example"),
        CALLBACK.replace("/callback", "/x/../callback"),
        CALLBACK.replace("c", "%63"),
        CALLBACK + "\\@evil.example",
        CALLBACK + "%0d%0aSet-Cookie:x=1",
        CALLBACK + '"',
        "javascript:alert(1)",
        "//app.example.test/callback",
        "/callback",
    ):
        response = rp.authorize(redirect_uri=uri)
        assert (response.status_code, page_of(response)) == (400, "error"), uri
        assert "Location" not in response.headers
        assert "evil.example" not in response.get_data(as_text=True)
        assert "not registered" in text_of(response)


@spec("OIDC Core §3.1.2.1")
@pytest.mark.parametrize("registered", [(CALLBACK,), (CALLBACK, CALLBACK + "2")])
def test_a_missing_redirect_uri_is_a_page(provider, registered):
    rp = party(provider, redirect_uris=registered)

    response = rp.authorize(redirect_uri=None)

    assert (response.status_code, page_of(response)) == (400, "error")


@spec("RFC 6749 §4.1.2.1")
def test_a_bad_redirect_uri_outweighs_every_other_fault(rp):
    response = rp.authorize(redirect_uri="https://evil.example", response_type=None, prompt="none")

    assert page_of(response) == "error"


@spec("RFC 6749 §3.1.2")
@pytest.mark.parametrize("uri", ["https://app.example.test/cb?tenant=7", "https://a.example/cb?"])
def test_the_query_of_a_registered_uri_stays(provider, uri):
    provider.add_user()
    rp = party(provider, redirect_uris=(uri,))

    location = rp.allow(rp.log_in(rp.authorize())).headers["Location"]

    assert location.startswith(uri)
    assert set(query_of(location)) - {"tenant"} == {"code", "state", "iss"}
    assert rp.redeem(query_of(location)["code"][0]).status_code == 200


@spec("RFC 6749 §3.1.2")
def test_a_registered_query_is_compared_too(provider):
    rp = party(provider, redirect_uris=("https://app.example.test/cb?tenant=7",))

    for sent in ("?tenant=8", "?tenant=7&x=1", "", "?TENANT=7"):
        uri = f"https://app.example.test/cb{sent}"
        assert page_of(rp.authorize(redirect_uri=uri)) == "error"


@spec("RFC 8252 §7.3")
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_a_native_app_takes_any_free_port_of_the_loopback_address(provider, host):
    provider.add_user()
    rp = party(
        provider,
        redirect_uris=(f"http://{host}/cb",),
        token_endpoint_auth_method="none",
    )
    rp.redirect_uri = f"http://{host}:51004/cb"

    tokens = rp.sign_in()

    assert tokens["token_type"] == "Bearer"


@spec("RFC 8252 §7.3", "RFC 9700 §4.1.3")
def test_nothing_but_the_port_of_a_loopback_address_may_vary():
    registered = ["http://127.0.0.1:8000/cb", "https://app.example.test/cb"]
    right = ["http://127.0.0.1:1/cb", "http://127.0.0.1/cb", "http://127.0.0.1:65535/cb"]
    wrong = [
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:8000/cb/",
        "http://127.0.0.1:8000/other",
        "http://127.0.0.1:8000/cb?x=1",
        "http://127.0.0.1:8000/cb#x",
        "https://127.0.0.1:8000/cb",
        "http://localhost:8000/cb",
        "http://127.0.0.2:8000/cb",
        "http://127.0.0.1:8000@evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1:8000.evil.example/cb",
        "https://app.example.test:444/cb",
    ]

    assert [uri for uri in right if not allows(registered, uri)] == []
    assert [uri for uri in wrong if allows(registered, uri)] == []


@spec("RFC 8252 §7.1", "RFC 9700 §2.6", "RFC 6749 §3.1.2")
def test_what_may_be_registered():
    good = [
        CALLBACK,
        CALLBACK + "?a=b",
        "http://localhost:8001/cb",
        "http://127.0.0.1/cb",
        "http://[::1]/cb",
        "com.example.app:/cb",
        "com.example.app://host/cb",
    ]
    bad = [
        "",
        "https://",
        "https:///cb",
        "/cb",
        "http://app.example.test/cb",
        CALLBACK + "#f",
        CALLBACK + "#",
        "https://ada:secret@app.example.test/cb",
        "https://app.example.test/c b",
        'https://app.example.test/"',
        "https://app.example.test/\u00e9",
        "https://app.example.test/\n",
        "https://[::1/cb",
        "https://app.example.test:99999/cb",
        "https://*.example.test/cb" + "x" * 2000,
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "myapp:/cb",
    ]

    assert [uri for uri in good if fault_of(uri)] == []
    assert [uri for uri in bad if not fault_of(uri)] == []


def test_a_client_with_a_bad_uri_is_not_registered(provider):
    with pytest.raises(MetadataRefused) as refusal:
        provider.add_client(redirect_uris=(CALLBACK + "#x", "http://app.example.test"))

    assert len(refusal.value.faults) == 2


@spec("RFC 8252 §7.3")
@pytest.mark.parametrize("host", ["[::1]", "127.0.0.2"])
def test_the_page_lets_its_form_lead_to_every_loopback_address(provider, host):
    """A CSP source cannot name an IPv6 address, so the scheme has to do (CSP3 §2.3.1)."""
    rp = party(provider, redirect_uris=(f"http://{host}/cb",))

    policy = rp.authorize().headers["Content-Security-Policy"]

    allowed = re.search(r"form-action ([^;]*)", policy)[1].split()
    assert "http:" in allowed or f"http://{host}:*" in allowed
