"""Events out of a verified request: which happened, when, and what the rules may see of them.

Takes a Verified only: a guess cannot be read. Two deliveries of one occurrence give the same id and the same digest.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import islice

from bridge.errors import Malformed, TooLarge
from bridge.model import Event, Json, Request, Verified
from bridge.providers.mask import masked_item
from bridge.providers.recipe import Live, Provider, Reading
from bridge.providers.source import Source, Unreadable, change, dig, elements, written
from bridge.providers.times import instant
from bridge.providers.unwrap import unwrapped
from bridge.providers.view import View

MAX_ITEMS = 1_000

_MAX_TEXT = 200  # characters of an id or type: what a table column and a log line hold


def read(provider: Provider, source: str, verified: Verified) -> tuple[Event, ...]:
    """The events of one request, ids distinct, in the order of the body; `source` is the configured sender's name.

    Raises Malformed, UnsupportedType or TooLarge (a batch of over 1,000).
    """
    reading = provider.event
    view = View(verified.request, content=reading.content)
    try:
        body = unwrapped(view, reading.unwrap) if reading.unwrap else view.body
        items = _items(body, reading)
        events = [
            _event(view, reading, item, source, position)
            for position, item in enumerate(items)
        ]
    except Unreadable as error:
        raise Malformed(f"the event cannot be read: {error}") from None
    return tuple(_distinct(events))


def _items(body: Json, reading: Reading) -> list[Json]:
    """The elements of a batch, or the body itself where there is none."""
    if reading.items is None:
        return [body]
    parts = (
        part
        for item in elements(body, reading.items.path)
        for part in _parts(item, reading.each)
    )
    found = list(islice(parts, MAX_ITEMS + 1))  # the others are not even made
    if len(found) > MAX_ITEMS:
        raise TooLarge(f"the batch has over {MAX_ITEMS} events", reason="batch_size")
    if not all(isinstance(item, dict) for item in found):
        raise Malformed("the batch has an element that is no object", reason="batch")
    return found


def _parts(item: Json, lists: tuple[Source, ...]) -> Iterator[Json]:
    """The item once for each element of these lists in it, alone with what stands around them; else as it is."""
    whole = True
    for source in lists:
        held = dig(item, source.path)
        for one in held if isinstance(held, list) else ():
            whole, alone = False, item
            for other in lists:
                alone = change(alone, other.path, [one] if other is source else None)
            yield alone
    if whole:
        yield item


def _event(
    view: View, reading: Reading, item: Json, source: str, position: int
) -> Event:
    payload = masked_item(item, reading.secret_paths)
    digest = _digest(payload, reading.volatile)  # the same when the kept one is read
    return Event(
        source=source,
        event_id=_id(view, reading, item) or f"sha256:{digest}",
        type=_type(view, reading, item) or "unknown",
        occurred_at=instant(view.value(reading.time, item)),
        received_at=view.request.received_at,
        payload=payload,
        headers=_headers(view.request, reading.headers),
        item=None if reading.items is None else position,
        live=_live(view, reading.live, item),
        digest=digest,
    )


def _id(view: View, reading: Reading, item: Json) -> str | None:
    """The parts joined; None when one is absent, for half an id could name two occurrences."""
    parts = [_text(view.value(places, item)) for places in reading.id]
    joined = ":".join(part or "" for part in parts)
    return joined if parts and all(parts) and len(joined) <= _MAX_TEXT else None


def _live(view: View, mark: Live | None, item: Json) -> bool:
    """Whether it happened for real, as also where nothing is said. A flag may be written as 0 or 1."""
    if mark is None:
        return True
    value = view.value(mark.source, item)
    said = (written(value), written(bool(value)) if value in (0, 1) else "")
    return mark.unless not in said


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


def _digest(item: Json, volatile: Iterable[Source]) -> str:
    """SHA-256 in hex of the item's canonical JSON without what differs between retries."""
    for source in volatile:
        item = change(item, source.path, None)
    return hashlib.sha256(_CANONICAL.encode(item).encode("ascii")).hexdigest()


def _tagged(number: Decimal) -> dict[str, str]:
    """A Decimal digit by digit: a double would make two numbers one."""
    return {"decimal": str(number)}


# Made once: json.dumps with options makes an encoder for each text.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_tagged)


def _headers(request: Request, allowed: Iterable[str]) -> dict[str, str]:
    found = {name: ", ".join(request.values(name)) for name in sorted(allowed)}
    return {name: text for name, text in found.items() if text}


def _distinct(events: list[Event]) -> Iterable[Event]:
    """The same event twice is one event; two events under one id are told apart by what they say."""
    digests: dict[str, set[str]] = defaultdict(set)
    for event in events:
        digests[event.event_id].add(event.digest)
    seen: set[str] = set()
    for event in events:
        if len(digests[event.event_id]) > 1:
            event = replace(event, event_id=f"{event.event_id}:{event.digest[:16]}")
        if event.event_id not in seen:
            seen.add(event.event_id)
            yield event
