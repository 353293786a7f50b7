"""`bridge reroute EVENT…|FILTER…`."""

from collections.abc import Iterator, Sequence

import click

from bridge import settings as environment
from bridge.cli import filters, steering
from bridge.cli.filters import Filtered
from bridge.cli.store import json_option, nothing, opened
from bridge.cli.text import count
from bridge.services import choosing, stored
from bridge.services.acts import Done
from bridge.services.rerouting import Plan, Rerouter, told, unchanged
from bridge.services.rulesets import Rules
from bridge.store import Database
from bridge.worker.asking import Asker


@click.command("reroute", cls=Filtered)
@steering.words_argument
@click.option("--rule", default="", help="Only by this rule.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent; send nothing.")
@click.option(
    "--force",
    is_flag=True,
    help="Also send updates that are older than the last one delivered.",
)
@steering.reason_option
@steering.yes_option
@json_option
def command(
    words: tuple[str, ...],
    rule: str,
    *,
    dry_run: bool,
    force: bool,
    reason: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Route events again with the current rules: events that no rule matched, that failed, or that came too early.

    Only new updates are sent: a call that was sent, waits, is held or was cancelled is not made again. To send a
    cancelled one after all, name the event (by its number or its sender's id) and its rule with --rule. A failed
    look-up is made again; so is a cancelled one if the event is named.
    """
    settings, by = environment.load(), steering.me(reason)
    with opened() as database:
        rules = Rules(database, settings.mappings, pinned=True).current()
        asker = Asker(settings.environment, settings.max_rendered)
        ids = steering.numbers(words) or _named(database, words)
        router = Rerouter(
            database, rules, asker, rule=rule, force=force, named=bool(ids)
        )
        batches: Iterator[Sequence[int]]
        batches = (
            steering.chunks(ids, 1)
            if ids
            else _filtered(database, words, yes or dry_run)
        )

        def act(chunk: Sequence[int]) -> list[Done]:
            plans = [router.plan(id) for id in chunk]
            if dry_run:
                return [_shown(plan) for plan in plans]
            return [router.send(plan, by) for plan in plans]

        steering.each(batches, act, what="reroute", as_json=as_json, noun="event")


def _named(database: Database, words: tuple[str, ...]) -> list[int]:
    """The numbers of the events with these ids of their senders; none if any of the words is not such an id."""
    events = [stored.named(database, word) for word in words]
    return [one.id for one in events if one] if all(events) else []


def _filtered(
    database: Database, words: tuple[str, ...], yes: bool
) -> Iterator[Sequence[int]]:
    """The events of a filter at the time of asking, a few at a time."""
    where = filters.read(words, "events")
    # Chosen before asking: events that arrive meanwhile are not touched.
    batches = choosing.event_batches(database, where)
    number = choosing.count_events(database, where)
    if not number:
        nothing("nothing matched")
    steering.agree_to(count(number, "event"), "reroute", yes=yes)
    return batches


def _shown(plan: Plan) -> Done:
    if not plan.said and not plan.looks_up:
        return unchanged(plan)
    return Done(id=plan.id, ok=True, message=f"would be rerouted: {told(plan)}")
