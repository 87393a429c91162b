"""More is asked for where it is wanted, missing and within reach: once, and no more than that."""

import json

import pytest

from tests.app import PASSWORD, claims_of, link_of, text_of
from tests.machines.statements import overheard
from tests.protocol.parties import SECRET_COOKIE, page_of, party, refused
from tests.protocol.passkeys import bind_key, create_key, show_key
from tests.support.authenticator import Authenticator, Maker
from tests.support.spec import spec

TOTP_CODE = "login-code"
KEY = "login-key"


def essential(*levels):
    return json.dumps({"id_token": {"acr": {"essential": True, "values": list(levels)}}})


@pytest.fixture
def ada(provider):
    return provider.add_user()


@pytest.fixture
def rp(provider, ada):
    """A first-party client at whose browser ada signed in by password, two minutes ago."""
    signed_in = party(provider, first_party=True)
    signed_in.sign_in()
    provider.clock.forward(minutes=2)
    return signed_in


@pytest.fixture
def key(provider, ada, rp):
    """A passkey that ada has had since then."""
    return bind_key(provider, ada)


@pytest.fixture
def secret(provider, ada, rp):
    """The secret of her authenticator app."""
    return provider.add_totp(ada)


def tokens_of(rp, response):
    return rp.redeem(rp.answer(response)["code"]).get_json()


def held(rp):
    """What the session holds, as a client learns it that asks for nothing."""
    return claims_of(tokens_of(rp, rp.authorize(prompt="none"))["access_token"])["acr"]


def cookie(rp):
    return rp.browser.get_cookie(SECRET_COOKIE, domain="id.example.test").value


@spec("OIDC Core §5.5.1.1", "RFC 9470 §4", "RFC 9470 §6.1", "OpenID EAP ACR Values §2")
@pytest.mark.parametrize("asked", [{"acr_values": "phr"}, {"claims": essential("phr")}])
def test_a_password_session_is_asked_for_the_second_proof_alone(provider, rp, key, asked):
    before = cookie(rp)
    since = claims_of(tokens_of(rp, rp.authorize(prompt="none"))["id_token"])

    page = rp.authorize(**asked)
    assert page_of(page) == KEY
    tokens = tokens_of(rp, show_key(rp, page, key))

    said, known = claims_of(tokens["id_token"]), claims_of(tokens["access_token"])
    assert (said["acr"], said["amr"]) == ("phr", ["mfa", "pop", "pwd", "user"])
    assert [known[each] for each in ("acr", "amr", "auth_time")] == [
        said[each] for each in ("acr", "amr", "auth_time")
    ]
    assert said["auth_time"] == since["auth_time"] + 120
    assert said["sid"] == since["sid"]
    assert cookie(rp) != before
    assert provider.event_names().count("session.opened") == 1
    assert "code" in rp.answer(rp.authorize(**asked, prompt="none"))


def test_the_liked_level_is_asked_for_first(provider, rp, key, secret):
    page = rp.authorize(acr_values="phr mfa")
    assert page_of(page) == KEY

    assert claims_of(tokens_of(rp, show_key(rp, page, key))["id_token"])["acr"] == "phr"


def test_where_the_liked_level_is_out_of_reach_the_next_one_will_do(provider, rp, secret):
    page = rp.authorize(acr_values="phr mfa")
    assert page_of(page) == TOTP_CODE

    answered = rp.submit(page, code=provider.code(secret))
    assert claims_of(tokens_of(rp, answered)["id_token"])["acr"] == "mfa"


@pytest.mark.parametrize("wanted", ["mfa phr", "sfa phr", "phr sfa"])
def test_nothing_is_asked_for_where_one_of_the_wanted_levels_is_held(provider, rp, key, wanted):
    show_key(rp, rp.authorize(acr_values="mfa"), key)

    assert "code" in rp.answer(rp.authorize(acr_values=wanted))


@spec("OIDC Core §3.1.2.1")
def test_a_sign_in_asks_for_the_wanted_proof_at_once(provider, ada):
    rp = party(provider, first_party=True)
    key = bind_key(provider, ada)
    provider.add_totp(ada)

    page = rp.log_in(rp.authorize(acr_values="phr"))
    assert page_of(page) == KEY

    assert claims_of(tokens_of(rp, show_key(rp, page, key))["id_token"])["acr"] == "phr"


@spec("OIDC Core §5.5.1.1")
def test_who_shows_less_at_a_sign_in_is_not_asked_again_for_a_wish(provider, rp, key, secret):
    page = rp.log_in(rp.authorize(acr_values="phr", prompt="login"))
    other = rp.get(link_of(page, "use-authenticator"))
    answered = rp.submit(other, code=provider.code(secret))

    assert claims_of(tokens_of(rp, answered)["id_token"])["acr"] == "mfa"


