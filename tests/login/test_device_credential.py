"""The credential of a browser: made at its first success, kept for as long as it is known."""

from datetime import timedelta

from werkzeug.http import parse_cookie

from idp.credentials import devices
from idp.store import known_devices
from tests.app import NOON, RelyingParty
from tests.login.keys import has_session, page_id, user_of, visit
from tests.support.spec import spec

APP = "app.example.test"
COOKIE = "__Host-idp_device"


def credential(rp: RelyingParty) -> str | None:
    found = rp.browser.get_cookie(COOKIE, domain="id.example.test")
    return found.value if found else None


def known(rp: RelyingParty, user) -> list[str]:
    with rp.provider.context() as ctx:
        return [each.device_id for each in known_devices.list_of_user(ctx.db, user.id)]


def sign_in_again(rp: RelyingParty, **who: str) -> None:
    rp.browser.delete_cookie("__Host-idp_session", domain="id.example.test")
    assert page_id(rp.log_in(rp.authorize(), **who)) == APP


def forget(rp: RelyingParty, user) -> None:
    with rp.provider.context() as ctx:
        for device_id in known(rp, user):
            devices.forget(ctx, device_id, user.id)


@spec("ASVS 5.0 V3.3.1", "ASVS 5.0 V3.3.3", "ASVS 5.0 V3.3.4")
def test_it_is_made_at_the_first_success_for_this_host_and_no_script(party):
    rp = party()
    secret = rp.provider.add_totp(user_of(rp.provider))
    rp.log_in(rp.authorize(), password="wrong")
    step = rp.log_in(rp.authorize())
    assert credential(rp) is None
    assert not has_session(rp)

    made: list[str] = []
    follow = rp.follow
    rp.follow = lambda response: (made.extend(response.headers.getlist("Set-Cookie")), response)[1]
    answer = rp.submit(step, code=rp.provider.code(secret))
    rp.follow = follow

    assert answer.status_code in (302, 303)
    (text,) = [each for each in made if each.startswith(COOKIE)]
    attributes = {part.strip().partition("=")[0].lower() for part in text.split(";")[1:]}
    assert attributes == {"secure", "httponly", "path", "samesite", "max-age", "expires"}
    assert "Path=/" in text
    assert "SameSite=Lax" in text
    assert "Max-Age=31536000" in text
    assert parse_cookie(text)[COOKIE] == credential(rp)


def test_it_stays_what_it_is_from_one_sign_in_to_the_next(party):
    rp = party()
    sign_in_again(rp)
    first = credential(rp)

    sign_in_again(rp)

    assert credential(rp) == first is not None
    assert len(known(rp, user_of(rp.provider))) == 1


def test_what_was_forgotten_is_not_taken_up_again(party):
    """Whoever copied the cookie would else be known again by the owner's next sign-in."""
    rp = party()
    ada = user_of(rp.provider)
    sign_in_again(rp)
    stolen = credential(rp)
    forget(rp, ada)

    sign_in_again(rp)

    assert credential(rp) != stolen
    with rp.provider.context() as ctx:
        assert not devices.is_known(ctx, str(stolen).partition(".")[0], ada.id)
    assert len(known(rp, ada)) == 1


def test_a_browser_that_two_people_use_stays_one(party):
    rp = party()
    ada, grace = user_of(rp.provider), rp.provider.add_user("grace")
    sign_in_again(rp)
    shared = credential(rp)
    sign_in_again(rp, username="grace")
    assert credential(rp) == shared
    forget(rp, grace)

    sign_in_again(rp, username="grace")

    assert credential(rp) == shared
    assert known(rp, ada) == known(rp, grace)


def test_a_stolen_value_brings_nothing_of_its_owners_to_somebody_else(party):
    rp = party()
    ada, mallory = user_of(rp.provider), rp.provider.add_user("mallory")
    sign_in_again(rp)
    (device_id,) = known(rp, ada)
    with rp.provider.context() as ctx:
        known_devices.trust(ctx.db, device_id, ada.id, NOON + timedelta(days=1))
    thief = visit(rp)
    thief.browser.set_cookie(COOKIE, str(credential(rp)), domain="id.example.test", secure=True)

    with rp.provider.context() as ctx:
        assert not devices.is_known(ctx, device_id, mallory.id)
    sign_in_again(thief, username="mallory")

    with rp.provider.context() as ctx:
        assert not devices.is_trusted(ctx, device_id, mallory.id)
        assert devices.is_trusted(ctx, device_id, ada.id)
