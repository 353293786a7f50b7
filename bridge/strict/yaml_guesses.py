"""The usual mistakes in YAML, each known by what libyaml complains about and what stands there. Reads text only.

`guess` gives the first that fits. Helps name keys and signs, never values: these may be secrets.
"""

import re
from collections.abc import Iterator

from bridge.strict.yaml_errors import PAIR, Failure, Put, Reason, failure, in_quotes
from bridge.strict.yaml_indents import indentation, odd_space, tab

_DOUBLE, _SINGLE = r'"(?:[^"\\]|\\.)*"', r"'(?:[^']|'')*'"
_QUOTED = {'"': re.compile(_DOUBLE), "'": re.compile(_SINGLE)}
_BRACKET = re.compile(rf"{_DOUBLE}|{_SINGLE}|#.*|[{{}}\[\]]")
_CLOSING = {"{": "}", "[": "]"}
# What helps where no guess fits, by a part of libyaml's problem.
_HELPS = {
    "',' or": "write a comma between two entries, or the value in quotes",
    "'-' indicator": "indent it under its entry, or begin it with '- '",
    "comment or line break": "begin the text on the next line",
    "unknown escape": "write \\\\ for a backslash, or use single quotes",
}


def guess(error: Exception, lines: list[str]) -> Reason:
    """The likeliest reason of what PyYAML raised about a text of these lines."""
    failed = failure(error, lines)
    for known in _GUESSES:
        reason = known(failed)
        if reason:
            return reason
    helps = (help for part, help in _HELPS.items() if part in failed.problem)
    return failed.reason(failed.problem, next(helps, ""))


def _expression(failure: Failure) -> Reason | None:
    help, put = in_quotes(failure.line, failure.text)
    return failure.reason(failure.problem, help, put) if help else None


def _no_colon(failure: Failure) -> Reason | None:
    if failure.problem != "could not find expected ':'" or not failure.began:
        return None
    line, column = failure.began
    found = re.match(r"\s*(?:- )*([\w.-]+)(:?)", failure.lines[line])
    key = found[1] if found else ""
    what = "write a space after the colon" if found and found[2] else "write a colon"
    help = f"{what}: {key}: …" if key else "write it as key: value"
    message = "this line has no ': ' between key and value"
    put = None
    if found:
        text = " " if found[2] else ":"
        put = Put(line=line, start=found.end(), end=found.end(), text=text)
    return Reason(line=line, column=column, message=message, help=help, put=put)


def _open_quotes(failure: Failure) -> Reason | None:
    """Quotes that the text never closes, or closes where the next ones open."""
    if "quoted scalar" in failure.problem or "end of stream" in failure.problem:
        lines = [failure.began[0]] if failure.began else []
    else:
        lines = list(range(failure.line))
    for line in lines:
        for column, sign in _open_value(failure.lines[line]):
            message = f"the {sign} that opens here is not closed on its line"
            help = f"close it: add {sign} at the end of the value"
            put = _at_end(failure, line, sign)
            return Reason(line=line, column=column, message=message, help=help, put=put)
    return None


def _open_value(line: str) -> Iterator[tuple[int, str]]:
    """Where a value begins with quotes that its line does not close."""
    pair = PAIR.fullmatch(line)
    sign = pair[4][:1] if pair else ""
    if pair and sign in _QUOTED and not _QUOTED[sign].match(pair[4]):
        yield pair.start(4), sign


def _after_quotes(failure: Failure) -> Reason | None:
    pair = PAIR.fullmatch(failure.text)
    sign = pair[4][:1] if pair else ""
    closed = _QUOTED[sign].match(pair[4]) if pair and sign in _QUOTED else None
    if not pair or not closed or failure.column < pair.start(4) + closed.end():
        return None
    if failure.char in "}]":
        return None
    inner = "''" if sign == "'" else '\\"'
    return failure.reason(
        "the value goes on after its closing quotes",
        f"quote the whole value; {sign} inside it is written {inner}",
    )


def _open_bracket(failure: Failure) -> Reason | None:
    """A { or [ that is not closed where the next key follows."""
    if "',' or" not in failure.problem and "node content" not in failure.problem:
        return None
    opened = _opened(failure)
    if opened is None or opened[0] == failure.line and failure.char:
        return None
    line, column = opened
    sign = failure.lines[line][column]
    message = f"the {sign} that opens here is not closed"
    closing = _CLOSING[sign]
    put = _at_end(failure, line, closing)
    help = f"close it with {closing}"
    return Reason(line=line, column=column, message=message, help=help, put=put)


def _at_end(failure: Failure, line: int, text: str) -> Put | None:
    """A text behind a line; None for a line with a comment, which it may be a part of."""
    end = len(failure.lines[line].rstrip())
    comment = "#" in failure.lines[line]
    return None if comment else Put(line=line, start=end, end=end, text=text)


def _opened(failure: Failure) -> tuple[int, int] | None:
    """The last { or [ before the failure that is not closed."""
    opened: list[tuple[int, int]] = []
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
    if not found or "',' or" not in failure.problem:
        return None
    right = f"{{ env: {found[1]} }}"
    return failure.reason(
        "a variable is not written like this",
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
    if failure.problem != "found undefined alias" or not name:
        return None
    return failure.reason(
        f"no anchor &{name[1]} stands above",
        "write the anchor before its first use, or the value in quotes",
    )


def _sign(failure: Failure) -> Reason | None:
    """A value that begins with a sign that means something else in YAML."""
    before = failure.text[failure.column - 1 : failure.column]
    if "alphabetic" in failure.problem and before in ("*", "&"):
        sign, column = before, failure.column - 1
    elif "cannot start any token" in failure.problem and failure.char:
        sign, column = failure.char, failure.column
    else:
        return None
    return Reason(
        line=failure.line,
        column=column,
        message=f"a value cannot begin with {sign}",
        help="write the value in quotes",
    )


def _inner_colon(failure: Failure) -> Reason | None:
    if not failure.problem.startswith("mapping values"):
        return None
    pair = PAIR.match(failure.text)
    key = f"{pair[2]}: " if pair else ""
    return failure.reason(
        "a value with ': ' in it needs quotes", f'write it in quotes: {key}"…"'
    )


_GUESSES = (
    tab,
    odd_space,
    _expression,
    _no_colon,
    _variable,
    _open_quotes,
    _open_bracket,
    indentation,
    _after_quotes,
    _no_anchor,
    _sign,
    _extra_bracket,
    _inner_colon,
)
