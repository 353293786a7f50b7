"""`bridge doctor`."""

import click

from bridge import settings as environment


@click.command("doctor")
@click.option(
    "--running", is_flag=True, help="Ask the running bridge only; for health checks."
)
def command(running: bool) -> None:
    """Look at settings, mappings, secrets, store, disk and the running bridge: each line ok or what to do."""
    from bridge.services import doctor

    settings = environment.load()
    if running:
        click.echo(doctor.running(settings))
        return
    click.echo("ok   settings  the environment can be read")
    well = True
    for line in doctor.examine(settings):
        well = well and line.ok
        said = line.message.replace("\n", f"\n{'':15}")
        click.echo(f"{'ok  ' if line.ok else 'FAIL'} {line.what:9} {said}")
    if not well:
        raise SystemExit(1)
