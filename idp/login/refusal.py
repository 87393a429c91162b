"""The page that says no to somebody who has shown what is right."""

import flask

from idp.login import deciding
from idp.login.asked_words import unusual
from idp.login.sign_in import Judged
from idp.login.ways import asked_of
from idp.policy.sign_in import LEVEL_IS_MISSING
from idp.web import continuation
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import page
from idp.web.words import gettext as _

FORBIDDEN = 403


def refuse(judged: Judged, handover: Handover, *, attempt: str | None = None) -> flask.Response:
    """Say that nobody gets in here and now, and why; what was decided is written down."""
    deciding.refuse(request_context(), judged, attempt)
    asked, client = asked_of(judged), handover.client
    because = unusual(asked)
    unlike = _("Much about this sign-in is unlike your others.") if because else None
    return page(
        "login_refused",
        status=FORBIDDEN,
        form_target=handover.target,
        client=client,
        reason=" ".join(each for each in (asked.told, unlike) if each),
        because=because,
        advice=_advice(judged),
        back_url=continuation.url("/login", "login", handover.frame()),
        return_url=continuation.back(handover.with_(cancelled=True)) if client else None,
    )


def _advice(judged: Judged) -> str:
    if judged.verdict.rule == LEVEL_IS_MISSING:
        return _(
            "Your account has no second step that is sure enough. Ask the people who run this "
            "service to set one up with you."
        )
    return _(
        "Try again in a browser and from a place that you have used before, or ask the people who "
        "run this service."
    )
