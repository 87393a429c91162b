"""Who takes everything back means what idled out as well, whoever noted that, or nobody yet."""

import pytest

from idp.sessions import endings
from tests.admin.world import an_admin
from tests.app import RelyingParty, make_provider
from tests.login.judged import BARE, signs_in
from tests.login.keys import page_id, user_of

RETURN = BARE + '[defaults]\nreturn_within = "8h"\nidle = "1h"\nabsolute = "12h"\n'


@pytest.fixture
def idled(database_url, tmp_path) -> RelyingParty:
    """Ada showed two factors at noon; at four she has been away for longer than a token lives."""
    provider = make_provider(database_url, tmp_path, policy=RETURN)
    secret = provider.add_totp(provider.add_user())
    rp = RelyingParty(provider, provider.add_client(), provider.browser())
    rp.submit(signs_in(rp), code=provider.code(secret))
    provider.clock.forward(hours=4)
    return rp


@pytest.mark.parametrize("noted", [True, False], ids=["noted", "not yet noted"])
@pytest.mark.parametrize("taken_back", [True, False], ids=["taken back", "left alone"])
def test_nobody_comes_back_by_one_factor_to_what_was_taken_back(idled, noted, taken_back):
    if noted:
        with idled.provider.context() as ctx:
            endings.end_expired(ctx)
    if taken_back:
        an_admin(idled.provider).revoke(user=user_of(idled.provider).id)

    page = signs_in(idled)

    assert page_id(page) == ("login-code" if taken_back else "consent")