@spec("OIDC Core §5.5.1.1")
def test_who_shows_less_at_a_sign_in_is_asked_once_more_for_what_is_essential(
    provider, rp, key, secret
):
    page = rp.log_in(rp.authorize(claims=essential("phr"), prompt="login"))
    other = rp.get(link_of(page, "use-authenticator"))
    page = rp.submit(other, code=provider.code(secret))
    assert page_of(page) == KEY

    assert claims_of(tokens_of(rp, show_key(rp, page, key))["id_token"])["acr"] == "phr"


@spec("OIDC Core §5.5.1.1", "OIDC Core §3.1.2.6")
def test_who_would_rather_not_is_sent_home(rp, key):
    for asked in ({"acr_values": "phr"}, {"claims": essential("phr")}):
        assert refused(rp, rp.submit(rp.authorize(**asked), action="cancel")) == "access_denied"


@spec("OIDC Core §5.5.1.1", "Unmet Authentication Requirements §2")
@pytest.mark.parametrize("levels", [["urn:x"], ["phrh"], ["urn:x", "phrh"], ["gold", 7]])
@pytest.mark.parametrize("prompt", [None, "none", "login"])
def test_what_nobody_can_reach_here_is_refused_before_anybody_is_asked(provider, levels, prompt):
    rp = party(provider)

    response = rp.authorize(claims=essential(*levels), prompt=prompt)

    assert refused(rp, response) == "unmet_authentication_requirements"


@spec("OIDC Core §5.5.1.1")
@pytest.mark.parametrize("value", ['"values":"mfa"', '"value":7', '"values":["é"]'])
def test_an_essential_level_that_we_cannot_read_is_no_less_essential(provider, value):
    rp = party(provider)
    claims = f'{{"id_token":{{"acr":{{"essential":true,{value}}}}}}}'

    response = rp.authorize(claims=claims, acr_values="sfa")

    assert refused(rp, response) == "unmet_authentication_requirements"


@spec("OIDC Core §5.5.1.1", "Unmet Authentication Requirements §2")
def test_what_this_user_cannot_reach_is_refused(rp, secret):
    for levels in (["phr"], ["urn:x", "phr"]):
        response = rp.authorize(claims=essential(*levels))
        assert refused(rp, response) == "unmet_authentication_requirements"
    assert "code" in rp.answer(rp.authorize(acr_values="phr"))


@spec("OIDC Core §3.1.2.6")
def test_an_old_proof_is_renewed_whole_and_brings_the_level_too(provider, rp, key):
    """Both halves are shown within `max_age`, so that `acr` and `auth_time` speak of one moment."""
    page = rp.authorize(acr_values="phr", max_age="60")
    page = rp.log_in(page)
    assert page_of(page) == KEY

    assert claims_of(tokens_of(rp, show_key(rp, page, key))["id_token"])["acr"] == "phr"


def test_the_pages_say_who_asks_for_what_and_why(rp, key):
    said = text_of(rp.authorize(max_age="60"))
    assert "Example App wants a recent sign-in" in said
    assert "it is 2 minutes old" in said

    said = text_of(rp.authorize(acr_values="phr"))
    assert "Example App asks for a surer proof than you have shown here" in said
    assert "2 minutes" not in said, "how old the proof is has nothing to do with it"


def test_a_young_proof_is_only_added_to(rp, key):
    assert page_of(rp.authorize(acr_values="phr", max_age="120")) == KEY


def test_a_trusted_device_stands_for_no_level(provider, ada):
    """Its session is of one factor and says so; who wants two asks for the second."""
    secret = provider.add_totp(ada)
    rp = party(provider, first_party=True)
    page = rp.log_in(rp.authorize())
    assert "code" in rp.answer(rp.submit(page, code=provider.code(secret), trust="yes"))
    rp.browser.delete_cookie(SECRET_COOKIE, domain="id.example.test")
    provider.clock.forward(minutes=2)

    said = claims_of(tokens_of(rp, rp.log_in(rp.authorize()))["id_token"])
    assert (said["acr"], said["amr"]) == ("sfa", ["pwd"])
    assert page_of(rp.authorize(acr_values="mfa")) == TOTP_CODE
    for fresh in ({"prompt": "login"}, {"max_age": "0"}):
        assert page_of(rp.log_in(rp.authorize(**fresh))) == TOTP_CODE


