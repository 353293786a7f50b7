"""Why text is not YAML, for the person who wrote it: libyaml says what it expected, this says what to write.

Helps name keys and signs, never values: these may be secrets.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

import yaml

DOUBLE, SINGLE = r'"(?:[^"\\]|\\.)*"', r"'(?:[^']|'')*'"
QUOTED = {'"': re.compile(DOUBLE), "'": re.compile(SINGLE)}
LISTED = re.compile(r"\s*(?:- +)+")  # what stands before an entry of a list
PAIR = re.compile(r"(\s*(?:- )*)([\w.-]+):(\s+|$)(.*)")
_UNQUOTED = re.compile(r"^(\s*(?:- )*[\w.-]+:\s+)(\{\{.*\}\}.*?)\"?\s*$")
# The same inside { … }, where other entries may follow.
_WITHIN = re.compile(r"(?<=[{,\s])([\w.-]+:\s+)(\{\{.*?\}\})(?=\s*[,}])")


Position: TypeAlias = tuple[int, int]  # line and column, from 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """What is wrong, where (from 0), and what to write instead ("" where nobody knows)."""

    line: int
    column: int
    message: str
    help: str = ""
    puts: "tuple[Put, ...]" = ()  # the one that mends it is proposed, if it is one


@dataclass(frozen=True, kw_only=True, slots=True)
class Put:
    """A text in the place of what stands in a line, from a column to before another (from 0)."""

    line: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """What libyaml said: its problem, where, and where what it was reading began."""

    problem: str
    line: int
    column: int
    began: Position | None
    lines: list[str]
    bare: Collection[str] = ()  # keys whose values take no delimiters

    @property
    def text(self) -> str:
        return self.lines[self.line] if self.lines else ""

    @property
    def char(self) -> str:
        return self.text[self.column : self.column + 1]

    def reason(
        self, message: str, help: str, *puts: "Put | None", at: Position | None = None
    ) -> Reason:
        """A reason at the failure, or where it began; with the texts that may mend it."""
        line, column = at or (self.line, self.column)
        known = tuple(filter(None, puts))
        return Reason(line=line, column=column, message=message, help=help, puts=known)

    def put(self, start: int, end: int, text: str, line: int | None = None) -> Put:
        """A text in the line of the failure, or in another."""
        line = self.line if line is None else line
        return Put(line=line, start=start, end=end, text=text)


def failure(error: Exception, lines: list[str], bare: Collection[str] = ()) -> Failure:
    """What PyYAML raised about a text of these lines."""
    context = getattr(error, "context_mark", None)
    line, column = _within(getattr(error, "problem_mark", None) or context, lines)
    return Failure(
        problem=getattr(error, "problem", None) or "it cannot be read",
        line=line,
        column=column,
        began=_within(context, lines) if context else None,
        lines=lines,
        bare=bare,
    )


def _within(mark: yaml.Mark | None, lines: list[str]) -> Position:
    """Where a mark stands; the end of the text where that is behind it."""
    if not mark or not lines:
        return 0, 0
    if mark.line < len(lines):
        return mark.line, mark.column
    return len(lines) - 1, len(lines[-1])


def in_either_quotes(value: str) -> str:
    """A text in the quotes that it does not hold itself; with escapes where it holds both."""
    if '"' in value and "'" not in value:
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def in_quotes(
    number: int, line: str, bare: Collection[str] = ()
) -> tuple[str, Put | None]:
    """How a line with an unquoted {{ … }} is written right; "" for any other line. `bare` keys take no delimiters."""
    found = _UNQUOTED.match(line) or _WITHIN.search(line)
    if not found:
        return "", None
    key, value = found[1].strip(), found[2]
    if "}}" in value and " #" in (tail := value[value.rindex("}}") :]):
        value = value[: len(value) - len(tail) + tail.index(" #")].rstrip()
    end = found.start(2) + len(value)
    end += line[end : end + 1] == '"'
    if key.removeprefix("- ").removesuffix(":") in bare:
        inner = value.strip("{} ")
        put = Put(line=number, start=found.start(2), end=end, text=inner)
        return f"drop the braces: {key} {inner}", put
    text = in_either_quotes(value)
    put = Put(line=number, start=found.start(2), end=end, text=text)
    return f"write it in quotes: {key} {text}", put
