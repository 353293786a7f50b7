"""The terminal that stdout is: how wide it is, whether it has colours, and how lines are folded to it.

Into a file or another program nothing is folded or coloured, unless COLUMNS or FORCE_COLOR ask for it. Text comes here
after `printable`: what a sender wrote is in it, but nothing that a terminal obeys.
"""

import os
import shutil
import sys
from collections.abc import Iterable
from typing import Final

import click
from rich.cells import cell_len, set_cell_size

from bridge.state import UNFINISHED, EventState, State

# What a word means, by what has it: the state of an event or a delivery, a decision, a severity.
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
_LEAST: Final = 20  # columns: nothing is folded to less


def width() -> int | None:
    """The columns of the terminal, or those that COLUMNS asks for; None where lines are not folded."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return max(int(columns), _LEAST)
    if not sys.stdout.isatty():
        return None
    return max(shutil.get_terminal_size().columns, _LEAST)


def colours() -> bool:
    """Whether what is printed has colours: on a terminal, unless NO_COLOR is set; FORCE_COLOR brings them anywhere."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def painted(text: str, meaning: str) -> str:
    """A text in the colour of what it means: a state, a decision, a severity. As it is without colours."""
    colour = _COLOURS.get(meaning)
    return click.style(text, fg=colour) if colour and colours() else text


def strong(text: str) -> str:
    """A text that is to be seen first."""
    return click.style(text, bold=True) if colours() else text


def say(line: str) -> None:
    """Prints a line, with the colours that it has."""
    click.echo(line, color=colours())


def say_folded(lead: str, text: str, meaning: str = "") -> None:
    """Prints a text behind a lead, whose width further lines are indented by; the lead in the colour of a meaning."""
    first, *more = folded(text, cell_len(lead))
    say(f"{painted(lead, meaning)}{first}")
    for line in more:
        say(f"{' ' * cell_len(lead)}{line}")


def folded(text: str, indent: int = 0) -> list[str]:
    """The lines of a text, none wider than the terminal with an indent before it; words that fit are kept whole."""
    columns = width()
    return [text] if columns is None else wrapped(text, max(columns - indent, 8))


def wrapped(text: str, columns: int) -> list[str]:
    """The lines of a text of at most so many columns; wide characters take two."""
    lines = [""]
    for word in _words(text, columns):
        line = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(line) <= columns:
            lines[-1] = line
        else:
            lines.append(word)
    return lines


def _words(text: str, columns: int) -> Iterable[str]:
    """The words; one that is wider than a line in parts of a line."""
    for word in text.rstrip().split(" "):
        while cell_len(word) > columns:
            part = set_cell_size(word, columns).rstrip() or word[:1]
            yield part
            word = word[len(part) :]
        yield word
