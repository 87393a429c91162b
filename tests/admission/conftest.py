"""A provider that sends mail, and a person who knows nothing but an address."""

import pytest

from tests.admission.people import MAIL, Person
from tests.app import RelyingParty, make_provider


@pytest.fixture
def mailing(database_url, tmp_path):
    """A provider that sends mail and lets anyone register, on each kind of database."""
    return make_provider(database_url, tmp_path, self_registration=True, **MAIL)


@pytest.fixture
def person(mailing):
    """Somebody in front of an application; the user `ada` has a password and an address."""
    mailing.add_user()
    return Person(mailing, RelyingParty(mailing, mailing.add_client(), mailing.browser()))
