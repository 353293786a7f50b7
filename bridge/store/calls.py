"""Rendered calls as rows keep them: the body as bytes beside the rest as JSON."""

from collections.abc import Mapping
from typing import Any

from bridge.model import Call, Json


def to_json(call: Call) -> dict[str, Json]:
    """Everything but the body."""
    return {
        "method": call.method,
        "path": call.path,
        "query": [list(pair) for pair in call.query],
        "headers": [list(pair) for pair in call.headers],
        "success": [list(pair) for pair in call.success],
    }


def from_json(stored: Mapping[str, Any], body: bytes | None) -> Call:
    """The reverse of to_json, with its body."""
    return Call(
        method=str(stored["method"]),
        path=str(stored["path"]),
        query=tuple((name, value) for name, value in stored["query"]),
        headers=tuple((name, value) for name, value in stored["headers"]),
        success=tuple((int(low), int(high)) for low, high in stored["success"]),
        body=body,
    )
