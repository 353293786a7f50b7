"""`bridge sandbox`."""

import click


@click.command("sandbox")
@click.option(
    "--bind", default="127.0.0.1:8090", show_default=True, metavar="HOST:PORT"
)
def command(bind: str) -> None:
    """Run the pretend vendors until Ctrl-C, and show each call. A bridge sends to them if BRIDGE_SANDBOX_URL is set."""
    from bridge.cli.received import show
    from bridge.sandbox import DEFAULT_CREDENTIALS
    from bridge.sandbox.server import run
    from bridge.settings import split_bind

    try:
        address = split_bind(bind)
    except ValueError:
        raise click.BadParameter("write HOST:PORT, such as 127.0.0.1:8090") from None
    for vendor, credential in DEFAULT_CREDENTIALS.items():
        click.echo(
            f"{vendor:8} http://{bind}/{vendor}  credential {credential}", err=True
        )
    run(*address, told=show)
