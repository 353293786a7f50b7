"""How a Diagnostic is written: in full with excerpt and caret, on one line, or as JSON. No colours, no printing."""

import unicodedata

from bridge.model import Diagnostic, Fix

_WIDTH = 160  # columns: a longer line is cut around its caret


def full(found: Diagnostic, root: str = "", width: int | None = None) -> str:
    """Several lines: the concise line, the excerpt with a caret, the help. `root` is put before the file.

    The excerpt is no wider than `width` columns. Signs that a terminal obeys are shown, whoever wrote them.
    """
    parts = [concise(found, root)]
    if found.place and found.excerpt:
        number = str(found.place.line)
        room = min(width or _WIDTH, _WIDTH) - len(number) - len(" | ")
        excerpt, column = _window(found.excerpt, found.place.column, max(room, 10))
        margin = " " * len(number)
        pad = _blank(excerpt[: column - 1])
        under = excerpt[column - 1 : column - 1 + found.place.length]
        caret = "^" * max(len(_blank(under)), 1)
        parts += [f"{margin} |", f"{number} | {excerpt}", f"{margin} | {pad}{caret}"]
        parts += [f"{margin} = help: {shown(found.help)}"] if found.help else []
    elif found.help:
        parts.append(f"  = help: {shown(found.help)}")
    return "\n".join(parts)


def concise(found: Diagnostic, root: str = "") -> str:
    """One line: `mappings/stripe.yaml:19:37: error[E202] unknown helper 'from_mintor'`."""
    where = f"{_under(root)}{found.place}: " if found.place else ""
    return shown(f"{where}{found.severity}[{found.code}] {found.message}")


def to_dict(found: Diagnostic, root: str = "") -> dict[str, object]:
    """The stable JSON form: code, severity, message, help, file, line, column, length (of the place; null without).

    `fixes` are texts to write, each by itself: `text` in the place of `length` characters at line and column, which may
    be none. They are made where a program can put them in; often the help alone says what to do.
    """
    place = found.place
    return {
        "code": found.code,
        "severity": found.severity,
        "message": found.message,
        "help": found.help,
        "file": f"{_under(root)}{place.file}" if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "length": place.length if place else None,
        "fixes": [_fix(fix) for fix in found.fixes],
    }


def _fix(fix: Fix) -> dict[str, object]:
    place = fix.place
    return {
        "line": place.line,
        "column": place.column,
        "length": place.length,
        "text": fix.text,
    }


def _under(root: str) -> str:
    return f"{root.rstrip('/')}/" if root else ""


def _window(line: str, column: int, width: int) -> tuple[str, int]:
    """At most so many columns of a line, and the column within them. What is not to be seen is one sign that is."""
    line = "".join(char if char.isprintable() or char == "\t" else "�" for char in line)
    if sum(map(_cells, line)) <= width:
        return line, column
    start = max(0, min(column - width // 2, len(line) - width))
    end = start + width
    while sum(map(_cells, line[start:end])) > width and end > column:
        end -= 1
    return line[start:end], column - start


def shown(text: str) -> str:
    """A line, with escapes for what a terminal obeys."""
    return "".join(it if it.isprintable() else repr(it)[1:-1] for it in text)


def _blank(text: str) -> str:
    """White space as wide as the text is on a terminal: tabs stay tabs, East Asian characters take two cells."""
    return "".join("\t" if char == "\t" else " " * _cells(char) for char in text)


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
