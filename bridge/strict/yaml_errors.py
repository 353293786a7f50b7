"""Why text is not YAML, for the person who wrote it: libyaml says what it expected, this says what to write.

Helps name keys and signs, never values: these may be secrets.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

_UNQUOTED = re.compile(r"^(\s*(?:- )*[\w.-]+:\s+)(\{\{.*\}\}.*?)\"?\s*$")
# The same inside { … }, where other entries may follow.
_WITHIN = re.compile(r"(?<=[{,\s])([\w.-]+:\s+)(\{\{[^\"']*?\}\})(?=\s*[,}])")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """What is wrong, where (from 0), and what to write instead ("" where nobody knows)."""

    line: int
    column: int
    message: str
    help: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """What libyaml said: its problem, where, and where what it was reading began."""

    problem: str
    line: int
    column: int
    began: tuple[int, int] | None
    lines: list[str]

    @property
    def text(self) -> str:
        return self.lines[self.line] if self.lines else ""

    @property
    def char(self) -> str:
        return self.text[self.column : self.column + 1]

    def reason(self, message: str, help: str) -> Reason:
        return Reason(line=self.line, column=self.column, message=message, help=help)


def failure(error: Exception, lines: list[str]) -> Failure:
    """What PyYAML raised about a text of these lines."""
    context = getattr(error, "context_mark", None)
    mark = getattr(error, "problem_mark", None) or context
    line, column = (mark.line, mark.column) if mark else (0, 0)
    return Failure(
        problem=getattr(error, "problem", None) or "it cannot be read",
        line=min(line, max(len(lines) - 1, 0)),
        column=column if line < len(lines) else len(lines[-1]) if lines else 0,
        began=(context.line, context.column) if context else None,
        lines=lines,
    )


def quoted(line: str, bare: Collection[str] = ()) -> str:
    """How a line with an unquoted {{ … }} is written right; "" for any other line. `bare` keys take no delimiters."""
    found = _UNQUOTED.match(line) or _WITHIN.search(line)
    if not found:
        return ""
    key, value = found[1].strip(), found[2]
    if key.removeprefix("- ").removesuffix(":") in bare:
        return f"drop the braces: {key} {value.strip('{} ')}"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'write it in quotes: {key} "{escaped}"'
