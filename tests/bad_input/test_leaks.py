"""Nothing secret in a log, a URL, a cache or somebody else's frame."""

import json
import re
import zlib
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from idp.account.administration import disable_user
from idp.credentials import recovery
from idp.kernel.encoding import unb64url
from tests.app import CALLBACK, ISSUER, PASSWORD, RelyingParty, fields_of, make_provider, submit
from tests.bad_input.strategies import query_of
from tests.bad_input.wire import MARK, Wire, fields_on

WRONG = "my wrong password 5521"
TYPED_INTO_THE_NAME = "my real password 7734"


class Watched:
    """A browser of which every URL, header and page is remembered."""

    def __init__(self, provider) -> None:
        self.urls: list[str] = []
        self.answers: list[tuple[str, int, dict[str, str]]] = []
        self.browser = provider.app.test_client()
        inner = self.browser.run_wsgi_app

        def run(environ, *, buffered=False):
            path = environ["PATH_INFO"]
            self.urls.append(f"{path}?{environ.get('QUERY_STRING', '')}")
            answer = inner(environ, buffered=buffered)
            found = dict(answer[2])
            self.answers.append((path, int(answer[1][:3]), found))
            self.urls.append(found.get("Location", ""))
            return answer

        self.browser.run_wsgi_app = run


