"""What is said when a value cannot be used. Messages name paths, keys and kinds, never a payload's values."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from bridge.did_you_mean import nearest, question
from bridge.kinds import type_of
from bridge.mapping.values.kinds import NUMBERS, describe, kind_of
from bridge.mapping.values.value import ExpressionError, Missing, Omit
from bridge.model import Advice

T = TypeVar("T")

_KEYS_SHOWN = 12
_KEYS_COMPARED = 200
_KEY_LENGTH = 40
_HYPHENATED = re.compile(
    r"([A-Za-z_][\w.]*)\.([A-Za-z_]\w*(?:-[A-Za-z_]\w*)+)(?![\w(-])"
)
_ASK_FIRST = "add | default(…), or check first: is defined, is present, skip_if_missing"


def wrong_type(
    who: str, wanted: Collection[type], value: object, *, help: str = ""
) -> ExpressionError:
    """The error for a value that `who` cannot take: E301 missing, E307 null, E302 any other kind."""
    if isinstance(value, Missing):
        return missing(value)
    if value is None:
        return ExpressionError(
            "E307",
            f"{who} needs {describe(wanted)}, but got null",
            help=_ASK_FIRST,
        )
    if isinstance(value, Omit):
        return ExpressionError(
            "E302",
            f"{who} needs {describe(wanted)}, but got omit",
            help="omit can only be the whole value of a field",
        )
    kind = type_of(value)
    fraction = kind is Decimal and int in wanted
    given = "a number with decimals" if fraction else kind_of(value)
    return ExpressionError(
        "E302",
        f"{who} needs {describe(wanted)}, but got {given}",
        help=help or conversion(wanted, kind),
    )


def conversion(wanted: Collection[type], given: type) -> str:
    """The helper that makes one kind of another, as help; "" when there is none."""
    if given is str and int in wanted:
        return "add | number"
    if given is datetime and str in wanted:
        return "add | datetime('%Y-%m-%d %H:%M:%S', 'UTC')"
    if given in NUMBERS and str in wanted:
        return "add | string"
    return "add | parse_date" if datetime in wanted else ""


def missing(gap: Missing) -> ExpressionError:
    """E301: the longest path that exists and the keys found there."""
    guess = ""
    if gap.path:
        key = gap.path[gap.found]
        guess = near(key, _keys(gap.there))
        if isinstance(gap.there, str) and key.isdecimal():
            guess = f"cut out a part of a text with [{key}:{int(key) + 1}]."
    message = gap.reason or (_account(gap) if gap.path else "the value is missing")
    help = f"{guess} Or {_ASK_FIRST}" if guess else _ASK_FIRST
    error = ExpressionError("E301", message, help=help)
    return error.at(gap.at) if gap.at else error


def _account(gap: Missing) -> str:
    wanted = dotted(gap.path[: gap.found + 1])
    if not gap.found:
        return f"{wanted} is missing: there is no such name"
    return (
        f"{wanted} is missing: {dotted(gap.path[: gap.found])} {_contents(gap.there)}"
    )


def dotted(path: tuple[str, ...]) -> str:
    """A path as one writes it: event.data['odd key'].0"""
    parts = [path[0]]
    for key in path[1:]:
        parts.append(f".{key}" if _plain(key) else f"[{_shown(key)!r}]")
    return "".join(parts)


def near(name: str, choices: Iterable[str], alike: float = 0.6) -> str:
    """`did you mean 'x'?`, or "" when nothing is so much alike."""
    known = list(choices)[:_KEYS_COMPARED]
    return question(_shown(nearest(name[:_KEY_LENGTH], known, alike)))


def hyphenated(source: str, span: tuple[int, int]) -> str:
    """The help where a name at a span is the end of a key with a hyphen, which reads as a minus; "" elsewhere."""
    for found in _HYPHENATED.finditer(source):
        if found.start(2) < span[1] and span[0] < found.end():
            right = f"{found[1]}['{found[2]}']"
            help = f"write a key with a hyphen in brackets: {right}"
            return Advice(help, right, span=found.span())
    return ""


def _keys(there: object) -> list[str]:
    return [str(key) for key in there] if isinstance(there, Mapping) else []


def _contents(there: object) -> str:
    if isinstance(there, list):
        return f"is a list of {len(there)}"
    if not isinstance(there, Mapping):
        return f"is {kind_of(there)}"
    keys = [_shown(key) for key in _keys(there)[:_KEYS_SHOWN]]
    if not keys:
        return "has no keys"
    more = f" and {len(there) - len(keys)} more" if len(there) > len(keys) else ""
    return f"has the keys {', '.join(keys)}{more}"


def _shown(key: str) -> str:
    """A key fit for one line of a terminal: senders choose keys."""
    key = key if len(key) <= _KEY_LENGTH else key[: _KEY_LENGTH - 1] + "…"
    return key if key.isprintable() else ascii(key)[1:-1]


def _plain(key: str) -> bool:
    return key.isidentifier() or (key.isascii() and key.isdecimal())


def chosen(word: str, known: Mapping[str, T], what: str) -> T:
    """What a word stands for. Raises E302, "unknown <what>", for one that is not known."""
    if word not in known:
        help = f"use one of {', '.join(map(repr, known))}"
        raise ExpressionError("E302", f"unknown {what}", help=help)
    return known[word]
