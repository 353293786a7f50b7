"""Rows for people: a table if the terminal is wide enough, otherwise a block per row. Cells are printable text."""

from collections.abc import Sequence
from itertools import repeat

from rich.cells import cell_len

from bridge.cli.screen import painted, say, say_folded, strong, width, wrapped

_GAP = 2
# The last cell of a row is wrapped to no fewer columns.
_FOLDED = 24


def show(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints the rows; each has one cell per head."""
    widths = [max(map(cell_len, column)) for column in zip(heads, *rows, strict=True)]
    columns = width()
    if columns is None:
        _table(heads, rows, widths)
        return
    left = columns - sum(widths[:-1]) - _GAP * (len(widths) - 1)
    if left >= min(widths[-1], _FOLDED):
        _table(heads, rows, [*widths[:-1], min(widths[-1], left)])
        return
    for row in rows:
        block(heads, row)
        say("")


def block(heads: Sequence[str], cells: Sequence[str]) -> None:
    """Prints one row, one line per cell."""
    lead = max(map(len, heads)) + _GAP
    for head, cell in zip(heads, cells, strict=True):
        say_folded(f"{head:{lead}}", cell)


def _table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]
) -> None:
    say(strong(_line(heads, widths)))
    for row in rows:
        last = wrapped(row[-1], widths[-1]) if width() else [row[-1]]
        say(_line([*row[:-1], last[0]], widths, paint=True))
        for line in last[1:]:
            say(_line([*repeat("", len(row) - 1), line], widths))


def _line(cells: Sequence[str], widths: Sequence[int], *, paint: bool = False) -> str:
    padded = (
        (painted(cell, cell) if paint else cell) + " " * (size - cell_len(cell))
        for cell, size in zip(cells, widths, strict=True)
    )
    return (" " * _GAP).join(padded).rstrip()
