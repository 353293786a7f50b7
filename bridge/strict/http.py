"""Recorded HTTP requests: the `.http` files of tests/payloads, byte for byte.

A recording is a request line, header lines, one empty line and the raw body. Heads use CRLF or LF; the body is what
follows, untouched.
"""

from datetime import UTC, datetime

from bridge.model import Request


def parse(recording: bytes, received_at: datetime | None = None) -> Request:
    """The recorded request. Raises ValueError naming the line that is not part of a request head."""
    head, body = _split(recording)
    lines = head.decode("latin-1").splitlines()
    request_line = lines[0].split(" ") if lines else []
    if len(request_line) != 3 or not request_line[2].startswith("HTTP/"):
        raise ValueError(
            "line 1 is not a request line such as 'POST /hooks/stripe HTTP/1.1'"
        )
    headers = []
    for number, line in enumerate(lines[1:], start=2):
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise ValueError(
                f"line {number} is not a header line such as 'Content-Type: application/json'"
            )
        headers.append((name, value.strip()))
    method, target, _ = request_line
    moment = received_at or datetime.now(UTC)
    return Request(
        method=method,
        target=target,
        headers=tuple(headers),
        body=body,
        received_at=moment,
    )


def write(request: Request) -> bytes:
    """The recording of a request: parse(write(request)) gives it back."""
    head = [
        f"{request.method} {request.target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in request.headers),
    ]
    return "\n".join(head).encode("latin-1") + b"\n\n" + request.body


def _split(recording: bytes) -> tuple[bytes, bytes]:
    """Head and body at the first empty line, whichever line ending the head uses."""
    ends = [(recording.find(mark), mark) for mark in (b"\r\n\r\n", b"\n\n")]
    found = [(at, mark) for at, mark in ends if at >= 0]
    if not found:
        return recording, b""
    at, mark = min(found)
    return recording[:at], recording[at + len(mark) :]
