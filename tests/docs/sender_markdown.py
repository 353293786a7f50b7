"""Text as Markdown shows it, for the pages of docs/senders/."""

import re
from collections.abc import Iterable
from textwrap import fill

_LINE_STARTS = re.compile(r" (?=(?:[>+*-]|\d+[.)]) )")


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def escaped(text: str) -> str:
    """Text as Markdown shows it: what stands in backticks is left alone."""
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(
        piece if piece.startswith("`") else re.sub(r"[<*\[\]]", r"\\\g<0>", piece)
        for piece in pieces
    )


def wrapped(text: str, start: str = "") -> str:
    """At most 120 columns, and no line that begins as a list or a quotation does."""
    held = _LINE_STARTS.sub("\N{NO-BREAK SPACE}", text)
    filled = fill(
        held,
        width=120,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace("\N{NO-BREAK SPACE}", " ")
