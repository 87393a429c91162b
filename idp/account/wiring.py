"""Every blueprint of the account pages, in reading order."""

from idp.account import (
    activity_pages,
    answer_pages,
    application_pages,
    authenticator_pages,
    contact_pages,
    data_pages,
    device_pages,
    pages,
    password_pages,
    profile_pages,
    staying,
)

BLUEPRINTS = (
    pages.bp,
    profile_pages.bp,
    contact_pages.bp,
    password_pages.bp,
    authenticator_pages.bp,
    device_pages.bp,
    application_pages.bp,
    activity_pages.bp,
    answer_pages.bp,
    data_pages.bp,
    staying.bp,
)
