"""The one client for servers that others named: what it reaches, and what it puts up with."""

import socket
import threading
import time
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.delivery.addresses import Guard, guard_for, guard_of, is_public
from idp.delivery.outgoing import NotReached, Outgoing
from idp.settings import Settings
from idp.settings.reach import Reach, reach_of
from tests.support.authority import certificates
from tests.support.site import site
from tests.support.spec import spec

HERE = Guard(reach_of(["127.0.0.0/8"]))
FORM = {"logout_token": "a.b.c"}
QUICK = 0.5


def names(**meaning):
    """A resolver of the test's own; it counts how often it is asked."""
    asked = []

    def resolve(host, port):
        asked.append(host)
        return meaning["found"]

    resolve.asked = asked
    return resolve


def reason_of(outgoing, url):
    with pytest.raises(NotReached) as raised:
        outgoing.post_form(url, FORM)
    return raised.value.reason


def test_a_form_is_posted_and_nothing_else_is_said():
    with site() as shop:
        status = Outgoing(HERE).post_form(shop.url, {"logout_token": "a.b+c"})
        (posted,) = shop.wait_for(1)

    assert status == 200
    assert posted.form == {"logout_token": "a.b+c"}
    assert set(posted.headers) == {
        *("host", "accept-encoding", "user-agent", "content-type", "content-length"),
    }
    assert posted.headers["host"] == f"127.0.0.1:{shop.port}"


@spec("RFC 6890 §2.2")
@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.9.9.9"),
        *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1"),
        *("192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.1.1.1"),
        *("240.0.0.1", "255.255.255.255", "168.63.129.16"),
        *("::", "::1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::10.0.0.1", "64:ff9b::a00:1"),
        *("64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:a00:1::"),
        *("3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
    ],
)
def test_an_address_that_is_not_public_is_not_spoken_to(address):
    resolve = names(found=[address])
    assert reason_of(Outgoing(Guard(), resolve=resolve), "https://app.example/") == (
        "AddressNotAllowed"
    )


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "2606:4700::1", "2a00:1450::1"])
def test_a_public_address_is(address):
    assert is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_nothing_is_public_that_the_standard_library_calls_private(address):
    assert not (is_public(address) and (address.is_private or address.is_multicast))


@given(st.ip_addresses(v=6))
def test_no_more_is_public_of_the_long_addresses(address):
    assert not (is_public(address) and (not address.is_global or address.is_multicast))


@spec("ASVS 5.0 §1.3.6")
def test_a_name_is_resolved_once_and_what_it_means_a_moment_later_does_not_matter():
    """DNS rebinding: judged is what is connected to."""
    with site() as inner, site() as shop:
        answers = [["127.0.0.1"], ["127.0.0.2"]]
        asked = []

        def rebinding(host, port):
            asked.append((host, port))
            return answers[min(len(asked), 2) - 1]

        only_first = Outgoing(Guard(reach_of(["127.0.0.1/32"])), resolve=rebinding)
        url = f"http://localhost:{shop.port}/told"
        assert only_first.post_form(url, FORM) == 200
        assert asked == [("localhost", shop.port)]
        assert reason_of(only_first, url) == "AddressNotAllowed"
        assert (len(shop.posts), len(inner.posts)) == (1, 0)


def test_of_several_addresses_only_the_allowed_are_tried():
    with site() as shop:
        resolve = names(found=["10.0.0.1", "127.0.0.1"])
        outgoing = Outgoing(Guard(reach_of(["127.0.0.1"])), resolve=resolve)
        assert outgoing.post_form(f"http://localhost:{shop.port}/", FORM) == 200


def test_the_next_address_is_tried_where_one_does_not_answer():
    with site() as shop:
        resolve = names(found=["127.0.0.9", "127.0.0.1"])
        outgoing = Outgoing(HERE, resolve=resolve)
        assert outgoing.post_form(f"http://localhost:{shop.port}/", FORM) == 200


@pytest.mark.parametrize(
    ("allowed", "host", "address", "may"),
    [
        (["wiki.internal"], "wiki.internal", "10.0.0.1", True),
        (["Wiki.Internal"], "wiki.internal", "10.0.0.1", True),
        (["wiki.internal"], "other.internal", "10.0.0.1", False),
        (["wiki.internal"], "evil.wiki.internal", "10.0.0.1", False),
        (["10.20.0.0/16"], "any.example", "10.20.1.1", True),
        (["10.20.0.0/16"], "any.example", "10.21.1.1", False),
        (["fd00::/8"], "any.example", "fd12::1", True),
        (["64:ff9b::/96"], "any.example", "64:ff9b::808:808", True),
        (["10.20.0.0/16"], "any.example", "::ffff:10.20.1.1", False),
        (["10.20.0.0/16"], "any.example", "nonsense", False),
    ],
)
def test_an_operator_names_what_may_be_reached_beside(allowed, host, address, may):
    assert Guard(reach_of(allowed)).allows(host, address) is may


def test_who_tries_it_out_on_this_machine_reaches_this_machine():
    assert guard_of(Settings(issuer="http://localhost:8000")).allows("localhost", "127.0.0.1")
    assert not guard_of(Settings(issuer="https://id.example.test")).allows("x", "127.0.0.1")


