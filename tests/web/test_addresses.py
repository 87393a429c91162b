"""Whose address a request comes from: the connection's, or what trusted proxies say of it."""

import pytest

from idp.store import sessions
from tests.app import Provider, RelyingParty, make_provider
from tests.support.spec import spec

PROXY = "127.0.0.1"
CLAIMED = "203.0.113.66"
SPOOFED = {
    "X-Forwarded-For": CLAIMED,
    "Forwarded": f"for={CLAIMED}",
    "X-Real-IP": CLAIMED,
    "True-Client-IP": CLAIMED,
    "CF-Connecting-IP": CLAIMED,
    "X-Client-IP": CLAIMED,
    "X-Cluster-Client-IP": CLAIMED,
    "X-Original-Forwarded-For": CLAIMED,
    "Client-IP": CLAIMED,
    "Via": f"1.1 {CLAIMED}",
}


@pytest.fixture
def behind(database_url, tmp_path):
    def made(proxies: int) -> Provider:
        return make_provider(database_url, tmp_path, trusted_proxies=proxies)

    return made


def address_of(provider: Provider, headers: dict[str, str]) -> str:
    """Where a session is that somebody opens who sends these headers."""
    user = provider.add_user()
    browser = provider.browser()
    for name, value in headers.items():
        browser.environ_base["HTTP_" + name.upper().replace("-", "_")] = value
    RelyingParty(provider, provider.add_client(), browser).sign_in()
    with provider.context() as ctx:
        (session,) = sessions.list_live_of_user(ctx.db, user.id, ctx.now)
    assert session.address == session.seen_address
    return session.address


@spec("ASVS 5.0 §4.1.3")
@pytest.mark.parametrize("header", SPOOFED)
def test_without_trusted_proxies_no_header_says_where_somebody_is(behind, header):
    assert address_of(behind(0), {header: SPOOFED[header]}) == PROXY


@spec("ASVS 5.0 §4.1.3")
@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (1, "192.0.2.7", "192.0.2.7"),
        (1, f"{CLAIMED}, 192.0.2.7", "192.0.2.7"),
        (1, f"{CLAIMED}, {CLAIMED}, 192.0.2.7", "192.0.2.7"),
        (2, f"{CLAIMED}, 192.0.2.7, 10.0.0.1", "192.0.2.7"),
        (2, "192.0.2.7", PROXY),
        (1, "", PROXY),
    ],
)
def test_of_what_is_forwarded_only_what_trusted_proxies_wrote_counts(
    behind, proxies, forwarded, address
):
    assert address_of(behind(proxies), {"X-Forwarded-For": forwarded}) == address


def test_behind_a_proxy_no_other_header_counts(behind):
    sent = SPOOFED | {"X-Forwarded-For": f"{CLAIMED}, 192.0.2.7"}
    assert address_of(behind(1), sent) == "192.0.2.7"
