"""Sign-ins that stopped half-way: they are forgotten, and of a stranger's its user is told.

Whoever had the password in a browser that was never there, and stopped where a second step was
asked for, is most likely not the user (ASVS 5.0 §6.3.5).
"""

from idp.context import RequestContext
from idp.credentials import arrivals
from idp.policy.terms import DeviceStanding
from idp.store import habits, login_attempts, prompts, users
from idp.store.decisions import Recorded


def forget_expired(ctx: RequestContext) -> int:
    """Remove a batch of half-done sign-ins that are too old; return how many.

    Whoever removed one tells of it: of two nodes at once, one does.
    """
    gone = login_attempts.remove_expired(ctx.db, ctx.now)
    had_password = [id_ for id_, amr in gone.items() if "pwd" in amr]
    for prompt in prompts.list_given_up(ctx.db, had_password):
        if prompt.facts.get("device") == DeviceStanding.NEW:
            _tell(ctx, prompt)
    return len(gone)


def _tell(ctx: RequestContext, prompt: Recorded) -> None:
    user = users.find(ctx.db, prompt.user_id)
    # Nobody is a stranger to an account that was never used.
    if user is None or not habits.find(ctx.db, user.id).version:
        return
    arrivals.tell_of_half_way(ctx, user, prompt)
