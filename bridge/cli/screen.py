"""The terminal behind stdout: its width, its colours, and how lines are wrapped to fit.

Output to a file or another program is not wrapped or coloured, unless COLUMNS or FORCE_COLOR ask for it. Pass text
through `printable` first: it may hold what a sender wrote, but nothing that controls a terminal.
"""

import os
import shutil
import sys
from collections.abc import Iterable
from typing import Final

import click
from rich.cells import cell_len, set_cell_size

from bridge.state import UNFINISHED, EventState, State

# A word's colour shows what it means: the state of an event or a delivery, a decision, a severity.
_BAD: Final = (State.DEAD, "error", "FAIL", "parked", "failing")
_WAITS: Final = (
    *UNFINISHED,
    EventState.STORED,
    EventState.FETCHING,
    "warning",
    "paused",
)
_WELL: Final = (State.DELIVERED, "matched", "ok")
_QUIET: Final = (
    *(State.SKIPPED, State.CANCELLED, State.SHADOW),
    *("no_match", "off"),
)
_COLOURS: Final = {
    **dict.fromkeys(_BAD, "red"),
    **dict.fromkeys(_WAITS, "yellow"),
    **dict.fromkeys(_WELL, "green"),
    **dict.fromkeys(_QUIET, "bright_black"),
}
# Lines are never wrapped to fewer columns.
_LEAST: Final = 20


def width() -> int | None:
    """The width of the terminal, or the value of COLUMNS; None if lines are not wrapped."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return max(int(columns), _LEAST)
    if not sys.stdout.isatty():
        return None
    return max(shutil.get_terminal_size().columns, _LEAST)


def colours() -> bool:
    """Whether to print colours: on a terminal, unless NO_COLOR is set; anywhere if FORCE_COLOR is set."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def painted(text: str, meaning: str) -> str:
    """A text in the colour of a state, a decision or a severity; unchanged without colours."""
    colour = _COLOURS.get(meaning)
    return click.style(text, fg=colour) if colour and colours() else text


def strong(text: str) -> str:
    """A text in bold."""
    return click.style(text, bold=True) if colours() else text


def say(line: str) -> None:
    """Prints a line, keeping its colours."""
    click.echo(line, color=colours())


def say_folded(lead: str, text: str, meaning: str = "") -> None:
    """Prints a text after a lead in the colour of `meaning`; further lines are indented by the lead's width."""
    first, *more = folded(text, cell_len(lead))
    say(f"{painted(lead, meaning)}{first}")
    for line in more:
        say(f"{' ' * cell_len(lead)}{line}")


def folded(text: str, indent: int = 0) -> list[str]:
    """The text wrapped to the terminal, less an indent; words that fit stay whole."""
    columns = width()
    return [text] if columns is None else wrapped(text, max(columns - indent, 8))


def wrapped(text: str, columns: int) -> list[str]:
    """The text wrapped to so many columns; wide characters take two."""
    lines = [""]
    for word in _words(text, columns):
        line = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(line) <= columns:
            lines[-1] = line
        else:
            lines.append(word)
    return lines


def _words(text: str, columns: int) -> Iterable[str]:
    """The words; one that is wider than a line is cut into parts."""
    for word in text.rstrip().split(" "):
        while cell_len(word) > columns:
            part = set_cell_size(word, columns).rstrip() or word[:1]
            yield part
            word = word[len(part) :]
        yield word
