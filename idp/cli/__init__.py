"""The `idp` command. Each command imports the rooms it needs when it runs."""

import click

from idp import __version__
from idp.cli.check.command import check
from idp.cli.clients import client
from idp.cli.delivery import delivery
from idp.cli.demo import demo
from idp.cli.devices import device
from idp.cli.insight import insight
from idp.cli.keys import key
from idp.cli.migrate import migrate
from idp.cli.policy import policy
from idp.cli.refusals import Refusing
from idp.cli.serve import serve
from idp.cli.sessions import session
from idp.cli.tokens import token
from idp.cli.users import user
from idp.cli.worker import worker

COMMANDS = (
    serve,
    migrate,
    check,
    user,
    client,
    session,
    policy,
    device,
    key,
    token,
    delivery,
    insight,
    worker,
    demo,
)


@click.group(cls=Refusing, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="idp", message="%(prog)s %(version)s")
def main() -> None:
    """An OpenID Connect provider built around the session.

    Settings come from the environment (IDP_ISSUER, IDP_DATABASE_URL, IDP_DATA_DIR, ...), each one
    also from a file: IDP_..._FILE names it.
    """


for command in COMMANDS:
    main.add_command(command)
