"""A refresh concerns its own session, however many others there are."""

from tests.app import Provider, RelyingParty
from tests.protocol.parties import party

BOTH = ("authorization_code", "refresh_token")


def test_a_refresh_counts_as_activity_of_its_own_session_alone(provider: Provider):
    """The first session of the table is another user's, and as old or as young as it likes."""
    provider.add_user("grace")
    grace = party(provider, grant_types=BOTH)
    grace.log_in(grace.authorize(), username="grace")
    provider.add_user()
    ada = RelyingParty(provider, grace.registered, provider.browser())
    token = ada.sign_in()["refresh_token"]

    for _ in range(3):
        provider.clock.forward(minutes=30)
        # Grace is active, too: her session never is the one that has to be noted.
        grace.authorize()
        answer = ada.token(grant_type="refresh_token", refresh_token=token)
        assert answer.status_code == 200, answer.get_json()
        token = answer.get_json()["refresh_token"]