@pytest.fixture
def walked(database_url, tmp_path, capfd):
    """Everything that can happen to a secret, with the log and the URLs that it left."""
    provider = make_provider(database_url, tmp_path)
    user = provider.add_user()
    totp_secret = provider.add_totp(user)
    with provider.context() as ctx:
        codes = recovery.regenerate(ctx, user.id)
    watched = Watched(provider)
    rp = RelyingParty(provider, provider.add_client(), watched.browser)
    secrets = {PASSWORD, WRONG, TYPED_INTO_THE_NAME, totp_secret, *codes, rp.registered.secret}
    page = rp.authorize()
    page = rp.log_in(page, TYPED_INTO_THE_NAME, "x")
    page = rp.log_in(page, password=WRONG)
    step = rp.log_in(page)
    rp.submit(step, code="111111")
    wrong = rp.follow(rp.get(f"/login/recovery?ticket={fields_of(step)['ticket']}"))
    rp.submit(wrong, recovery_code="AAAA-BBBB-CCCC-DDDD")
    code = provider.code(totp_secret)
    page = rp.submit(step, code=code)
    granted = rp.answer(rp.allow(page))
    first = rp.redeem(granted["code"]).get_json()
    rp.redeem(granted["code"])
    rp.redeem(granted["code"][:-3] + "AAA")
    rp.redeem(granted["code"], client_secret="another secret 99")
    rp.userinfo(first["access_token"])
    rp.userinfo(first["access_token"] + "x")
    second = rp.redeem(rp.code()).get_json()
    for name in ("session", "browser", "device"):
        cookie = rp.browser.get_cookie(f"__Host-idp_{name}", domain="id.example.test")
        secrets.add(cookie.value)
        secrets.add(cookie.value.split(".")[-1])
    rp.get("/account")
    csrf = fields_of(rp.get("/account"))["csrf_token"]
    shown = rp.browser.post(
        "/account/recovery-codes", data={"csrf_token": csrf}, base_url=ISSUER
    ).get_data(as_text=True)
    secrets |= {csrf, code, granted["code"], first["access_token"], second["access_token"]}
    secrets |= set(re.findall(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){5}", shown))
    rp.browser.post("/login", data={"password": WRONG}, base_url=ISSUER)
    with provider.context() as ctx:
        disable_user(ctx, "ada")
    out = capfd.readouterr()
    return secrets, watched, out.out + out.err, rp


def test_no_secret_is_in_the_log(walked):
    secrets, _, log, _ = walked
    assert "refused" in log
    for secret in secrets:
        assert secret not in log, secret


def test_no_secret_is_in_a_url_of_ours(walked):
    """RFC 9700 §4.3: only the code goes by URL, to its client alone."""
    secrets, watched, _, rp = walked
    ours = [url for url in watched.urls if not url.startswith(rp.redirect_uri)]
    readable = []
    for url in ours:
        readable.append(url)
        tickets = re.findall(r"ticket=([A-Za-z0-9_-]+)\.", url)
        readable.extend(zlib.decompress(unb64url(ticket)).decode() for ticket in tickets)
    for secret in secrets:
        assert not any(secret in url for url in readable), secret


def test_no_personal_page_is_kept_framed_or_sniffed(walked):
    _, watched, _, _ = walked
    assert len(watched.answers) > 15
    for path, status, headers in watched.answers:
        assert headers["Cache-Control"] == "no-store", path
        assert headers["X-Frame-Options"] == "DENY", path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "same-origin", path
        assert "Content-Security-Policy" in headers, path
        assert status < 500, path


def test_every_cookie_is_out_of_reach_of_scripts_and_other_hosts(walked):
    _, watched, _, _ = walked
    seen = [headers["Set-Cookie"] for _, _, headers in watched.answers if "Set-Cookie" in headers]
    assert seen
    for cookie in seen:
        name, *attributes = [part.strip().lower() for part in cookie.split(";")]
        assert name.startswith("__host-idp_")
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= set(attributes)
        assert not any(attribute.startswith("domain") for attribute in attributes)


TABLES = ("authorization_requests", "throttles", "sessions", "users")


@pytest.mark.parametrize("table", TABLES)
def test_a_crash_leaves_no_input_and_no_secret_in_the_log_or_the_answer(
    database_url, tmp_path, capfd, table
):
    """The driver's message would quote every value of the statement."""
    provider = make_provider(database_url, tmp_path)
    provider.add_user()
    rp = RelyingParty(provider, provider.add_client(), provider.browser())
    wire = Wire(provider.app)
    page = wire.follow(wire.get("/authorize", query=query_of(rp.parameters())))
    fields = fields_on(page)
    with provider.context() as ctx:
        cascade = " CASCADE" if ctx.db.dialect == "postgresql" else ""
        ctx.db.write(text("PRAGMA foreign_keys=OFF" if not cascade else "SELECT 1"))
        ctx.db.write(text(f"ALTER TABLE {table} RENAME TO gone_{table}"))
    capfd.readouterr()
    session = f"idp_ss_{MARK}"
    answers = [
        wire.get("/authorize", query=query_of(rp.parameters(state=MARK, login_hint=MARK))),
        wire.post("/login", query_of(fields | {"identifier": MARK, "password": MARK}), headers={}),
        wire.post("/login", query_of(fields | {"identifier": "ada", "password": PASSWORD})),
        wire.get("/account", cookie=f"__Host-idp_session={session}"),
        wire.post("/token", query_of({"client_id": MARK, "client_secret": MARK})),
    ]
    out = capfd.readouterr()
    assert any(answer.status >= 500 for answer in answers)
    for answer in answers:
        assert MARK not in answer.text.replace(f'value="{MARK}"', "")
        assert "sqlalchemy" not in answer.text.lower()
        assert "Traceback" not in answer.text
    assert "refused" in out.err, "the log is watched"
    log = (out.err + out.out).casefold()
    assert PASSWORD not in log
    assert MARK.casefold() not in log


HOSTILE = "<script>alert(1)</script>\" onload='x' %(client)s {{7*7}}"


def test_no_name_is_markup_on_any_page(rp, provider):
    """Of a client, of a person, of an authenticator: text wherever it stands."""
    evil = RelyingParty(
        provider,
        provider.add_client(client_name=HOSTILE, policy_uri="https://app.example.test/?a=1&b=2"),
        provider.browser(),
    )
    user = provider.add_user("<b>grace</b>", profile={"name": HOSTILE, "nickname": HOSTILE})
    pages = [evil.authorize(scope="openid profile", login_hint=HOSTILE)]
    pages.append(evil.log_in(pages[0], "<b>grace</b>", "wrong"))
    pages.append(evil.log_in(pages[0], "<b>grace</b>"))
    pages.append(evil.get("/logout?client_id=" + evil.client_id))
    secret = provider.add_totp(user)
    pages.append(evil.authorize(prompt="select_account"))
    pages.append(evil.authorize(prompt="login"))
    pages.append(evil.log_in(pages[-1], "<b>grace</b>"))
    evil.submit(pages[-1], code=provider.code(secret))
    pages.append(evil.authorize(prompt="none", response_mode="form_post", state=HOSTILE))
    evil.allow(evil.authorize(scope="openid profile", prompt="consent"))
    pages.append(evil.get("/account"))
    assert len({re.search(rb'id="(page-[a-z-]+)"', page.data)[1] for page in pages}) >= 6
    for page in pages:
        html = page.get_data(as_text=True)
        assert "<script>alert" not in html
        assert "onload='x'" not in html
        assert "<b>grace" not in html
        assert "{{7*7}}" not in html or "{{49}}" not in html
        assert not re.search(r'\son[a-z]+="', html)


def test_errors_of_the_protocol_are_constants(rp):
    """No description is made of what was sent."""
    answers = [
        rp.answer(rp.authorize(prompt="none", **{name: MARK}))
        for name in ("scope", "response_type", "max_age", "display", "claims", "code_challenge")
    ]
    for answer in answers:
        assert MARK not in json.dumps(answer)
    assert all(urlsplit(CALLBACK).hostname not in each["error_description"] for each in answers)


def test_a_page_is_bound_to_the_browser_that_it_was_made_for(rp, provider):
    page = rp.authorize()
    other = RelyingParty(provider, rp.registered, provider.browser())
    other.get("/login")
    answer = submit(other.browser, page, identifier="ada", password=PASSWORD)
    assert answer.status_code == 403
