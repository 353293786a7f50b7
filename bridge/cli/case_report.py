"""Turns the results of `bridge test` into lines of text: failures, and what the tests cover. Prints nothing.

The recordings belong to the user, so their values are shown. No line can move a terminal's cursor.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from unicodedata import name

from bridge.cli.finding import coloured
from bridge.cli.text import at, printable
from bridge.mapping import (
    Absent,
    CaseResult,
    Difference,
    Failure,
    Reason,
    RuleCoverage,
    Step,
)
from bridge.model import Said
from bridge.services.trial import typed, written
from bridge.strict import json

# Characters shown of a value: enough to find the wrong one in two long texts.
_WIDTH = 1_000
# Rules that one line names at most.
_NAMED = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """One test that was run."""

    result: CaseResult
    seconds: float


def failed_lines(result: CaseResult, folder: Path) -> Iterator[str]:
    """What differs from the test's expectation, and why."""
    for failure in result.failures:
        yield from _failure(failure, folder)


def coverage_table(covered: Sequence[RuleCoverage]) -> Iterator[str]:
    """One line per rule: the calls that it made, and what it decided about the tests' events."""
    width = max((len(one.rule.id) for one in covered), default=0)
    heads = ["calls", *(said.value for said in Said)]
    yield f"{'rule':{width}}  {'  '.join(heads)}"
    for one in covered:
        numbers = [one.calls, *(one.said[said] for said in Said)]
        cells = (
            f"{number:{len(head)}}" for number, head in zip(numbers, heads, strict=True)
        )
        note = "  never matched" if one.never_matched else ""
        yield f"{one.rule.id:{width}}  {'  '.join(cells)}{note}"


def never_matched(covered: Iterable[RuleCoverage]) -> str:
    """One line that names the rules which no test matched; "" if there are none."""
    names = [one.rule.id for one in covered if one.never_matched]
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if names[_NAMED:] else ""
    return f"never matched by any test: {', '.join(names[:_NAMED])}{more}"


def _failure(failure: Failure, folder: Path) -> Iterator[str]:
    if failure.difference is not None:
        yield from _difference(failure.difference, folder)
        return
    yield coloured(failure.diagnostic, str(folder))
    if failure.reason is not None:
        yield from _reason(failure.reason, folder)


def _reason(reason: Reason, folder: Path) -> Iterator[str]:
    yield f"  = why: {printable(reason.text)}  ({at(folder, reason.place)})"
    for path, value in reason.read:
        yield f"         {printable(path)} → {_value(value)}"


def _difference(difference: Difference, folder: Path) -> Iterator[str]:
    yield f"  {printable(difference.path)}"
    yield f"    expected {_value(difference.expected)}   at {at(folder, difference.place)}"
    yield f"    got      {_value(difference.actual)}"
    if alike := _look_alike(difference.expected, difference.actual):
        yield f"    {alike}"
    if difference.made_by is not None:
        yield from _maker(difference.made_by, folder)


def _look_alike(expected: object, actual: object) -> str:
    """The code points of the first characters that differ, if they could be mistaken for each other; else ""."""
    if not isinstance(expected, str) or not isinstance(actual, str):
        return ""
    pairs = enumerate(zip_longest(expected, actual, fillvalue=""))
    at, pair = next((at, pair) for at, pair in pairs if pair[0] != pair[1])
    if "".join(pair).isascii():
        return ""
    named = [
        f"U+{ord(char):04X} {name(char, '')}".strip() if char else "the end"
        for char in pair
    ]
    return f"at {at + 1:<8} expected {named[0]}, got {named[1]}"


def _maker(step: Step, folder: Path) -> Iterator[str]:
    """The expression that made the value, and the values that it read."""
    formula = step.formula
    yield f"    made by  {written(formula)}   at {at(folder, formula.node.place)}"
    read = step.read()
    if [value for _, value in read] == [step.value]:
        # The expression passed that value on unchanged.
        return
    label = "from"
    for path, value in read:
        yield f"    {label:8} {printable(path)} → {_value(value)}"
        label = ""


def _value(value: object) -> str:
    """With its type, because "1" and 1 look alike; long texts are kept, because they may differ only at the end."""
    match value:
        case Absent():
            return "nothing"
        case str():
            return printable(f"'{_cut(value)}' : text")
        case list() | dict():
            return printable(_cut(_compact(value)))
        case _:
            return printable(typed(value))


def _cut(text: str) -> str:
    return f"{text[:_WIDTH]}…" if len(text) > _WIDTH else text


def _compact(value: object) -> str:
    try:
        return json.dumps(value).decode()
    except ValueError:
        # It holds a time, or a number that JSON cannot express.
        return typed(value)
