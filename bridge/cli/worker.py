"""`bridge worker`. Patches with gevent before anything that opens sockets or locks is imported."""

import signal

import click


@click.command("worker")
def command() -> None:
    """Route stored events and send deliveries until SIGTERM, which drains what is under way."""
    from gevent import monkey

    monkey.patch_all()
    from bridge import log
    from bridge import settings as environment
    from bridge.app import create_worker

    log.configure()
    worker = create_worker(environment.load())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    worker.run()
