"""The usual mistakes in YAML, each known by what libyaml complains about and what stands there. Reads text only.

`guess` gives the first that fits. Helps name keys and signs, never values: these may be secrets.
"""

import re
from collections.abc import Collection, Iterator

from bridge.strict.yaml_errors import (
    DOUBLE,
    QUOTED,
    SINGLE,
    Failure,
    Position,
    Put,
    Reason,
    failure,
    in_quotes,
)
from bridge.strict.yaml_indents import block_text, indentation, odd_space, tab
from bridge.strict.yaml_values import (
    after_quotes,
    beside_block,
    escape,
    inner_colon,
    listed,
    sign,
)

_BEGINS = re.compile(r"(?:^\s*-\s+|:\s+|[\[{,]\s*)(?=[\"'])")  # a value in quotes
_ENDS = re.compile(r"(?<=\S)(?=\s*[,}\]])")  # where a value may end within brackets
_BRACKET = re.compile(rf"{DOUBLE}|{SINGLE}|#.*|[{{}}\[\]]")
_CLOSED = re.compile(r"([\"'}\]])\s+\Z")
_RUN_ON = re.compile(
    r":\s+([^\s\"'{\[,]+)\s+[\w.-]+\Z"
)  # a value of one word, then a key
_CLOSING = {"{": "}", "[": "]"}
# What helps where no guess fits, by a part of libyaml's problem.
_HELPS = {
    "',' or": "write a comma between two entries, or the value in quotes",
    "'-' indicator": "indent it under its entry, or begin it with '- '",
}


def guess(error: Exception, lines: list[str], bare: Collection[str] = ()) -> Reason:
    """The likeliest reason of what PyYAML raised about a text of these lines."""
    failed = failure(error, lines, bare)
    for said, known in _GUESSES:
        if re.search(said, failed.problem) and (reason := known(failed)):
            return reason
    helps = (help for part, help in _HELPS.items() if part in failed.problem)
    return failed.reason(failed.problem, next(helps, ""))


def _expression(failure: Failure) -> Reason | None:
    """{{ … }} without quotes where reading failed, or before quotes that nothing closes."""
    help, put = in_quotes(failure.line, failure.text, failure.bare)
    if help:
        return failure.reason(failure.problem, help, put)
    if "end of stream" not in failure.problem or not failure.began:
        return None
    line = failure.began[0]
    help, put = in_quotes(line, failure.lines[line], failure.bare)
    if not put:
        return None
    return failure.reason(failure.problem, help, put, at=(line, put.start))


def _no_colon(failure: Failure) -> Reason | None:
    if not failure.began:
        return None
    line, _ = failure.began
    found = re.match(r"\s*(?:- )*([\w.-]+)(:?)", failure.lines[line])
    key = found[1] if found else ""
    what = "write a space after the colon" if found and found[2] else "write a colon"
    help = f"{what}: {key}: …" if key else "write it as key: value"
    message = "this line has no ': ' between key and value"
    put = None
    if found:
        text = " " if found[2] else ":"
        put = failure.put(found.end(), found.end(), text, line)
    return failure.reason(message, help, put, at=failure.began)


def _open_quotes(failure: Failure) -> Reason | None:
    """Quotes that the text never closes, or closes where the next ones open."""
    scans = "end of stream" in failure.problem
    if scans:
        lines = [failure.began[0]] if failure.began else []
    else:
        lines = list(range(failure.line))
    opened = ((line, *at) for line in lines for at in _open_value(failure.lines[line]))
    inside = ((*at, "") for at in [failure.began] if scans and at)
    for line, column, _ in (*opened, *inside):
        text = failure.lines[line]
        sign = text[column : column + 1]
        if sign not in QUOTED:
            continue
        ends = [found.start() for found in _ENDS.finditer(text, column + 1)]
        puts = [failure.put(end, end, sign, line) for end in ends]
        return failure.reason(
            f"the {sign} that opens here is not closed on its line",
            f"close it: add {sign} at the end of the value",
            *puts,
            _at_end(failure, line, sign),
            at=(line, column),
        )
    return None


def _open_value(line: str) -> Iterator[tuple[int, str]]:
    """Where a value begins with quotes that its line does not close."""
    after = 0
    for found in _BEGINS.finditer(line):
        start = found.end()
        if start < after or found[0][0] == "," and not {*line[:start]} & {*"[{"}:
            continue
        closed = QUOTED[line[start]].match(line, start)
        if not closed:
            yield start, line[start]
            return
        after = closed.end()


