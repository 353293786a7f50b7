"""Values that are no YAML as they stand, mostly for want of quotes, and what to write instead. Reads text only.

What a value means is not guessed at: a text is proposed where quotes alone make it what was written.
"""

import re

from bridge.strict.yaml_errors import (
    LISTED,
    PAIR,
    QUOTED,
    Failure,
    Put,
    Reason,
    in_either_quotes,
)

_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = frozenset('0abtnvfre "/\\N_LPxuU')
_ENTRY = re.compile(r"- +([^-\s\[{&*!|>%@`\"'][^#,\[\]{}]*?)\s*")
_BLOCK = re.compile(r"[|>][-+]? +(\S.*)")
# A line that may hold a credential is not written anew.
_SECRET = re.compile(r"secret|auth|verify|token|key|bearer|password", re.IGNORECASE)


def quoted_value(failure: Failure) -> Put | None:
    """All of a value in quotes, outside of brackets."""
    start = _start(failure.text)
    value = failure.text[start:].split(" #")[0].rstrip() if start else ""
    if not value or _SECRET.search(failure.text):
        return None
    return failure.put(start, start + len(value), in_either_quotes(value))


def _start(line: str) -> int:
    """Where the value of a line starts; 0 where it has none."""
    pair = PAIR.fullmatch(line)
    listed = LISTED.match(line)
    return pair.start(4) if pair else listed.end() if listed else 0


def after_quotes(failure: Failure) -> Reason | None:
    """A value that goes on behind its closing quotes."""
    start = _start(failure.text)
    sign = failure.text[start : start + 1] if start else ""
    closed = QUOTED[sign].match(failure.text, start) if sign in QUOTED else None
    if not closed or failure.column < closed.end() or failure.char in "}]":
        return None
    message = "the value continues after its closing quotes"
    rest = failure.text[closed.end() :].split(" #")[0].rstrip()
    if rest in (",", ";"):
        put = failure.put(closed.end(), closed.end() + 1, "")
        return failure.reason(message, f"drop the {rest}", put)
    inner = "''" if sign == "'" else '\\"'
    help = f"quote the whole value; {sign} inside it is written {inner}"
    pair = PAIR.fullmatch(failure.text)
    whole = bool(pair and pair[2] in failure.bare) or "{{" not in failure.text
    return failure.reason(message, help, quoted_value(failure) if whole else None)


def sign(failure: Failure) -> Reason | None:
    """A value that begins with a sign that means something else in YAML."""
    before = failure.text[failure.column - 1 : failure.column]
    if "alphabetic" in failure.problem and before in ("*", "&"):
        char, column = before, failure.column - 1
    elif "cannot start any token" in failure.problem and failure.char:
        char, column = failure.char, failure.column
    else:
        return None
    put = quoted_value(failure) if column == _start(failure.text) else None
    message = f"a value cannot begin with {char}"
    at = (failure.line, column)
    return failure.reason(message, "write the value in quotes", put, at=at)


def inner_colon(failure: Failure) -> Reason | None:
    """A value with ': ' in it, which reads like another key."""
    pair = PAIR.match(failure.text)
    key = f"{pair[2]}: " if pair else ""
    plain = pair and pair[4][:1] not in {*"\"'{[|>&*!"}
    return failure.reason(
        "a value with ': ' in it needs quotes",
        f'write it in quotes: {key}"…"',
        quoted_value(failure) if plain else None,
    )


def listed(failure: Failure) -> Reason | None:
    """`key: - value`, a list that begins beside its key."""
    start = _start(failure.text)
    if not start:
        return None
    entry = _ENTRY.fullmatch(failure.text, start)
    put = entry and failure.put(start, entry.end(1), f"[{entry[1]}]")
    message = "a list cannot start on the line of its key"
    help = "start each entry on its own line, or write [a, b]"
    return failure.reason(message, help, put or None)


def beside_block(failure: Failure) -> Reason | None:
    """`key: | text`, a block text that begins beside its sign."""
    line = failure.began[0] if failure.began else failure.line
    text = failure.lines[line]
    start = _start(text)
    block = _BLOCK.fullmatch(text, start)
    put = None
    if block and "#" not in block[1] and not _SECRET.search(text):
        right = in_either_quotes(block[1].rstrip())
        put = failure.put(start, len(text), right, line)
    return failure.reason(
        f"the text of {text[start : start + 1] or '|'} cannot start on the same line",
        "start the text on the next line, or write it in quotes",
        put,
    )


def escape(failure: Failure) -> Reason | None:
    """A backslash in double quotes before a sign that it has no meaning with, as in a pattern."""
    if not failure.began:
        return None
    line, start = failure.began
    whole = QUOTED['"'].match(failure.lines[line], start)
    put = None
    if whole and line == failure.line and not _SECRET.search(failure.text):
        put = failure.put(*whole.span(), _literally(whole[0]))
    help = "write \\\\ for a backslash, or use single quotes"
    return failure.reason("a backslash starts an escape in double quotes", help, put)


def _literally(quoted: str) -> str:
    """A text in double quotes with its backslashes kept; who wrote some escapes right meant those."""
    if "'" not in quoted and not re.search(r'\\[\\"]', quoted):
        return f"'{quoted[1:-1]}'"
    return _ESCAPE.sub(lambda it: it[0] if it[1] in _ESCAPED else f"\\{it[0]}", quoted)
