"""What stands in for a second step goes with the last one."""

from idp.context import RequestContext
from idp.credentials import devices, recovery
from idp.credentials.owned import owned
from idp.store import users


def end_with_last_step(ctx: RequestContext, user_id: str) -> None:
    """Trust no browser and take no recovery code once a user has no second step left.

    What is set up some day is a new thing, for which nobody trusted a browser or saved a code.
    """
    user = users.find(ctx.db, user_id)
    if user is None or owned(ctx, user).second_step:
        return
    devices.distrust_all(ctx, user_id, because="factor_removed")
    recovery.void(ctx, user_id)
