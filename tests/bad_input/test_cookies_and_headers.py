"""Cookies, headers, paths and methods of any bytes: every endpoint keeps its composure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.account.people import ORDINARY, PAGES, SENSITIVE
from tests.bad_input.strategies import examples, header_bytes, values
from tests.bad_input.wire import HOST, MARK, assert_sound

GET = (
    "/",
    "/authorize",
    "/authorize/continue",
    "/login",
    "/login/code",
    "/login/recovery",
    "/login/key",
    "/login/text",
    "/login/mail",
    "/login/enrol/passkey",
    "/login/refer",
    "/login/room",
    "/login/enrol",
    "/login/step-up",
    "/login/account",
    "/ticket",
    "/ticket/email",
    "/recovery",
    "/recovery/sent",
    "/recovery/password",
    "/invitation",
    "/invitation/done",
    "/reset",
    "/register",
    "/register/sent",
    "/register/account",
    "/consent",
    *PAGES,
    "/account/profile/email",
    "/account/profile/phone",
    "/account/profile/phone/code",
    "/account/deleted",
    "/account/session",
    "/account/not-me",
    "/logout",
    "/logout/continue",
    "/logged-out",
    "/userinfo",
    "/jwks",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/brand.css",
    "/static/idp.css",
)
POST = (
    "/authorize",
    "/token",
    "/introspect",
    "/revoke",
    "/admin/revocations",
    "/global-token-revocation",
    "/userinfo",
    "/logout",
    "/logout/confirm",
    "/login",
    "/login/code",
    "/login/recovery",
    "/login/passkey",
    "/login/key",
    "/login/text",
    "/login/mail",
    "/login/enrol/passkey",
    "/login/enrol",
    "/login/account",
    "/login/room",
    "/recovery",
    "/recovery/password",
    "/invitation",
    "/register",
    "/register/account",
    "/ticket/email",
    "/consent",
    "/account/not-me",
    *ORDINARY,
    *SENSITIVE,
)
OURS = ("__Host-idp_session", "__Host-idp_browser", "__Host-idp_device")
PREFIXES = (b"", b"idp_ss_", b"idp_br_", b'"', b'"\\', b"A" * 22 + b".")
cookie_values = st.builds(lambda prefix, raw: prefix + raw, st.sampled_from(PREFIXES), header_bytes)


def test_every_route_is_attacked_here(target):
    """A new route must be added above."""
    listed = {("GET", path) for path in GET} | {("POST", path) for path in POST}
    for rule in target.provider.app.url_map.iter_rules():
        path = rule.rule.replace("<name>", "idp.css")
        for method in rule.methods & {"GET", "POST", "PUT", "DELETE", "PATCH"}:
            assert (method, path) in listed


def everywhere(wire, **options) -> None:
    for path in GET:
        assert_sound(wire.get(path, **options))
    for path in POST:
        assert_sound(wire.post(path, b"x=1", **options))


@given(name=st.sampled_from(OURS), value=cookie_values)
@examples(15)
def test_any_value_of_a_cookie_of_ours_is_nobody(target, name, value):
    everywhere(target.stranger(), cookie=name.encode() + b"=" + value)


@given(header=st.one_of(header_bytes, st.lists(header_bytes, max_size=5).map(b";".join)))
@examples(12)
def test_any_cookie_header_is_nobody(target, header):
    wire = target.stranger()
    everywhere(wire, cookie=header)
    assert wire.get("/account", cookie=header).status == 303


@given(
    name=st.sampled_from(
        (
            "Accept-Language",
            "User-Agent",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Proto",
            "Forwarded",
            "Origin",
            "Referer",
            "Sec-Fetch-Site",
            "If-None-Match",
            "If-Modified-Since",
            "Range",
            "Accept",
            "Authorization",
            "Content-Encoding",
            "Transfer-Encoding",
            "X-HTTP-Method-Override",
            "Host",
        )
    ),
    value=header_bytes,
)
@examples(30)
def test_any_value_of_a_header_is_answered_in_form(target, name, value):
    everywhere(target.stranger(), headers={name: value})


FOREIGN = ("evil.example", f"evil.example/{HOST}", f"{HOST}@evil.example", f"{HOST}.evil.example")


@pytest.mark.parametrize("host", [*FOREIGN, "", "a b", "[::1", ".", "a..b", "a" * 300, "\xff", ":"])
def test_a_foreign_host_name_is_never_taken_for_ours(target, host):
    """Neither as Host nor as a proxy would hand it on (RFC 9700 §4.13)."""
    for name in ("Host", "X-Forwarded-Host"):
        wire = target.stranger()
        for path in GET:
            answer = wire.get(path, headers={name: host})
            assert_sound(answer)
            assert "evil" not in answer.text
            assert "evil" not in answer.location


@given(
    path=st.one_of(
        st.binary(max_size=30).map(lambda raw: b"/" + raw),
        values.map(lambda raw: b"/" + raw),
        values.map(lambda raw: b"/static/" + raw),
        values.map(lambda raw: b"/login/" + raw),
        values.map(lambda raw: b"/.well-known/" + raw),
    ),
    method=st.sampled_from(("GET", "POST", "HEAD")),
)
@examples(80)
def test_any_path_is_answered_with_a_page_that_does_not_repeat_it(target, path, method):
    answer = target.stranger().send(method, path)
    assert_sound(answer)
    assert MARK not in answer.text


@pytest.mark.parametrize(
    "path", ["/static/../pages.py", "/static/%2e%2e/pages.py", "/static/..\\pages.py", "/static//"]
)
def test_static_files_are_the_static_ones(target, path):
    assert target.stranger().get(path).status == 404


DOUBLED = tuple(
    doubled
    for path in GET
    if path != "/"
    for doubled in ("/" + path, path.replace("/", "//"), path + "/", path + "//")
)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_spelling_of_a_path_is_corrected_by_a_redirect(target, method):
    """Such a redirect names the host that the request claims, and repeats a password (§4.12)."""
    for path in DOUBLED:
        answer = target.stranger().send(method, path, headers={"Host": "evil.example"})
        assert "evil" not in answer.location, path
        assert answer.status not in (301, 302, 307, 308), path


@pytest.mark.parametrize(
    "method",
    ["PUT", "DELETE", "PATCH", "PROPFIND", "TRACE", "OPTIONS", "CONNECT", "x" * 300, "get", ""],
)
def test_odd_methods_are_refused(target, method):
    wire = target.stranger()
    for path in {*GET, *POST, "/nothing"}:
        answer = wire.send(method, path, body=b"x=1")
        assert answer.status < 500
        if method not in ("get", "OPTIONS"):
            assert answer.status in (404, 405), path


def test_a_head_is_a_get_without_its_body(target):
    for path in GET:
        head = target.stranger().send("HEAD", path)
        assert head.body == b""
        assert head.status == target.stranger().get(path).status
