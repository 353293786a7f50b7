"""What the commands that change something share: which deliveries, who says so, asking first, and a line for each."""

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
    "--reason", default="", metavar="TEXT", help="Why; kept in the audit trail."
)
yes_option = click.option(
    "--yes", is_flag=True, help="Do it to what a filter finds without asking."
)


_NUMBER = re.compile("[0-9]{1,18}")  # what the store can hold as an id


def me(reason: str) -> By:
    """The person at this terminal; behind sudo the one who called it, for many share the account of a bridge."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container that runs as a number
        name = f"uid {os.getuid()}"
    with suppress(KeyError, ValueError):  # no such account, or no name at all
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
    """Does `act` to what the words name and says what became of each; exit code 1 when any was not done.

    Ids are exact, so they are not asked about; what a filter finds is counted first and has to be agreed to.
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
    """The ids among the words: all of them are, or none is."""
    ids = [int(word) for word in words if _NUMBER.fullmatch(word)]
    if ids and len(ids) < len(words):
        raise click.UsageError("name ids or a filter, not both")
    return ids


def each(
    batches: Iterable[Sequence[int]],
    act: Callable[[Sequence[int]], Sequence[Done]],
    *,
    what: str,
    as_json: bool,
    noun: str = "delivery",
) -> None:
    """Does `act` to the ids and says what became of each; exit code 1 when any was not done."""
    done = 0
    failed = 0
    for ids in batches:
        for item in act(ids):
            done, failed = done + item.ok, failed + (not item.ok)
            click.echo(_line(item, as_json=as_json))
    if done + failed > 1:
        refused = f", {failed} not" if failed else ""
        click.echo(f"{what}: {count(done, noun)} done{refused}", err=True)
    if failed:
        raise SystemExit(1)


def agree(counts: Mapping[tuple[str, str], int], what: str, *, yes: bool) -> None:
    """Shows what would be touched and goes on only with a yes: the option's, or a person's on a terminal."""
    total = sum(counts.values())
    if not total:
        nothing("nothing matched")
    parts = (
        f"{n} {state} of rule {rule or '(none)'}" for (state, rule), n in counts.items()
    )
    agree_to(f"{count(total, 'delivery')}: {', '.join(parts)}", what, yes=yes)


def agree_to(counted: str, what: str, *, yes: bool) -> None:
    """Says what would be touched, and goes on only with a yes: the option's, or a person's on a terminal."""
    click.echo(printable(counted), err=True)
    if yes:
        return
    if not _asks():
        raise click.UsageError(f"add --yes to {what} them")
    click.confirm(f"{what} them?", abort=True, err=True)


def _asks() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty()


def _line(item: Done, *, as_json: bool) -> str:
    if as_json:
        return json_line({"id": item.id, "ok": item.ok, "message": item.message})
    return f"{item.id}: {printable(item.message)}"


def command_of(
    act: Act, do: Callable[[Database, Sequence[int], By], Sequence[Done]], help: str
) -> click.Command:
    """The command of an act that needs nothing but the store."""

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
    """The ids, so many at a time."""
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]


def stopped(database: Database) -> list[dict[str, Any]]:
    """A row for each pause, and for each connection that is parked or failing."""
    return [asdict(item) for item in pausing.listed(database)]


def scope_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that name what to pause, as the `scope` of a command: None when they name nothing."""

    @wraps(command)
    def scoped(everything: bool, **given: Any) -> None:
        names = {key: given.pop(key) for key in ("source", "rule", "name", "ticket")}
        chosen = Scope(connection=names.pop("name"), **names)
        named = chosen.as_mapping()
        if named and everything:
            said = "--all stands alone: it is every source and connection"
            raise click.UsageError(said)
        if "" in named.values():
            raise click.UsageError("an option that names what to pause has no value")
        command(scope=chosen if named or everything else None, **given)

    for option in (
        click.option("--all", "everything", is_flag=True, help="Everything."),
        click.option("--ticket", help="Of this ticket."),
        click.option("--connection", "name", help="Of this connection."),
        click.option("--rule", help="Of this rule."),
        click.option("--source", help="Of this source."),
    ):
        scoped = option(scoped)
    return scoped
