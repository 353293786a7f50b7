"""A trace as values: what each rule said to an event, then and now, with the values behind it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bridge.model import Json
from bridge.services.veiling import (
    veiled,
    veiled_delivery,
    veiled_path,
    veiled_text,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """A value that an expression looked at, and its type."""

    expression: str
    value: Json
    type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A value that a rule made: what is written in the mapping file, what came out, and the payload paths it came from.

    `key` is that of the rule, such as `fields.amount`; `index` is that of an item of for_each.
    """

    key: str
    template: str
    value: Json
    type: str
    paths: tuple[str, ...]
    index: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """What one rule said; without a rule, what was said about the event as a whole."""

    rule: str
    said: str
    reason: str
    place: str
    # The line of the mapping file at that place; "" if that version of it is not stored.
    text: str
    code: str | None = None
    # None: it would be said now.
    decided_at: datetime | None = None
    expression: str = ""
    compared: tuple[Compared, ...] = ()
    fields: tuple[Field, ...] = ()
    # The requests that follow, as `bridge try --json` has them.
    calls: tuple[Mapping[str, Any], ...] = ()
    # Whether the values behind it could be found.
    known: bool = False
    # Whether the other side of the comparison has no such line.
    differs: bool = False
    # Whether the rule was asked again later.
    superseded: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """An event, what was said to it, and what would be said now."""

    event: Mapping[str, Any]
    summary: str
    notes: tuple[str, ...]
    then: tuple[Line, ...]
    now: tuple[Line, ...]
    deliveries: Sequence[Mapping[str, Any]]

    @property
    def changed(self) -> bool:
        """Whether the current rules would say something else."""
        return any(line.differs for line in self.now)


def hidden(found: Trace) -> Trace:
    """A trace without personal data."""
    return replace(
        found,
        then=tuple(map(_veiled_line, found.then)),
        now=tuple(map(_veiled_line, found.now)),
        deliveries=[veiled_delivery(row) for row in found.deliveries],
    )


def _veiled_line(line: Line) -> Line:
    made: Any = [*line.calls]
    calls: Any = veiled(made)
    return replace(
        line,
        reason=veiled_text(line.reason),
        compared=tuple(
            replace(one, value=veiled_path(one.expression, one.value))
            for one in line.compared
        ),
        fields=tuple(_veiled_field(one) for one in line.fields),
        calls=tuple(calls),
    )


def _veiled_field(field: Field) -> Field:
    """Hidden if its own name or the path that it came from says so."""
    value = veiled_path(field.key, field.value)
    for path in field.paths:
        value = veiled_path(path, value)
    return replace(field, value=value)
