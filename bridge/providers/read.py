"""Events out of a verified request: which happened, when, and what the rules may see of them.

Takes a Verified only: a guess cannot be read. Two deliveries of one occurrence give the same id and the same digest.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice

from bridge.errors import Malformed, TooLarge
from bridge.model import Event, Json, Request, Verified
from bridge.providers.digest import Part, around, shared, whole
from bridge.providers.recipe import Live, Provider, Reading
from bridge.providers.source import Source, Unreadable, change, dig, elements, written
from bridge.providers.times import instant
from bridge.providers.unwrap import unwrapped
from bridge.providers.view import View

MAX_ITEMS = 1_000
MAX_REPEATED = 200_000

# Times and URLs hold colons of their own; they are known by what stands before the first one.
_BEGIN = r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2})|https?"
_BEGINS = re.compile(_BEGIN)
_WHOLE = re.compile(
    rf"(?:{_BEGIN}):(?(time)[0-9]{{2}}:[0-9]{{2}}(\.[0-9]+)?(Z|[+-][0-9]{{2}}:[0-9]{{2}})|//[^:]*)"
)
_MAX_TEXT = 200  # characters of an id or type: what a table column and a log line hold


def read(provider: Provider, source: str, verified: Verified) -> tuple[Event, ...]:
    """The events of one request, ids distinct, in the order of the body; `source` is the configured sender's name.

    Raises Malformed, UnsupportedType or TooLarge (a batch of over 1,000).
    """
    reading = provider.event
    view = View(verified.request, content=reading.content)
    try:
        body = unwrapped(view, reading.unwrap) if reading.unwrap else view.body
        headers = _headers(view.request, reading.headers)
        events = [
            _event(view, reading, part, source, position, headers)
            for position, part in enumerate(_parts(body, reading))
        ]
    except Unreadable as error:
        raise Malformed(f"the event cannot be read: {error}") from None
    return tuple(_distinct(events))


def _parts(body: Json, reading: Reading) -> list[Part]:
    """The events of a batch, or the body itself where there is none."""
    if reading.items is None:
        return [whole(body, reading)]
    items = elements(body, reading.items.path)
    if not all(isinstance(item, dict) for item in items):
        raise Malformed("the batch has an element that is no object", reason="batch")
    if sum(_repeated(item, reading) for item in items) > MAX_REPEATED:
        message = f"the events of the batch repeat over {MAX_REPEATED} keys around them"
        raise TooLarge(message, reason="batch_size")
    made = (part for item in items for part in _split(item, reading))
    found = list(islice(made, MAX_ITEMS + 1))  # the others are not even made
    if len(found) > MAX_ITEMS:
        raise TooLarge(f"the batch has over {MAX_ITEMS} events", reason="batch_size")
    return found


def _split(item: Json, reading: Reading) -> Iterator[Part]:
    """The item once for each element of its lists, alone with what stands around them; else as it is."""
    held = [(source, one) for source in reading.each for one in _list(item, source)]
    if not held:
        yield whole(item, reading)
        return
    about = around(item, reading)
    for source, one in held:
        alone = item
        for other in reading.each:
            alone = change(alone, other.path, [one] if other is source else None)
        yield shared(alone, source.path, [one], about, reading)


def _repeated(item: Json, reading: Reading) -> int:
    """How many keys stand around the parts of an item, counted for each of them: so many are copied."""
    if not reading.each:
        return 0
    ways = {way.path[:end] for way in reading.each for end in range(len(way.path))}
    held = [dig(item, way) for way in ways]
    keys = sum(len(one) for one in held if isinstance(one, dict | list))
    return keys * sum(len(_list(item, source)) for source in reading.each)


def _list(item: Json, source: Source) -> list[Json]:
    found = dig(item, source.path)
    return found if isinstance(found, list) else []


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
    return Event(
        source=source,
        event_id=_id(view, reading, payload) or f"sha256:{digest}",
        type=_type(view, reading, payload) or "unknown",
        occurred_at=_time(view, reading, payload),
        received_at=view.request.received_at,
        payload=payload,
        headers=headers,
        item=None if reading.items is None else position,
        live=_live(view, reading.live, payload),
        digest=digest,
    )


def _id(view: View, reading: Reading, item: Json) -> str | None:
    """The parts joined; None when one is absent, for half an id could name two occurrences."""
    found = [_text(view.value(places, item)) for places in reading.id]
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
        if all(view.value(places, item) == text for places, text in time.when):
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
