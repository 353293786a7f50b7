"""Lists that a filter finds: their query, their page, and how many there are."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, fields

from bridge.api.fields import Paged, Text, named
from bridge.api.resource import parts
from bridge.services import finding
from bridge.store.filtering import Kind

COUNT_EXAMPLE = {"number": 1, "exact": True}
_FILTER = {"description": "A filter, as docs/filters.md explains: state:dead since:24h"}
Veil = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class FilteredSchema(Schema):
    """The query of a count."""

    filter = Text(load_default="", metadata=_FILTER)


class FoundSchema(Paged):
    """The query of a list with a filter."""

    filter = Text(load_default="", metadata=_FILTER)


class CountSchema(Schema):
    """How many."""

    number = fields.Integer(required=True)
    exact = fields.Boolean(
        required=True, metadata={"description": "False: there are at least so many."}
    )


def found_page(row: type[Schema]) -> type[Schema]:
    """The schema of a list that a filter finds."""
    shape: Mapping[str, fields.Field[Any]] = {
        "data": fields.List(fields.Nested(row), required=True),
        "next": fields.String(required=True, allow_none=True),
        "complete": fields.Boolean(
            required=True,
            metadata={
                "description": "False: the search took too long and stopped; `next` continues it."
            },
        ),
        "note": fields.String(
            required=True, metadata={"description": "What was searched, or nothing."}
        ),
    }
    return named(row, "Found", shape)


def found(kind: Kind, query: Mapping[str, Any], shown: Veil = dict) -> dict[str, Any]:
    """A page of rows, each as `shown`. Raises BadFilter and BadCursor."""
    page = finding.find(
        parts().database,
        kind,
        query["filter"],
        cursor=query["cursor"],
        limit=query["limit"],
        now=datetime.now(UTC),
    )
    return {
        "data": [shown(row) for row in page.rows],
        "next": page.next or None,
        "complete": page.complete,
        "note": page.note,
    }


def counted(kind: Kind, query: Mapping[str, Any]) -> Any:
    """How many rows a filter finds; stops counting at 10,000."""
    now = datetime.now(UTC)
    return finding.count(parts().database, kind, query["filter"], now=now)
