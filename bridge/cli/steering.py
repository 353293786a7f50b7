"""Shared by the commands that change something: which deliveries, who does it, asking first, one line for each."""

import os
import pwd
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import wraps
from typing import Any

import click

from bridge.cli import filters
from bridge.cli.store import json_option, nothing, opened
from bridge.cli.text import count, json_line, printable
from bridge.services import choosing, pausing
from bridge.services.acts import Act, Done
from bridge.store import Database
from bridge.store.audit import By
from bridge.store.filtering import Filter
from bridge.store.pauses import Scope

words_argument = click.argument(
    "words", nargs=-1, required=True, metavar="ID|FILTER..."
)
reason_option = click.option(
    "--reason", default="", metavar="TEXT", help="The reason, for the audit trail."
)
yes_option = click.option(
    "--yes", is_flag=True, help="Do not ask before changing what a filter finds."
)


# What the store can hold as an id.
_NUMBER = re.compile("[0-9]{1,18}")


def me(reason: str) -> By:
    """The person at this terminal; under sudo the person who ran it, because many share a bridge's account."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        # A container may run as a number without an account.
        name = f"uid {os.getuid()}"
    # There may be no such account, or no name at all.
    with suppress(KeyError, ValueError):
        name = pwd.getpwnam(os.environ["SUDO_USER"]).pw_name
    return By(person=name, reason=reason)


def run(
    database: Database,
    words: tuple[str, ...],
    states: Callable[[Filter], Sequence[str]],
    act: Callable[[Sequence[int]], Sequence[Done]],
    *,
    what: str,
    yes: bool,
    as_json: bool,
    size: int = choosing.BATCH,
) -> None:
    """Does `act` to what the words name and prints a line for each; exit code 1 if any was not done.

    Ids are exact, so nobody is asked. What a filter finds is counted first and needs a yes.
    """
    if named := numbers(words):
        batches = chunks(named, size)
    else:
        where = filters.read(words, "deliveries")
        wanted = states(where)
        batches = choosing.batches(database, where, wanted, size)
        agree(choosing.tally(database, where, wanted), what, yes=yes)
    each(batches, act, what=what, as_json=as_json)


def numbers(words: tuple[str, ...]) -> list[int]:
    """The words as ids; none if they are a filter."""
    ids = [int(word) for word in words if _NUMBER.fullmatch(word)]
    if ids and len(ids) < len(words):
        raise click.UsageError("give ids or a filter, not both")
    return ids


def each(
    batches: Iterable[Sequence[int]],
    act: Callable[[Sequence[int]], Sequence[Done]],
    *,
    what: str,
    as_json: bool,
    noun: str = "delivery",
) -> None:
    """Does `act` to the ids and prints a line for each; exit code 1 if any was not done."""
    done = 0
    failed = 0
    for ids in batches:
        for item in act(ids):
            done, failed = done + item.ok, failed + (not item.ok)
            click.echo(_line(item, as_json=as_json))
    if done + failed > 1:
        refused = f", {failed} refused" if failed else ""
        click.echo(f"{what}: {count(done, noun)} done{refused}", err=True)
    if failed:
        raise SystemExit(1)


def agree(counts: Mapping[tuple[str, str], int], what: str, *, yes: bool) -> None:
    """Shows what would change, by state and rule; continues only with --yes or a person's yes."""
    total = sum(counts.values())
    if not total:
        nothing("nothing matched")
    parts = (
        f"{n} {state} of rule {rule or '(none)'}" for (state, rule), n in counts.items()
    )
    agree_to(f"{count(total, 'delivery')}: {', '.join(parts)}", what, yes=yes)


def agree_to(counted: str, what: str, *, yes: bool) -> None:
    """Shows what would change, and continues only with --yes or a person's yes."""
    click.echo(printable(counted), err=True)
    if yes:
        return
    if not _asks():
        raise click.UsageError(f"add --yes to {what} them")
    click.confirm(f"{what} them?", abort=True, err=True)


def _asks() -> bool:
    """Whether a person is there to answer."""
    return sys.stdin.isatty()


def _line(item: Done, *, as_json: bool) -> str:
    if as_json:
        return json_line({"id": item.id, "ok": item.ok, "message": item.message})
    return f"{item.id}: {printable(item.message)}"


def command_of(
    act: Act, do: Callable[[Database, Sequence[int], By], Sequence[Done]], help: str
) -> click.Command:
    """The command of an act that needs only the store."""

    @click.command(act.name, cls=filters.Filtered, help=help)
    @words_argument
    @reason_option
    @yes_option
    @json_option
    def command(words: tuple[str, ...], reason: str, yes: bool, as_json: bool) -> None:
        by = me(reason)
        with opened() as database:
            run(
                database,
                words,
                lambda _: act.states,
                lambda ids: do(database, ids, by),
                what=act.name,
                yes=yes,
                as_json=as_json,
            )

    return command


def chunks(numbers: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """The ids in chunks."""
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]


def stopped(database: Database) -> list[dict[str, Any]]:
    """One row per pause, and per parked or failing connection."""
    return [asdict(item) for item in pausing.listed(database)]


def scope_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that name what to pause, as the `scope` of a command: None if there are none."""

    @wraps(command)
    def scoped(everything: bool, **given: Any) -> None:
        names = {key: given.pop(key) for key in ("source", "rule", "name", "ticket")}
        chosen = Scope(connection=names.pop("name"), **names)
        named = chosen.as_mapping()
        if named and everything:
            said = "--all already covers everything: drop the other options"
            raise click.UsageError(said)
        if "" in named.values():
            raise click.UsageError(
                "--source, --rule, --connection and --ticket need a value"
            )
        command(scope=chosen if named or everything else None, **given)

    for option in (
        click.option("--all", "everything", is_flag=True, help="All deliveries."),
        click.option("--ticket", help="Deliveries of this ticket."),
        click.option("--connection", "name", help="Deliveries of this connection."),
        click.option("--rule", help="Deliveries of this rule."),
        click.option("--source", help="Deliveries of this source."),
    ):
        scoped = option(scoped)
    return scoped
