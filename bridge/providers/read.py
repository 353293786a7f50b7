"""Events out of a verified request: which happened, when, and what the rules may see of them.

Takes a Verified only: a guess cannot be read. Two deliveries of one occurrence give the same id and the same digest.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from bridge.errors import Malformed, Refused
from bridge.model import Event, Json, Request, Verified
from bridge.providers import batch
from bridge.providers.digest import Part, whole
from bridge.providers.mask import MASK
from bridge.providers.recipe import Live, Provider, Reading
from bridge.providers.source import Alternatives, Source, Unreadable, written
from bridge.providers.times import instant
from bridge.providers.view import View
from bridge.strict.paths import change_each

# Times and URLs hold colons of their own; they are known by what stands before the first one.
_BEGIN = r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2})|https?"
_BEGINS = re.compile(_BEGIN)
_WHOLE = re.compile(
    rf"(?:{_BEGIN}):(?(time)[0-9]{{2}}:[0-9]{{2}}(\.[0-9]+)?(Z|[+-][0-9]{{2}}:[0-9]{{2}})|//[^:]*)"
)
_HASH = (Source(kind="hash"),)  # among the parts of an id: what the event says
_MAX_TEXT = 200  # characters of an id or type: what a table column and a log line hold


def take(provider: Provider, source: str, verified: Verified) -> tuple[Event, ...]:
    """As read; but a body that cannot be read is one event that says so, where its sender would not send it again."""
    try:
        events = read(provider, source, verified)
    except Refused as error:
        if provider.event.unreadable == "refuse":
            raise
        events = (_unreadable(provider.event, source, verified, str(error)),)
    return tuple(map(_anew, events)) if provider.event.each_delivery else events


def _anew(event: Event) -> Event:
    """The event under an id that no other delivery has."""
    return replace(event, event_id=f"{event.event_id}#{secrets.token_hex(8)}")


def read(provider: Provider, source: str, verified: Verified) -> tuple[Event, ...]:
    """The events of one request in the order of the body; `source` is the configured sender's name.

    What is not shaped as the provider's bodies are is an event of type `unknown`, which holds the whole body: a proven
    request is never taken and then forgotten. Raises Malformed, UnsupportedType or TooLarge (a batch of over 1,000).
    """
    reading = provider.event
    exact = reading.duplicate_keys == "refuse"
    view = View(verified.request, content=reading.content, exact=exact)
    try:
        body, odd = batch.document(view, reading)
        parts = [] if odd else batch.parts(body, reading)
        odd = odd or batch.odd(body, reading)
        headers = _headers(view.request, reading.headers)
        events = [
            _event(view, reading, part, source, position, headers)
            for position, part in enumerate(parts)
        ]
        if odd:
            events.append(_alone(view, reading, source, headers, odd))
    except Unreadable as error:
        raise Malformed(f"the event cannot be read: {error}") from None
    return tuple(events if reading.each_delivery else _distinct(events))


def _event(
    view: View,
    reading: Reading,
    part: Part,
    source: str,
    position: int,
    headers: Mapping[str, str],
) -> Event:
    payload = part.payload
    digest = part.digest(reading.volatile)  # the same when the kept one is read
    kind = _type(view, reading, payload)
    if any(one.kind == "header" for places in reading.type for one in places):
        # What the body does not say: two types of one body are two events.
        digest = _sha256(f"{digest}:{kind}".encode("utf-8", "surrogatepass"))
    return Event(
        source=source,
        event_id=_id(view, reading, payload, digest) or f"sha256:{digest}",
        type=kind or "unknown",
        occurred_at=_time(view, reading, payload),
        received_at=view.request.received_at,
        payload=payload,
        headers=headers,
        item=None if reading.items is None else position,
        live=_live(view, reading.live, payload),
        digest=digest,
        notes=tuple(view.notes),
    )


def _alone(
    view: View, reading: Reading, source: str, headers: Mapping[str, str], odd: str
) -> Event:
    """The whole body as one event, of which `odd` says why it is none of the usual ones."""
    alone = replace(reading, items=None)
    part = whole(_masked_whole(view, reading), alone)
    event = _event(view, alone, part, source, 0, headers)
    if reading.whole and event.type != "unknown":
        return event
    note = f"{odd}: the whole body is one event of type unknown"
    return replace(event, type="unknown", notes=(*event.notes, note))


def _masked_whole(view: View, reading: Reading) -> Json:
    """The parsed body, with what is secret in its items masked as there."""
    body = view.body
    for source in reading.secret_paths:
        if source.kind == "item" and reading.items:
            path = (*reading.items.path, *source.path)
            body = change_each(body, path, lambda _: MASK)
    return body


def _unreadable(
    reading: Reading, source: str, verified: Verified, reason: str
) -> Event:
    """A request as an event without content; what its head says of id and type counts."""
    request = verified.request
    view, digest = View(request), _sha256(request.body)
    head = replace(
        reading,
        id=tuple(map(_in_head, reading.id)),
        type=tuple(map(_in_head, reading.type)),
    )
    return Event(
        source=source,
        event_id=_id(view, head, None, digest) or f"sha256:{digest}",
        type=_type(view, head, None) or "unreadable",
        occurred_at=None,
        received_at=request.received_at,
        payload=None,
        headers=_headers(request, reading.headers),
        digest=digest,
        unreadable=reason,
    )


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _in_head(places: Alternatives) -> Alternatives:
    return tuple(one for one in places if one.kind in ("header", "query"))


def _id(view: View, reading: Reading, item: Json, digest: str) -> str | None:
    """The parts joined; None when one is absent, for half an id could name two occurrences."""
    found = [
        digest[:16] if places == _HASH else _text(view.value(places, item))
        for places in reading.id
    ]
    texts = [text for text in found if text]
    if not texts or len(texts) < len(found):
        return None
    joined = _joined(texts)
    return joined if len(joined) <= _MAX_TEXT else None


def _joined(texts: list[str]) -> str:
    """One text that no other parts give: a colon inside a part must not look like the one between two.

    The last part may hold any, times and URLs hold their own. Where another part has one, all are escaped, and a
    colon comes first: no other id of several parts begins with one, since no part is empty.
    """
    joined = ":".join(texts)
    if joined.count(":") == len(texts) - 1 or all(map(_tells_its_end, texts[:-1])):
        return joined
    return "".join(":" + text.replace("%", "%25").replace(":", "%3A") for text in texts)


def _tells_its_end(text: str) -> bool:
    """Whether it is clear which colon ends it. The begin of a time or URL could be one with the part that follows."""
    return bool(_WHOLE.fullmatch(text)) or not (":" in text or _BEGINS.fullmatch(text))


def _time(view: View, reading: Reading, item: Json) -> datetime | None:
    """The first place that gives a time, among those whose conditions hold: what stands for `none` is passed over."""
    for time in reading.time:
        others = (view.holds((one,), item) for one in time.unless)
        if view.holds(time.when, item) and not any(others):
            values = (view.value((place,), item) for place in time.source)
            moments = (instant(value, time.zone) for value in values)
            if found := next(filter(None, moments), None):
                return found
    return None


def _live(view: View, mark: Live | None, item: Json) -> bool:
    """Whether it happened for real, as also where nothing is said. A flag may be written as 0 or 1."""
    if mark is None:
        return True
    value = view.value(mark.source, item)
    said = (written(value), written(bool(value)) if value in (0, 1) else "")
    return not set(mark.unless) & set(said)


def _type(view: View, reading: Reading, item: Json) -> str | None:
    parts = [_text(view.value(places, item)) for places in reading.type]
    joined = ".".join(part for part in parts if part)
    return joined if len(joined) <= _MAX_TEXT else None


def _text(value: Json) -> str | None:
    """Text or a whole number that may be a name; None for what no column, log or page should have to hold."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    return text if text and len(text) <= _MAX_TEXT and text.isprintable() else None


def _headers(request: Request, allowed: Iterable[str]) -> dict[str, str]:
    found = {name: ", ".join(request.values(name)) for name in sorted(allowed)}
    return {name: text for name, text in found.items() if text}


def _distinct(events: list[Event]) -> Iterable[Event]:
    """The same event twice is one. Two under one id that say something else are two, which the store tells apart."""
    found: dict[tuple[str, str], Event] = {}
    for event in events:
        found.setdefault((event.event_id, event.digest), event)
    return found.values()
