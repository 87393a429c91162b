"""`idp migrate`: bring the database to the schema of this release."""

import click

from idp.cli.answers import answer, json_option


@click.command()
@json_option
def migrate(*, as_json: bool) -> None:
    """Bring the database to the newest schema and give it its keys.

    Safe to run again, and on several nodes at once.
    """
    from idp.cli.house import set_up
    from idp.settings import load
    from idp.store.migrate import newest

    settings = load()
    set_up(settings, upgrade=True)
    revision = newest()
    answer({"revision": revision}, f"The database is at schema {revision}.", as_json=as_json)
