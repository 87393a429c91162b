"""Connected applications: what they see, since when, and taking it back."""

from tests.account.people import act, another_browser, visit
from tests.app import RelyingParty, text_of

APPLICATIONS = "/account/applications"


def test_each_says_what_it_sees_and_when_it_was_used(rp):
    rp.sign_in(scope="openid email")
    rp.provider.clock.forward(minutes=30)
    rp.sign_in(scope="openid email")

    text = text_of(visit(rp, APPLICATIONS))

    assert "Example App app.example.test Connected Jan 1, 2030" in text
    assert "Last used Jan 1, 2030, 1:30" in text
    assert "Your email address" in text


def test_single_details_are_named_beside_the_scopes(rp):
    rp.sign_in(scope="openid", claims='{"userinfo":{"birthdate":null,"email":null}}')

    text = text_of(visit(rp, APPLICATIONS))

    assert "Know who you are" in text
    assert "Date of birth" in text
    assert "Email address" in text


def test_it_is_revoked_with_its_tokens_and_asks_again(rp):
    tokens = rp.sign_in()
    assert rp.userinfo(tokens["access_token"]).status_code == 200

    page = act(rp, "/account/connections/revoke", client_id=rp.client_id)

    assert "has no access any more" in text_of(page)
    assert rp.userinfo(tokens["access_token"]).status_code == 401
    assert b'id="page-consent"' in rp.authorize().data, "asked again"


def test_what_is_not_connected_cannot_be_revoked(rp):
    rp.provider.add_user("grace")
    hers = another_browser(rp)
    page = hers.log_in(hers.authorize(), "grace")
    hers.allow(page)
    rp.log_in(visit(rp))

    page = act(rp, "/account/connections/revoke", client_id=rp.client_id)

    assert b'id="notice"' not in page.data
    assert "consent.revoked" not in rp.provider.event_names()


def test_an_application_of_the_house_is_shown_and_asks_for_nothing(rp):
    own = rp.provider.add_client(client_name="Intranet", first_party=True)
    RelyingParty(rp.provider, own, rp.browser).sign_in()

    text = text_of(visit(rp, APPLICATIONS))

    assert "Intranet" in text
    assert "Part of this service" in text
    assert "Disconnect" not in text


def test_an_application_of_the_house_that_stays_connected_can_be_disconnected(rp):
    own = rp.provider.add_client(
        client_name="Intranet",
        first_party=True,
        grant_types=("authorization_code", "refresh_token"),
        scope=("openid", "offline_access"),
    )
    intranet = RelyingParty(rp.provider, own, rp.browser)
    token = intranet.sign_in(scope="openid offline_access")["refresh_token"]
    assert "stays connected when you are signed out" in text_of(visit(rp, APPLICATIONS))

    page = act(rp, "/account/connections/revoke", client_id=intranet.client_id)

    assert "has no access any more" in text_of(page)
    assert intranet.token(grant_type="refresh_token", refresh_token=token).status_code == 400
    assert "Disconnect" not in text_of(visit(rp, APPLICATIONS))
