"""`bridge replay ID…|FILTER…` and `bridge replay --resume RUN`."""

import time
from collections.abc import Callable, Iterable, Sequence

import click

from bridge import settings as environment
from bridge.cli import filters, steering
from bridge.cli.rate import rate_option
from bridge.cli.store import NUMBER, json_option, opened
from bridge.services import choosing, replay_runs
from bridge.services.acts import Done
from bridge.services.replay import STATES, Replayer
from bridge.services.replay_plans import Plan, told
from bridge.services.replay_runs import Run
from bridge.services.rulesets import Rules
from bridge.store import Database
from bridge.store.audit import By


@click.command("replay", cls=filters.Filtered)
@click.argument("words", nargs=-1, metavar="[ID|FILTER]...")
@click.option(
    "--rules",
    type=click.Choice(("original", "current")),
    default="original",
    show_default=True,
    help="Send the same request, or route the event with the current rules.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be sent; send nothing.")
@click.option(
    "--force",
    is_flag=True,
    help="Also send updates that are older than the last one delivered.",
)
@click.option(
    "--resume",
    "number",
    type=NUMBER,
    metavar="RUN",
    help="Continue an interrupted replay of a filter.",
)
@rate_option
@steering.reason_option
@steering.yes_option
@json_option
def command(
    words: tuple[str, ...],
    rules: str,
    dry_run: bool,
    force: bool,
    number: int | None,
    wait: float,
    reason: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Send finished deliveries again, even after success; each joins the end of its lane."""
    current = rules == "current"
    if bool(words) == bool(number) or (number and (current or force)):
        raise click.UsageError(
            "give ids or a filter, or --resume RUN alone, which keeps its own --rules and --force"
        )
    by = steering.me(reason)
    with opened() as database:
        ids = steering.numbers(words)
        if number:
            run = replay_runs.load(database, number)
        else:
            run = replay_runs.draft(
                database,
                "" if ids else filters.written(words),
                current=current,
                force=force,
            )
        if not number and not ids:
            run = _agreed(database, run, None if dry_run else by, yes=yes or dry_run)
        batches: Iterable[Sequence[int]]
        batches = steering.chunks(ids, 1) if ids else replay_runs.left(database, run)
        replayer = _replayer(database, run)
        act = _shown(replayer) if dry_run else _sent(replayer, by, wait)
        steering.each(batches, act, what="replay", as_json=as_json)


def _agreed(database: Database, run: Run, by: By | None, *, yes: bool) -> Run:
    """Asks before the run; unless it is a dry run, stores it and says how to continue it."""
    filters.say_window(run.where, run.at)
    steering.agree(choosing.tally(database, run.where, STATES), "replay", yes=yes)
    if by is None:
        return run
    begun = replay_runs.begin(database, run, by)
    id = begun.id
    said = f"replay {id}: if it is interrupted, continue with `bridge replay --resume {id}`"
    click.echo(said, err=True)
    return begun


def _replayer(database: Database, run: Run) -> Replayer:
    settings = environment.load()
    active = None
    if run.current:
        active = Rules(database, settings.mappings, pinned=True).current()
    return Replayer(
        database,
        rules=active,
        environment=settings.environment,
        max_rendered=settings.max_rendered,
        force=run.force,
        run=run.id,
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
    return Done(id=plan.id, ok=not plan.problem, message=told(plan))
