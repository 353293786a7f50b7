"""Lines whose indentation is no YAML, and how to indent them. Reads text only."""

import re

from bridge.strict.yaml_errors import LISTED, PAIR, Failure, Reason

_BLOCK_BEGINS = re.compile(r"\s*(?:- +)*(?:[\w.-]+:\s+)?[|>][-+0-9]*\s*(?:#.*)?")
_ODD_INDENT = re.compile(r"[ \t]*([^\S \t])\s*\S")


def tab(failure: Failure) -> Reason | None:
    indent = failure.text[: _indent(failure.text)]
    if "\t" not in indent:
        return None
    levels = _levels(failure.lines[: failure.line])
    deeper = [levels[-1][0] + 2] if levels else []
    depths = sorted({0, *deeper, *(level for level, _ in levels)})
    puts = (failure.put(0, len(indent), " " * depth) for depth in depths)
    at = (failure.line, indent.index("\t"))
    message, help = "this line is indented with a tab", "indent it with spaces"
    return failure.reason(message, help, *puts, at=at)


def odd_space(failure: Failure) -> Reason | None:
    """The line, or the one above it, is indented with a sign that only looks like a space."""
    message = "this line is indented with a character that only looks like a space"
    help = "delete it, and indent the line with the space bar"
    for line in range(max(failure.line - 1, 0), failure.line + 1):
        if odd := _ODD_INDENT.match(failure.lines[line]):
            indent = _indent(failure.lines[line])
            put = failure.put(0, indent, " " * indent, line)
            return failure.reason(message, help, put, at=(line, odd.start(1)))
    return None


def indentation(failure: Failure) -> Reason | None:
    """A line whose indent fits nothing above it."""
    own = _indent(failure.text)
    levels = _levels(failure.lines[: failure.line])
    begins = failure.column <= own or failure.problem.startswith("mapping values")
    if not levels or not begins:
        return None
    above, line = levels[-1]
    if own > above and _has_value(failure.lines[line]):
        message = "this line is indented deeper than the one above it, which already has a value"
    elif own not in [level for level, _ in levels]:
        message = f"this line is indented by {own}, which matches no line above it"
        above, line = min(levels, key=lambda level: (abs(level[0] - own), -level[0]))
    else:
        return None
    help = f"indent it with {above} spaces like line {line + 1}, or that line like this one"
    put = failure.put(0, own, " " * above)
    return failure.reason(message, help, put, at=(failure.line, own))


def block_text(failure: Failure) -> Reason | None:
    """A line of a block text that is indented less than the text, or no deeper than its key."""
    line = failure.began[0] if failure.began else failure.line
    for number in {line: 0, failure.line: 0}:
        if (reason := _left_of_block(failure, number)) is not None:
            return reason
    return None


def _left_of_block(failure: Failure, number: int) -> Reason | None:
    lines, above = failure.lines, number - 1
    while above > 0 and not _BLOCK_BEGINS.fullmatch(lines[above]):
        above -= 1
    if above < 0 or above == number or not _BLOCK_BEGINS.fullmatch(lines[above]):
        return None
    own, key = _indent(lines[number]), _column(lines[above])
    between = [line for line in lines[above + 1 : number] if line.strip()]
    first = _indent(between[0]) if between else key + 2
    inside = all(_indent(line) >= first for line in between)
    if not inside or own >= first or between and own <= key or own < key:
        return None
    return failure.reason(
        (
            f"this line is indented less than the text that begins on line {above + 2}"
            if between
            else "a block text must be indented deeper than its key"
        ),
        f"indent it with {first} spaces",
        failure.put(0, own, " " * first, number),
        at=(number, own),
    )


def _column(line: str) -> int:
    """Where the key of a line stands."""
    listed = LISTED.match(line)
    return listed.end() if listed else _indent(line)


def _levels(lines: list[str]) -> list[tuple[int, int]]:
    """The indents at which a key or an entry may follow these lines, each with its line: outermost first."""
    levels: list[tuple[int, int]] = []
    for number, line in enumerate(lines):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        own = _indent(line)
        levels = [level for level in levels if level[0] < own]
        levels.append((own, number))
        while line[own : own + 2] == "- ":
            own += 2 + _indent(line[own + 2 :])
            levels.append((own, number))
    return levels


def _has_value(line: str) -> bool:
    pair = PAIR.fullmatch(line)
    return bool(pair and pair[4].partition("#")[0].strip())


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