class TestARequiredLevel:
    """`require_acr`: below it, a client gets nothing."""

    @pytest.fixture
    def strict(self, provider, rp):
        return party(provider, rp.browser, first_party=True, require_acr="mfa")

    def test_is_asked_for_though_the_request_does_not(self, provider, strict, secret):
        page = strict.authorize()
        assert page_of(page) == TOTP_CODE

        answered = strict.submit(page, code=provider.code(secret))
        assert claims_of(tokens_of(strict, answered)["id_token"])["acr"] == "mfa"

    @spec("OIDC Core §3.1.2.6")
    @pytest.mark.usefixtures("secret")
    def test_is_not_passed_in_silence(self, strict):
        assert refused(strict, strict.authorize(prompt="none")) == "interaction_required"

    @spec("Unmet Authentication Requirements §2")
    def test_refuses_who_cannot_reach_it(self, strict):
        assert refused(strict, strict.authorize()) == "unmet_authentication_requirements"

    @pytest.mark.usefixtures("secret")
    def test_is_not_lowered_by_the_request(self, strict):
        assert page_of(strict.authorize(acr_values="sfa")) == TOTP_CODE
        assert page_of(strict.authorize(claims=essential("sfa"))) == TOTP_CODE

    def test_does_not_make_a_higher_wish_essential(self, provider, strict, secret):
        page = strict.authorize(acr_values="phr")
        assert page_of(page) == TOTP_CODE

        assert "code" in strict.answer(strict.submit(page, code=provider.code(secret)))

    def test_that_nobody_can_reach_is_refused_before_anybody_is_asked(self, provider):
        lofty = party(provider, require_acr="phrh")

        assert refused(lofty, lofty.authorize()) == "unmet_authentication_requirements"

    def test_has_a_factor_set_up_where_there_may_be_one(self, provider_with):
        provider = provider_with(second_factor="encouraged")
        provider.add_user()
        strict = party(provider, first_party=True, require_acr="mfa")
        page = strict.log_in(strict.authorize())
        assert page_of(page) == "enrol"

        page = strict.submit(page, action="skip")

        assert page_of(page) == "enrol"
        assert b'value="skip"' not in page.data


@spec("OpenID EAP ACR Values §2", "NIST SP 800-63B-4 §2.3")
def test_a_key_that_its_maker_vouches_for_reaches_the_highest_level(provider_with, tmp_path):
    roots = tmp_path / "roots.pem"
    maker = Maker()
    maker.write_roots(roots)
    provider = provider_with(webauthn_attestation="preferred", webauthn_attestation_roots=roots)
    ada = provider.add_user()
    rp = party(provider, first_party=True)
    rp.sign_in()
    unmet = refused(rp, rp.authorize(claims=essential("phrh")))
    bind_key(provider, ada)
    still_unmet = refused(rp, rp.authorize(claims=essential("phrh")))
    vouched = bind_key(provider, ada, attestation="x5c", maker=maker, transports=("usb",))

    page = rp.authorize(claims=essential("phrh"))

    assert unmet == still_unmet == "unmet_authentication_requirements"
    claims = claims_of(tokens_of(rp, show_key(rp, page, vouched))["id_token"])
    assert (claims["acr"], claims["amr"]) == ("phrh", ["hwk", "mfa", "pwd", "user"])


def test_a_passkey_is_made_on_the_way_and_counts_once_it_was_used(provider_with):
    provider = provider_with(second_factor="encouraged")
    provider.add_user()
    rp = party(provider, first_party=True)
    rp.answer(rp.submit(rp.log_in(rp.authorize()), action="skip"))
    key = Authenticator()

    assert "code" in rp.answer(rp.authorize(acr_values="phr"))
    page = rp.authorize(claims=essential("phr"))
    assert page_of(page) == "enrol-passkey"
    page = create_key(rp, page, key)
    assert page_of(page) == "recovery-codes"
    page = rp.follow(rp.get(link_of(page, "continue")))
    assert page_of(page) == KEY

    assert claims_of(tokens_of(rp, show_key(rp, page, key))["id_token"])["acr"] == "phr"


@spec("OIDC Registration §2")
def test_default_acr_values_count_where_the_request_says_nothing(provider, rp, key):
    wishing = party(provider, rp.browser, first_party=True, default_acr_values=("phr",))

    assert page_of(wishing.authorize()) == KEY
    assert page_of(wishing.authorize(claims='{"id_token":{"acr":null}}')) == KEY
    assert "code" in wishing.answer(wishing.authorize(acr_values="sfa"))
    assert "code" in wishing.answer(
        wishing.authorize(claims='{"id_token":{"acr":{"values":["sfa"]}}}')
    )
    assert "code" in wishing.answer(wishing.authorize(prompt="none"))


@spec("OIDC Registration §2")
def test_default_acr_values_out_of_reach_are_no_error(provider, rp):
    wishing = party(provider, rp.browser, first_party=True, default_acr_values=("phrh", "phr"))

    assert claims_of(tokens_of(wishing, wishing.authorize())["id_token"])["acr"] == "sfa"


def test_what_a_user_has_is_looked_up_only_where_it_matters(provider, rp, secret):
    rp.authorize()
    with overheard(provider) as plain:
        assert "code" in rp.answer(rp.authorize())
    for asked in ({"acr_values": "sfa"}, {"acr_values": "mfa", "prompt": "none"}):
        with overheard(provider) as heard:
            assert "code" in rp.answer(rp.authorize(**asked))
        assert len(heard.work) == len(plain.work), heard.work
    with overheard(provider) as heard:
        assert "code" in rp.answer(rp.authorize(acr_values="phr"))
    assert len(heard.work) == len(plain.work) + 1, heard.work


def test_a_wrong_password_on_the_way_leaves_the_session_as_it_was(rp, key):
    rp.log_in(rp.authorize(acr_values="phr", prompt="login"), password=PASSWORD[::-1])

    assert held(rp) == "sfa"
