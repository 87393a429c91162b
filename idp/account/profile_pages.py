"""/account/profile: your name and how you are reached."""

import flask

from idp.account import administration
from idp.account.administration import Changes
from idp.account.contact import can_change_email, can_change_phone
from idp.account.factors import can_remove_phone
from idp.account.frame import PROFILE, account_page
from idp.account.guard import act, shown
from idp.account.notices import with_notice
from idp.account.profile_words import (
    CHOSEN,
    EDITABLE,
    TYPED,
    fault_of,
    labels,
    languages,
    other_details,
    zones,
)
from idp.context import RequestContext
from idp.store.sessions import Standing
from idp.store.users import username_key
from idp.web.pages import redirect
from idp.web.parameters import Parameters

bp = flask.Blueprint("account_profile", __name__)
_AUTOCOMPLETE = {
    "name": "name",
    "given_name": "given-name",
    "family_name": "family-name",
    "nickname": "nickname",
}


@bp.get(PROFILE)
@shown
def show(ctx: RequestContext, standing: Standing) -> flask.Response:
    """Show what is known about the person."""
    profile = standing.user.profile
    return _show(ctx, standing, {claim: str(profile.get(claim) or "") for claim in EDITABLE}, {})


def _show(
    ctx: RequestContext, standing: Standing, values: dict[str, str], faults: dict[str, str]
) -> flask.Response:
    user, named = standing.user, labels()
    return account_page(
        "account_profile",
        standing,
        PROFILE,
        fields=[
            {
                "claim": claim,
                "label": named[claim],
                "value": values[claim],
                "fault": faults.get(claim),
                "autocomplete": _AUTOCOMPLETE[claim],
            }
            for claim in TYPED
        ],
        choices={
            claim: {"label": named[claim], "value": values[claim], "fault": faults.get(claim)}
            for claim in CHOSEN
        },
        languages=languages(values["locale"] if "locale" not in faults else ""),
        zones=zones(values["zoneinfo"] if "zoneinfo" not in faults else ""),
        error=bool(faults),
        old_address="@" in user.username
        and username_key(user.username) != username_key(user.email or ""),
        email={"address": user.email, "verified": user.email_verified},
        can_change_email=can_change_email(ctx),
        phone={"number": user.phone_number, "verified": user.phone_number_verified},
        can_change_phone=can_change_phone(ctx),
        can_remove_phone=bool(user.phone_number)
        and can_change_phone(ctx)
        and can_remove_phone(ctx, user),
        others=other_details(user),
    )


@bp.post(PROFILE)
@act(PROFILE)
def save(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Keep the new values; an empty one is taken away."""
    values = {claim: (form.get(claim) or "").strip() for claim in EDITABLE}
    faults = {c: fault for c, value in values.items() if (fault := fault_of(c, value))}
    if faults:
        return _show(ctx, standing, values, faults)
    changed = administration.change_user(ctx, standing.user.username, Changes(claims=values))
    return redirect(with_notice(PROFILE, "profile_saved" if changed else "profile_same"))
