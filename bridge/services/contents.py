"""Whether what is stored of an event or a delivery holds what a filter asks for. The last word: SQL tells only roughly.

Nothing is found by what a face would not show: values that name credentials never, and e-mail addresses and telephone
numbers only by all of one.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from bridge.errors import Malformed
from bridge.model import Json
from bridge.services.veiling import EMAIL, PHONE, SECRET, veiled, veiled_text
from bridge.store import Transaction, matter
from bridge.store.filtering import TEXT, Condition, Filter, is_content
from bridge.store.searching import Rows
from bridge.strict import json
from bridge.strict.paths import dig

_FIELDS = 1_000  # of a form


def keeps(tx: Transaction, rows: Rows, where: Filter, ids: Sequence[int]) -> list[int]:
    """Those of the ids whose content agrees with the filter, in their order."""
    asked = [one for one in where if is_content(one)]
    if not asked or rows == "refused" or not ids:
        return [*ids]
    read = matter.of_events if rows == "events" else matter.of_deliveries
    return [row["id"] for row in read(tx, ids) if _agrees(_Matter(row), asked)]


def _agrees(row: "_Matter", asked: Filter) -> bool:
    """Every condition; of several values of one place, one."""
    either: dict[str, bool] = {}
    for one in asked:
        holding = row.holds(one)
        if one.negated or one.key == TEXT:
            if holding is one.negated:
                return False
        else:
            either[one.key] = either.get(one.key, False) or holding
    return all(either.values())


class _Matter:
    """What is stored of one row: the request of its event, the reasons, and the call if it is a delivery."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._row = row

    def holds(self, condition: Condition) -> bool:
        """Whether it agrees with a condition, negated or not."""
        value = str(condition.value)
        if condition.key == TEXT:
            fits = _part(value)
            return any(fits(text, name) for name, text in self._texts)
        kind, _, path = condition.key.partition(".")
        places = self._payload if kind == "payload" else self._headers
        fits = _whole(value)
        parts = tuple(path.split("."))
        if kind == "headers":
            parts = (path.lower(),)
        return any(
            fits(one, parts[-1])
            for place in places
            for one in _listed(dig(place, parts))
        )

    @cached_property
    def _body(self) -> Json:
        return _parsed(self._row["body"])

    @cached_property
    def _payload(self) -> list[Json]:
        """The body; of a batch also what is the event's own."""
        body, item = self._body, self._row["item"]
        if item is None:
            return [body]
        lists = [body, *(body.values() if isinstance(body, dict) else ())]
        own = [one[item] for one in lists if isinstance(one, list) and item < len(one)]
        return [body, *own]

    @cached_property
    def _headers(self) -> list[Json]:
        headers = self._row["headers"] or {}
        return [{str(name).lower(): value for name, value in headers.items()}]

    @cached_property
    def _texts(self) -> list[tuple[str, str]]:
        """Every text by the name of what it is."""
        row = self._row
        found = [("", reason) for reason in row["reasons"]]
        found += _leaves(self._headers[0], "")
        for content in (row["body"], row["fetched"], row["call"]):
            found += _leaves(_parsed(content), "") if content else ()
        return found


def _parsed(body: bytes | None) -> Json:
    """JSON, else a form, else its text."""
    try:
        return json.loads(body or b"")
    except Malformed:
        text = (body or b"").decode("utf-8", "backslashreplace")
    try:
        return {**dict(parse_qsl(text, strict_parsing=True, max_num_fields=_FIELDS))}
    except ValueError:
        return text


def _leaves(value: Json, name: str) -> Iterator[tuple[str, str]]:
    """The texts, keys and numbers in a value, by the name of what they are."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield "", key
            yield from _leaves(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, name)
    elif value is not None:
        yield name, _written(value)


def _listed(value: Json) -> list[str]:
    """The values at a place: of a list, each."""
    items = value if isinstance(value, list) else [value]
    return [_written(one) for one in items if not isinstance(one, dict | list | None)]


def _written(value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | Decimal):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return ""


def _part(value: str) -> Callable[[str, str], bool]:
    """Whether a text holds a part, as it is shown; all of an e-mail address is a part of what is not shown."""
    wanted = value.casefold()
    whole = veiled_text(value) in (EMAIL, PHONE)
    exact = re.compile(rf"(?<![\w.+-]){re.escape(wanted)}(?!\.?\w)")

    def fits(text: str, name: str) -> bool:
        folded = text.casefold()
        if wanted not in folded:
            return False
        shown = str(veiled(text, name))
        if shown == SECRET:
            return False
        if wanted in shown.casefold() or folded == wanted:
            return True
        return whole and exact.search(folded) is not None

    return fits


def _whole(value: str) -> Callable[[str, str], bool]:
    """Whether a text is a value, in which `*` is anything that is shown."""
    parts = map(re.escape, value.split("*"))
    pattern = re.compile(".*".join(parts), re.DOTALL)

    def fits(text: str, name: str) -> bool:
        shown = str(veiled(text, name))
        if shown == SECRET:
            return False
        return text == value or pattern.fullmatch(shown) is not None

    return fits
