"""`bridge replay ID…|FILTER…`."""

import re
import time
from collections.abc import Callable, Sequence

import click

from bridge import settings as environment
from bridge.cli import steering
from bridge.cli.filters import Filtered
from bridge.cli.store import json_option, opened
from bridge.cli.text import plain, printable
from bridge.services.replay import STATES, Plan, Replayer
from bridge.services.requests import request_lines
from bridge.services.rulesets import Rules
from bridge.services.steer import Done
from bridge.store import Database
from bridge.store.audit import By

_RATE = re.compile(r"([1-9][0-9]{0,4})/([smh])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def _pause(ctx: click.Context, option: click.Parameter, value: str | None) -> float:
    """Seconds between two deliveries of `5/s`."""
    if value is None:
        return 0.0
    found = _RATE.fullmatch(value)
    if found is None:
        raise click.BadParameter("write a number a second, minute or hour: 5/s, 30/m")
    return _SECONDS[found[2]] / int(found[1])


@click.command("replay", cls=Filtered)
@steering.words_argument
@click.option(
    "--rules",
    type=click.Choice(("original", "current")),
    default="original",
    show_default=True,
    help="The same request, or what the rules in force make of the event.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be sent; send nothing.")
@click.option(
    "--force", is_flag=True, help="Send what is older than what was delivered."
)
@click.option(
    "--rate",
    "wait",
    callback=_pause,
    metavar="N/s",
    help="At most so many a second (/m, /h).",
)
@steering.reason_option
@steering.yes_option
@json_option
def command(
    words: tuple[str, ...],
    rules: str,
    dry_run: bool,
    force: bool,
    wait: float,
    reason: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Send finished deliveries once more, also after success; each joins the end of its lane."""
    with opened() as database:
        replayer = _replayer(database, force=force, current=rules == "current")
        act = (
            _shown(replayer) if dry_run else _sent(replayer, steering.me(reason), wait)
        )
        steering.run(
            database,
            words,
            STATES,
            act,
            what="replay",
            yes=yes or dry_run,
            as_json=as_json,
            size=1,
        )


def _replayer(database: Database, *, force: bool, current: bool) -> Replayer:
    settings = environment.load()
    active = None
    if current:
        active = Rules(database, settings.mappings, pinned=True).current()
    return Replayer(
        database, rules=active, environment=settings.environment, force=force
    )


def _sent(
    replayer: Replayer, by: By, wait: float
) -> Callable[[Sequence[int]], list[Done]]:
    def act(ids: Sequence[int]) -> list[Done]:
        done = [replayer.send(replayer.plan(id), by) for id in ids]
        time.sleep(wait)
        return done

    return act


def _shown(replayer: Replayer) -> Callable[[Sequence[int]], list[Done]]:
    return lambda ids: [_show(replayer.plan(id)) for id in ids]


def _show(plan: Plan) -> Done:
    """A plan as a line: what would be sent where, and what the rules of now make otherwise."""
    if plan.problem:
        return Done(id=plan.id, ok=False, message=plan.problem)
    if plan.rendered is None:
        request = next(request_lines(plan.delivery))
        said = f"would send again: {request}"
    else:
        call = plan.rendered.call
        said = f"would send: {call.method} {call.path}"
    changes = "".join(
        f"; {change.name}: {printable(plain(change.before))} → {printable(plain(change.after))}"
        for change in plan.changes
    )
    ticket = plan.delivery["ticket"]
    return Done(id=plan.id, ok=True, message=f"{said}, ticket {ticket}{changes}")