@pytest.mark.parametrize("entry", ["10.0.0.1/8", "a b", "-", "http://x", "1.2.3", "x/8", "*"])
def test_what_is_neither_host_nor_network_is_a_fault(entry):
    with pytest.raises(ValueError, match="neither a host nor a network"):
        reach_of([entry])
    with pytest.raises(ValueError, match="neither a host nor a network"):
        Settings(outgoing_allow=entry)


def test_the_setting_is_a_list(monkeypatch):
    monkeypatch.setenv("IDP_OUTGOING_ALLOW", "wiki.internal, 10.0.0.0/8,")
    assert reach_of(Settings().outgoing_allow) == Reach(
        frozenset({"wiki.internal"}), reach_of(["10.0.0.0/8"]).networks
    )


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://app.example/", "NotEncrypted"),
        ("http://10.0.0.1/", "NotEncrypted"),
        ("ftp://app.example/", "NoSuchUrl"),
        ("https:///", "NoSuchUrl"),
        ("https://user@app.example/", "NoSuchUrl"),
        ("https://app.example:99999/", "NoSuchUrl"),
        ("https://app.example:0/", "NoSuchUrl"),
        ("https://app.example/\r\nX: y", "NoSuchUrl"),
        ("https://app.example/a b", "NoSuchUrl"),
        ("https://app.example/\N{LATIN SMALL LETTER E WITH ACUTE}", "NoSuchUrl"),
        ("https://app.example/?q=\N{LATIN SMALL LETTER E WITH ACUTE}", "NoSuchUrl"),
        ("https://app..example/", "NoSuchUrl"),
        ("https://[::1/", "NoSuchUrl"),
    ],
)
def test_another_url_is_not_asked_for(url, reason):
    resolve = names(found=["127.0.0.1"])
    assert reason_of(Outgoing(HERE, resolve=resolve), url) == reason
    assert resolve.asked == []


def test_a_name_that_means_nothing_is_told_apart():
    def nothing(host, port):
        raise socket.gaierror

    assert reason_of(Outgoing(HERE, resolve=nothing), "https://app.example/") == "NameNotFound"


def test_a_name_that_takes_long_to_be_resolved_has_no_more_time():
    over = threading.Event()

    def slowly(host, port):
        over.wait(20)
        return ["127.0.0.1"]

    begun = time.monotonic()
    assert reason_of(Outgoing(HERE, QUICK, slowly), "https://app.example/") == "ConnectTimeout"
    assert time.monotonic() - begun < 2
    over.set()


@pytest.mark.parametrize("host", ["b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example", "sms"])
def test_a_host_of_the_operators_may_be_anywhere_in_whatever_script_it_is_named(host):
    asked = []

    def resolve(name, port):
        asked.append(name)
        return []

    guard = guard_for(host)
    reason_of(Outgoing(guard, resolve=resolve), f"https://{host}/")
    (name,) = asked
    assert guard.allows(name, "10.0.0.1")
    assert not guard.allows(f"x.{name}", "10.0.0.1")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_not_followed(status):
    with site() as elsewhere, site() as shop:
        shop.status, shop.headers = status, {"Location": elsewhere.url}
        assert Outgoing(HERE).post_form(shop.url, FORM) == status
        assert elsewhere.posts == []


@pytest.mark.parametrize("manner", ["silent", "drip"])
def test_it_waits_so_long_and_no_longer_however_slowly_something_comes(manner):
    with site() as shop:
        shop.manner = manner
        begun = time.monotonic()
        assert reason_of(Outgoing(HERE, QUICK), shop.url) == "ReadTimeout"
        assert time.monotonic() - begun < 2


def test_an_endless_body_is_not_listened_to():
    with site() as shop:
        shop.manner = "endless"
        assert Outgoing(HERE).post_form(shop.url, FORM) == 200


def test_endless_headers_are_refused():
    with site() as shop:
        shop.headers = {"X-Long": "x" * 200_000}
        assert reason_of(Outgoing(HERE), shop.url) == "RemoteProtocolError"


def test_no_proxy_of_the_environment_reads_along(monkeypatch):
    with site() as proxy, site() as shop:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        Outgoing(HERE).post_form(shop.url, FORM)
        assert (len(shop.posts), len(proxy.posts)) == (1, 0)


def test_no_cookie_is_kept():
    with site() as shop:
        shop.headers = {"Set-Cookie": "a=b"}
        outgoing = Outgoing(HERE)
        for _ in range(2):
            outgoing.post_form(shop.url, FORM)
        assert all("cookie" not in posted.headers for posted in shop.posts)


@spec("Back-Channel Logout §2.5", "RFC 9110 §4.3.4")
def test_a_certificate_must_be_that_of_the_name(monkeypatch):
    with certificates("shop.example") as mine, site(tls=mine.context) as shop:
        resolve = names(found=["127.0.0.1"])
        right, wrong = (f"https://{host}:{shop.port}/" for host in ("shop.example", "evil.example"))
        assert reason_of(Outgoing(HERE, resolve=resolve), right) == "ConnectError"
        monkeypatch.setenv("SSL_CERT_FILE", str(mine.ca_file))
        outgoing = Outgoing(HERE, resolve=resolve)
        assert outgoing.post_form(right, FORM) == 200
        assert reason_of(outgoing, wrong) == "ConnectError"
        assert len(shop.posts) == 1


def test_a_reason_holds_no_address_and_no_word():
    assert reason_of(Outgoing(HERE), "http://localhost:1/secret") == "ConnectError"
