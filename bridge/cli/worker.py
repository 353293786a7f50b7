"""`bridge worker`. Patches with gevent before it imports anything that opens sockets or takes locks."""

import signal

import click


@click.command("worker")
@click.option(
    "--admin",
    is_flag=True,
    help="Serve this worker's metrics and health at BRIDGE_ADMIN_BIND, if no receiver on this host does.",
)
def command(admin: bool) -> None:
    """Route stored events and send deliveries until SIGTERM, which lets it finish what it is doing."""
    from gevent import monkey

    monkey.patch_all()
    from bridge import log, processes
    from bridge import settings as environment
    from bridge.app import create_worker

    log.configure()
    worker = create_worker(environment.load(), admin=admin)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    processes.settle()
    worker.run()
