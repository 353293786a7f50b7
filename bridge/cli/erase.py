"""`bridge erase EVENT…|FILTER…|--ticket TICKET`."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import click

from bridge.cli import filters, steering
from bridge.cli.store import json_option, nothing, opened
from bridge.cli.text import count, json_row, printable
from bridge.services import erasing
from bridge.services.erasing import Plan
from bridge.store import Database

# Numbers that a line shows.
_SHOWN = 20


@click.command("erase", cls=filters.Filtered)
@click.argument("words", nargs=-1, metavar="[EVENT|FILTER]...")
@click.option("--ticket", help="All that was written into this ticket.")
@steering.reason_option
@click.option("--yes", is_flag=True, help="Erase it; without, show what would go.")
@json_option
def command(
    words: tuple[str, ...], ticket: str | None, reason: str, yes: bool, as_json: bool
) -> None:
    """Erase a person's content: requests, look-ups, calls, answers, reasons, the ledger's values.

    EVENT is an event's number. Without --yes it only shows what would go, what stays, and what it does not reach.
    """
    if bool(words) == (ticket is not None) or ticket == "":
        raise click.UsageError("name events, a filter, or a ticket with --ticket")
    if yes and not reason.strip():
        raise click.UsageError("--yes needs --reason, for the audit trail")
    now = datetime.now(UTC)
    with opened() as database:
        plan = _planned(database, words, ticket, now)
        if plan.empty:
            nothing("nothing matched")
        if yes:
            plan = erasing.erase(database, plan, steering.me(reason), now)
    for line in [json_row(plan.as_mapping())] if as_json else _lines(plan):
        click.echo(line)
    if yes and plan.blocked:
        raise SystemExit(1)


def _planned(
    database: Database, words: tuple[str, ...], ticket: str | None, now: datetime
) -> Plan:
    if ticket is not None:
        return erasing.plan_ticket(database, ticket)
    if ids := steering.numbers(words):
        return erasing.plan_ids(database, ids)
    where = erasing.read(filters.written(words), now)
    return erasing.plan_filter(database, where)


def _lines(plan: Plan) -> Iterator[str]:
    verb = "erased" if plan.done else "would erase"
    yield f"{verb} {count(len(plan.events), 'event')}{_numbers(plan.events)}"
    if plan.besides:
        yield f"  of the same requests, not asked for{_numbers(plan.besides)}"
    if plan.ticket is not None:
        told = f"{count(plan.ledger, 'update')} of ticket {plan.ticket}"
        yield f"{verb} the ledger's values of {printable(told)}"
    for one in plan.blocked:
        yield f"not erased: {one.message}"
    for left in erasing.LEFT:
        yield f"not reached: {left}"
    if not plan.done:
        yield "nothing was erased: add --yes and --reason"


def _numbers(ids: Sequence[int]) -> str:
    shown = ", ".join(map(str, ids[:_SHOWN]))
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return f": {shown}{more}" if ids else ""
