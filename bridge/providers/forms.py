"""Form bodies, as `application/x-www-form-urlencoded` and as `multipart/form-data`: names and values, in order.

A form has MAX_FIELDS fields at most.
"""

import re
from collections.abc import Iterable
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from typing import cast
from urllib.parse import parse_qsl

from bridge.errors import Malformed
from bridge.model import Json

MAX_FIELDS = 1_000

_DASHES = re.compile(rb"[\r\n]--")  # before each part, whatever ends a line there


def form_pairs(text: bytes) -> list[tuple[str, str]]:
    """The decoded names and texts of a form or a query, in order. Raises Malformed."""
    try:
        return parse_qsl(
            text.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        message = f"the form is not UTF-8 or has more than {MAX_FIELDS} fields"
        raise Malformed(message, reason="form") from None


def multipart_pairs(body: bytes, content_type: str) -> list[tuple[str, Json]]:
    """The fields of a multipart form, in order; of a file its name, type and size. Raises Malformed."""
    head = content_type.encode("latin-1")
    if sum(1 for _ in _DASHES.finditer(body)) > MAX_FIELDS + 1:
        message = f"the form has more than {MAX_FIELDS} fields"
        raise Malformed(message, reason="form")
    whole = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + head + b"\r\n\r\n" + body
    )
    parts = cast(
        list[EmailMessage], whole.get_payload() if whole.is_multipart() else []
    )
    if not parts or whole.defects:
        raise Malformed("the form's parts cannot be separated", reason="form")
    return [_part(part) for part in parts]


def folded(pairs: Iterable[tuple[str, Json]]) -> Json:
    """Each name once: its value, or the list of its values."""
    grouped: dict[str, list[Json]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return {name: all[0] if len(all) == 1 else all for name, all in grouped.items()}


def _part(part: EmailMessage) -> tuple[str, Json]:
    name = part.get_param("name", header="content-disposition")
    held = part.get_payload(decode=True)
    if not isinstance(name, str) or not isinstance(held, bytes):
        raise Malformed("the form has a part without a name", reason="form")
    if (file := part.get_filename()) is not None:
        kind = part.get_content_type()
        return name, {"filename": file, "content_type": kind, "size": len(held)}
    try:
        return name, held.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("the form is not UTF-8", reason="form") from None
