"""Rendered calls as rows: the body as bytes, the rest as JSON.

Most calls of a rule differ by their bodies alone, so what was written or read last is kept in memory.
"""

from dataclasses import replace
from functools import lru_cache
from typing import Any

from bridge.model import Call, Json
from bridge.store.database.columns import Encoded, encoded
from bridge.strict import json

_KEPT = 200


def to_json(call: Call) -> Encoded:
    """Everything but the body."""
    return _written(replace(call, body=None))


@lru_cache(maxsize=_KEPT)
def _written(call: Call) -> Encoded:
    return encoded(_document(call))


def _document(call: Call) -> dict[str, Json]:
    return {
        "method": call.method,
        "path": call.path,
        "query": [list(pair) for pair in call.query],
        "headers": [list(pair) for pair in call.headers],
        "success": [list(pair) for pair in call.success],
    }


def from_json(stored: str, body: bytes | None) -> Call:
    """The reverse of to_json, with its body."""
    return replace(_read(stored), body=body)


@lru_cache(maxsize=_KEPT)
def _read(text: str) -> Call:
    stored: Any = json.loads(text.encode())
    return Call(
        method=str(stored["method"]),
        path=str(stored["path"]),
        query=tuple((name, value) for name, value in stored["query"]),
        headers=tuple((name, value) for name, value in stored["headers"]),
        success=tuple((int(low), int(high)) for low, high in stored["success"]),
    )
