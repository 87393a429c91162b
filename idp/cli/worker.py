"""`idp worker`: the background jobs and deliveries of a provider with several nodes."""

import click


@click.command()
def worker() -> None:
    """Run the background jobs, and send what is to be sent, until told to stop.

    For PostgreSQL; an embedded provider (SQLite) runs them inside `idp serve`.
    """
    import signal
    import threading

    from idp.app.logs import set_up_logs
    from idp.cli.house import opened
    from idp.settings import load
    from idp.worker.courier import Courier
    from idp.worker.loop import Loop

    settings = load()
    set_up_logs(settings)
    with opened(settings) as house:
        loop = Loop(house)
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: loop.stopping.set())
        click.echo("Working. Stop with Ctrl-C.")
        courier = threading.Thread(
            target=Courier(house, loop.stopping).run, name="courier", daemon=True
        )
        courier.start()
        loop.run()
        courier.join()
