"""`--rate 5/s`: how fast a command may go."""

import re

import click

_RATE = re.compile(r"([1-9][0-9]{0,4})/([smh])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def _pause(ctx: click.Context, option: click.Parameter, value: str | None) -> float:
    """Seconds between two calls: 0.2 for `5/s`."""
    if value is None:
        return 0.0
    match = _RATE.fullmatch(value)
    if match is None:
        raise click.BadParameter(
            "write a number per second, minute or hour: 5/s, 30/m, 500/h"
        )
    return _SECONDS[match[2]] / int(match[1])


rate_option = click.option(
    "--rate",
    "wait",
    callback=_pause,
    metavar="N/s",
    help="At most N per second (/m, /h).",
)
