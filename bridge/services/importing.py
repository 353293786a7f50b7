"""Imports events that a sender exported, for example after an outage; a person vouches for them.

Each line is one request as the sender would have posted it. Only the signature is missing: ids, duplicates, batches
and masking are the same as for received requests, so events that already arrived are not taken twice.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import IO
from urllib.parse import urlencode

from bridge import providers
from bridge.errors import Malformed, Refused, TooLarge
from bridge.mapping import Source
from bridge.model import Event, Headers, Json, Request
from bridge.providers.view import View
from bridge.store import Database, imports
from bridge.store.audit import By
from bridge.store.imports import Imported
from bridge.strict import json
from bridge.strict.outgoing import FORM

# Lines in one transaction: limits how long others wait for the writer.
BATCH = 100

# The byte order mark that editors and PowerShell put before UTF-8.
_MARK = b"\xef\xbb\xbf"

_TYPES = {"json": "application/json", "form": FORM}

# A line's number in the file, and its text.
Line = tuple[int, bytes]
Read = tuple[Request, Sequence[Event]]
# Is told the number of a bad line, and what is wrong with it.
Tell = Callable[[int, str], None]


@dataclass(frozen=True, kw_only=True)
class Importer:
    """Imports the events of one source. With `enveloped` a line is {"headers": {…}, "body": …}, otherwise a body."""

    database: Database
    source: Source
    by: By
    min_free: int  # bytes of the database's disk, as for what is received
    enveloped: bool = False

    def take(self, lines: Iterable[Line], tell: Tell) -> Imported:
        """Stores what is new, a batch at a time; a bad line does not block the rest."""
        done = Imported()
        for batch in _batches(lines):
            now = datetime.now(UTC)
            done += self._store([*self._readable(batch, now, tell)], now)
        return done

    def look(self, lines: Iterable[Line], tell: Tell) -> Imported:
        """What `take` would do; stores nothing."""
        done, seen = Imported(), set[str]()
        for batch in _batches(lines):
            read = self._readable(batch, datetime.now(UTC), tell)
            names = [event.event_id for _, events in read for event in events]
            with self.database.read() as tx:
                seen |= imports.known(tx, self.source.name, names)
            new = set(names) - seen
            seen |= new
            done += Imported(new=len(new), known=len(names) - len(new))
        return done

    def _store(self, read: Sequence[Read], now: datetime) -> Imported:
        self.database.require_room(self.min_free)
        provider, name = self.source.provider, self.source.name
        kept = [
            (providers.masked(provider, request), events) for request, events in read
        ]
        return self.database.write(
            lambda tx: imports.take(tx, name, kept, self.by, now)
        )

    def _readable(
        self, lines: Iterable[Line], now: datetime, tell: Tell
    ) -> Iterator[Read]:
        for number, raw in lines:
            try:
                yield self._read(raw, now)
            except Refused as error:
                tell(number, str(error))

    def _read(self, raw: bytes, now: datetime) -> Read:
        if not raw:
            raise TooLarge(
                "the line is too long: raise allow.max_body of the source, or BRIDGE_MAX_BODY"
            )
        headers, body = _opened(raw) if self.enveloped else ((), raw)
        request = self._request(headers, body, now)
        events = providers.read(
            self.source.provider, self.source.name, providers.trust(request)
        )
        self._require_names(request)
        return request, events

    def _request(self, headers: Headers, body: bytes, now: datetime) -> Request:
        """The request; an object becomes a form if its sender posts only forms."""
        named = {name.lower() for name, _ in headers}
        kind = self.source.provider.event.content[0]
        if "content-type" not in named:
            headers = (*headers, ("Content-Type", _TYPES[kind]))
            body = _as_form(body) if kind == "form" else body
        return Request(
            method="POST",
            target=f"/hooks/{self.source.name}",
            headers=headers,
            body=body,
            received_at=now,
        )

    def _require_names(self, request: Request) -> None:
        """Refuses a request without the header of its id or type: it would not be recognised as the same event."""
        reading, view = self.source.provider.event, View(request)
        for places in (*reading.id, *reading.type):
            headers = [place.name for place in places if place.kind == "header"]
            if len(headers) == len(places) and view.value(places) is None:
                raise Malformed(
                    f"{self.source.provider.title} sends an event's id or type in the header {' or '.join(headers)}:"
                    ' use --with-headers and lines {"headers": {…}, "body": …}'
                )


def lines(stream: IO[bytes], limit: int) -> Iterator[Line]:
    """The non-blank lines of a file with their numbers; empty bytes for a line that is longer than `limit`."""
    number, most = 0, len(_MARK) + limit + len(b"\r\n")
    while raw := stream.readline(most):
        number += 1
        text = (raw.removeprefix(_MARK) if number == 1 else raw).strip()
        whole = raw.endswith(b"\n") or len(raw) < most
        while not raw.endswith(b"\n") and (rest := stream.readline(most)):
            raw = rest
        if text:
            yield number, text if whole and len(text) <= limit else b""


def _batches(every: Iterable[Line]) -> Iterator[list[Line]]:
    left = iter(every)
    while batch := list(islice(left, BATCH)):
        yield batch


def _opened(raw: bytes) -> tuple[Headers, bytes]:
    """Headers and body of an envelope; a body that is text is used exactly as it is."""
    line = json.loads(raw)
    if not isinstance(line, dict) or set(line) != {"headers", "body"}:
        raise Malformed('the line is not {"headers": {…}, "body": …}')
    headers, body = line["headers"], line["body"]
    if not isinstance(headers, dict):
        raise Malformed('"headers" of the line is not an object')
    named = tuple(
        (name, text) for name, text in headers.items() if isinstance(text, str)
    )
    if len(named) != len(headers):
        raise Malformed("the value of a header is not text")
    return named, _bytes(body) if isinstance(body, str) else _written(body)


def _as_form(raw: bytes) -> bytes:
    """The members of an object as form fields; a list becomes a repeated field."""
    members = json.loads(raw)
    if not isinstance(members, dict):
        raise Malformed("the line is not an object of form fields")
    return urlencode(
        [
            (name, _field(one))
            for name, value in members.items()
            for one in (value if isinstance(value, list) else [value])
        ],
        errors="surrogatepass",
    ).encode()


def _field(value: Json) -> str:
    if isinstance(value, dict | list):
        raise Malformed("a form field cannot be an object or a list of lists")
    return value if isinstance(value, str) else _written(value).decode()


def _bytes(text: str) -> bytes:
    """UTF-8; lone surrogates, which JSON can hold, pass, because the body's reader refuses them."""
    return text.encode("utf-8", "surrogatepass")


def _written(value: Json) -> bytes:
    try:
        return json.dumps(value)
    except ValueError as error:
        raise Malformed(f"cannot write its body: {error}") from None
