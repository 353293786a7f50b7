"""A call that a pretend vendor received, as a block of lines: the request, its fields and the answer.

Headers, query parameters and fields whose names look like credentials are masked.
"""

import re
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from rich.cells import cell_len

from bridge.cli.screen import folded, painted, say, strong
from bridge.cli.text import printable
from bridge.errors import Malformed
from bridge.model import Json
from bridge.strict import json

if TYPE_CHECKING:
    from bridge.sandbox.state import Recorded

_SECRET = re.compile(r"key|token|secret|auth|password|cookie|signature", re.IGNORECASE)
# These only sound like secrets.
_OPEN = frozenset({"idempotency-key", "token_type"})
_MASK = "<secret>"
_LONGEST = 400  # characters of a value
_MOST = 40  # fields

_printing = threading.Lock()


def show(call: "Recorded") -> None:
    """Prints the whole block, so that concurrent calls do not mix. A closed pipe stops nothing."""
    with suppress(OSError), _printing:
        for line in block(call):
            say(line)
        say("")


def block(call: "Recorded") -> list[str]:
    """The lines, coloured for the terminal."""
    status = str(call.status or "no answer")
    well = call.status is not None and call.status < 400
    did = "changed a ticket" if call.applied else "changed nothing"
    head = f"{call.when:%H:%M:%S}  {call.vendor}  {call.method} {_path(call.path)}"
    first, *more = folded(printable(head), 2)
    lines = [strong(first), *(f"  {line}" for line in more)]
    fields = [*_headers(call), *_fields(call.body)]
    lead = max((cell_len(name) for name, _ in fields), default=0) + 2
    for name, value in fields[:_MOST]:
        lines += _field(name, value, lead)
    if fields[_MOST:]:
        lines.append(f"  and {len(fields) - _MOST} more")
    answer = _short(_masked_text(call.answer))
    tail, *rest = folded(printable(f"{did}  {answer}".rstrip()), len(status) + 5)
    lines.append(f"  → {painted(status, 'ok' if well else 'error')} {tail}")
    return [*lines, *(f"    {line}" for line in rest)]


def _field(name: str, value: str, lead: int) -> list[str]:
    first, *more = folded(value, lead + 2)
    padded = name + " " * (lead - cell_len(name))
    return [f"  {padded}{first}", *(f"  {' ' * lead}{line}" for line in more)]


def _headers(call: "Recorded") -> list[tuple[str, str]]:
    """The headers that identify the caller, masked, and the idempotency key."""
    return [
        (printable(_short(name)), printable(_short(_kept(name, value))))
        for name, value in call.headers
        if _SECRET.search(name)
    ]


def _fields(body: bytes) -> list[tuple[str, str]]:
    """The fields of a JSON or form body; otherwise its text."""
    if not body:
        return []
    value = _read(body)
    if not isinstance(value, dict):
        return [("body", printable(_short(_masked_text(body))))]
    return [
        (printable(_short(name)), printable(_short(_text(_masked(name, item)))))
        for name, item in value.items()
    ]


def _read(body: bytes) -> Json:
    """The value of a JSON body, or the fields of a form; None for anything else."""
    try:
        return json.loads(body)
    except (Malformed, ValueError):
        text = body.decode("utf-8", "replace")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=None)
        form = "=" in text and not any(char.isspace() or char in "<{" for char in text)
        return {**dict(pairs)} if form else None


def _masked(name: str, value: Json) -> Json:
    """A value, with everything masked whose name looks like a credential's."""
    if _kept(name, "") and value not in (None, ""):
        return _MASK
    if isinstance(value, dict):
        return {key: _masked(key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked("", item) for item in value]
    return value


def _kept(name: str, value: str) -> str:
    """The value of a header or field; a mask if the name looks like a credential's."""
    secret = _SECRET.search(name) and name.lower() not in _OPEN
    return _MASK if secret else value


def _masked_text(body: bytes) -> str:
    value = _read(body)
    if isinstance(value, dict | list):
        return _text(_masked("", value))
    return body.decode("utf-8", "backslashreplace")


def _path(path: str) -> str:
    """The path, with the credentials in its query masked."""
    before, mark, query = path.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    if not any(_kept(name, value) != value for name, value in pairs):
        return _short(path)
    masked = [(name, _kept(name, value)) for name, value in pairs]
    return _short(f"{before}{mark}{urlencode(masked, safe='<>')}")


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value).decode()


def _short(text: str) -> str:
    return f"{text[:_LONGEST]}…" if len(text) > _LONGEST else text