def _open_bracket(failure: Failure) -> Reason | None:
    """A { or [ that is not closed where the next key follows."""
    opened = _opened(failure)
    if opened is None or opened[0] == failure.line and failure.char:
        return None
    line, column = opened
    sign = failure.lines[line][column]
    message = f"the {sign} that opens here is not closed"
    put = _at_end(failure, line, _CLOSING[sign])
    return failure.reason(message, f"close it with {_CLOSING[sign]}", put, at=opened)


def _at_end(failure: Failure, line: int, text: str) -> Put | None:
    """Puts a text at the end of a line; None if the line has a comment, because the text would become part of that."""
    end = len(failure.lines[line].rstrip())
    comment = "#" in failure.lines[line]
    return None if comment else failure.put(end, end, text, line)


def _opened(failure: Failure) -> Position | None:
    """The last { or [ before the failure that is not closed."""
    opened: list[Position] = []
    for number, line in enumerate(failure.lines[: failure.line + 1]):
        end = failure.column if number == failure.line else len(line)
        for found in _BRACKET.finditer(line, 0, end):
            if found[0] in _CLOSING:
                opened.append((number, found.start()))
            elif found[0] in _CLOSING.values() and opened:
                opened.pop()
    return opened[-1] if opened else None


def _variable(failure: Failure) -> Reason | None:
    found = re.search(r"\$\{?([A-Za-z_]\w*)\}?", failure.text)
    if not found:
        return None
    right = f"{{ env: {found[1]} }}"
    return failure.reason(
        "this is not how to write a variable",
        f"write {right}",
        failure.put(*found.span(), right),
    )


def _extra_bracket(failure: Failure) -> Reason | None:
    if not failure.char or failure.char not in "}]":
        return None
    put = failure.put(failure.column, failure.column + 1, "")
    return failure.reason(f"this {failure.char} closes nothing", "drop it", put)


def _no_anchor(failure: Failure) -> Reason | None:
    """*name, where no &name stands above."""
    name = re.match(r"\*([\w-]+)", failure.text[failure.column :])
    if not name:
        return None
    return failure.reason(
        f"there is no anchor &{name[1]} above",
        "write the anchor before its first use, or the value in quotes",
    )


def _twice_anchored(failure: Failure) -> Reason | None:
    """&name, where another &name stands above."""
    name = re.match(r"&([\w-]+) *", failure.text[failure.column :])
    if not name:
        return None
    column, below = failure.column, failure.lines[failure.line + 1 :]
    rest = [failure.text[column + name.end() :], *below]
    used = any(re.search(rf"\*{re.escape(name[1])}(?![\w-])", line) for line in rest)
    put = failure.put(column, column + name.end(), "")
    return failure.reason(
        f"the anchor &{name[1]} already exists above",
        "give one of the two another name" if used else f"drop &{name[1]}",
        None if used else put,
    )


def _no_comma(failure: Failure) -> Reason | None:
    """Two entries within brackets, with a space between them alone."""
    before = failure.text[: failure.column]
    closed = _CLOSED.search(before) if re.match(r"[\w\"']", failure.char) else None
    found = closed or (_RUN_ON.search(before) if failure.char == ":" else None)
    if not found:
        return None
    put = failure.put(found.end(1), found.end(1), ",")
    return failure.reason(
        "two entries have no comma between them", "write a comma between them", put
    )


def _unspaced(failure: Failure) -> Reason | None:
    """`{ key:{ … } }`."""
    at = failure.text.find(":", failure.column)
    put = failure.put(at + 1, at + 1, " ") if at >= 0 else None
    return failure.reason("a colon needs a space after it", "write a space", put)


# Who knows a mistake, behind a part of what libyaml says of it ("" where the text alone tells). Should libyaml word one
# otherwise some day, people read libyaml's own words, and the tests of mistakes fail.
_GUESSES = (
    ("", tab),
    ("", odd_space),
    ("", _expression),
    ("", block_text),
    ("could not find expected ':'", _no_colon),
    ("',' or", _variable),
    ("", _open_quotes),
    ("',' or|node content", _open_bracket),
    ("", indentation),
    ("", after_quotes),
    ("found undefined alias", _no_anchor),
    ("second occurrence", _twice_anchored),
    ("unexpected ':'", _unspaced),
    ("block sequence entries", listed),
    ("comment or", beside_block),
    ("unknown escape", escape),
    ("", sign),
    ("", _extra_bracket),
    ("mapping values", inner_colon),
    ("',' or", _no_comma),
)
