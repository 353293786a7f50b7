"""docs/helpers.md, written from the catalogue, so that the page cannot say something else than the code does.

    python -m bridge.mapping.functions.page > docs/helpers.md

Text only: reads the catalogue, writes no file, evaluates nothing.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from textwrap import fill
from typing import Final

from bridge.mapping.functions import FILTERS, TESTS, Example, Helper
from bridge.mapping.values.kinds import describe

_HEAD: Final = """\
# Helpers

Everything that may follow `|` or, at the end of this page, `is` in an expression of a
[mapping file](mapping-files.md). There is nothing else: no function is called, no clock is read.

A helper passes a missing value, `null` and `omit` through, so one `default(…)` at the end is enough; `default`,
`coalesce` and the tests see them. Arguments stand in parentheses, in this order or by name: `round(2)` and
`round(places=2)` are the same. What a helper cannot take is an error, never a guess; `bridge explain E302` says what
its code means. A text may be 65,536 characters long, a list 10,000 items, a number 100 digits: what would be longer is
E303.

Written by `python -m bridge.mapping.functions.page > docs/helpers.md`; the examples are tests."""

_GROUPS: Final = {
    "money": "## Money and numbers",
    "text": "## Text",
    "ids": "## Identifiers",
    "time": "## Times",
    "data": "## Tables, lists and mappings\n\n"
    "In the examples the table `substatus` is `{ 1: PS, 2: PS, _: ES }`.",
    "tests": "## Tests\n\n"
    "A test stands after `is` or `is not`. It answers true or false for any value, also for a missing one.",
}


def page() -> str:
    """The whole page."""
    catalogue = [*FILTERS.values(), *TESTS.values()]
    parts = [_HEAD]
    for group, heading in _GROUPS.items():
        parts.append(heading)
        parts += [_entry(helper) for helper in catalogue if helper.group == group]
    return "\n\n".join(parts) + "\n"


def _entry(helper: Helper) -> str:
    kinds = f"{_capital(helper.input)} → {helper.output}."
    takes = [f"`{it.name}`: {describe(it.accepts)}" for it in helper.parameters]
    arguments = f" {'; '.join(takes)}." if takes else ""
    errors = f" Errors: {', '.join(helper.errors)}." if helper.errors else ""
    examples = "\n".join(_examples(helper.examples))
    return (
        f"### `{_title(helper)}`\n\n{_wrapped(helper.summary)}\n\n"
        f"{_wrapped(kinds + arguments + errors)}\n\n```text\n{examples}\n```"
    )


def _title(helper: Helper) -> str:
    """A test and a helper may have one name: a test is shown with its `is`."""
    return f"is {helper.name}" if helper.group == "tests" else helper.signature


def _examples(examples: tuple[Example, ...]) -> Iterator[str]:
    """What an expression sees stands above it, unless the one before saw the same."""
    seen: Mapping[str, object] = {}
    for example in examples:
        if example.names != seen:
            yield from (
                f"{name} = {_written(example.names[name])}" for name in example.names
            )
        seen = example.names
        yield f"{example.expression}  →  {_written(example.gives)}"


def _written(value: object) -> str:
    """A value as the language writes it; a time in RFC 3339."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.isoformat()
        case list():
            return f"[{', '.join(map(_written, value))}]"
        case Mapping():
            pairs = (f"{key!r}: {_written(item)}" for key, item in value.items())
            return f"{{{', '.join(pairs)}}}"
    return repr(value)


def _wrapped(text: str) -> str:
    return fill(text, width=120, break_long_words=False, break_on_hyphens=False)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


if __name__ == "__main__":
    print(page(), end="")
