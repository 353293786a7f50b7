"""How text is printed on a terminal: a sender's text cannot move the cursor, and places can be clicked."""

import json as standard
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bridge.strict import json


def printable(value: Any) -> str:
    """A value as part of one line: a dash for None, times in UTC, control characters as escapes."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    return "".join(
        char if char.isprintable() else repr(char)[1:-1] for char in str(plain(value))
    )


def json_line(value: Any) -> str:
    """A value as one line of JSON; control characters are escaped, which JSON readers undo."""
    text = json.dumps(value).decode()
    return "".join(
        char if char.isprintable() else standard.dumps(char)[1:-1] for char in text
    )


def json_row(row: Mapping[str, Any]) -> str:
    """A row of the store as a line of JSON."""
    return json_line({key: plain(value) for key, value in row.items()})


def plain(value: Any) -> Any:
    """A stored value as JSON shows it: times as RFC 3339, bytes as text."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value


def at(folder: Path, place: object) -> str:
    """A place in a mapping file as a path from the current folder: mappings/stripe.yaml:15."""
    return f"{folder}/{place}"


def count(number: int, what: str) -> str:
    """A number of things: 1 file, 2 files, 2 deliveries."""
    many = f"{what.removesuffix('y')}ies" if what.endswith("y") else f"{what}s"
    return f"{number} {what if number == 1 else many}"


def raw(content: bytes) -> None:
    """Prints bytes unchanged to a file or program; on a terminal, control characters become escapes."""
    if not sys.stdout.isatty():
        click.echo(content, nl=False)
        return
    for line in content.decode("utf-8", "backslashreplace").splitlines():
        click.echo(printable(line))
