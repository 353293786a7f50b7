"""Turns a recorded payload into another event, for `bridge send`: with changed values, or a new id.

Changes the body before it is signed. Sends nothing.
"""

from collections.abc import Iterator, Mapping

from bridge import providers
from bridge.errors import ConfigurationError, Malformed, Refused
from bridge.mapping import CannotPatch, patched
from bridge.model import Json, Request
from bridge.providers import Provider
from bridge.providers.placing import put, with_body
from bridge.providers.source import Source, Unreadable
from bridge.providers.view import View
from bridge.strict import json
from bridge.strict.paths import change, change_each, dig


def altered(
    provider: Provider, request: Request, changes: Mapping[str, str]
) -> Request:
    """The request with `changes` (path in the event → text), in every event of a batch. Raises ConfigurationError."""
    if not changes:
        return request
    try:
        form = View(request, content=provider.event.content).kind == "form"
        values = {
            f"event.{path}": _value(text, form=form) for path, text in changes.items()
        }
        return patched(request, provider, values)
    except CannotPatch as error:
        hint = f": {error.help}" if error.help else ""
        raise ConfigurationError(f"--set cannot change it: {error}{hint}") from None
    except (ValueError, Refused) as error:
        raise ConfigurationError(f"the body cannot be changed: {error}") from None


def renewed(provider: Provider, request: Request, number: int) -> Request:
    """The request as new events: `number` becomes part of the id of each.

    Raises ConfigurationError if the events have no id of their own to change.
    """
    if provider.event.each_delivery:
        # Sending it again already makes a new event.
        return request
    try:
        before = _ids(provider, request)
    except Refused as error:
        raise ConfigurationError(f"--new-id cannot read the event: {error}") from None
    for place in _id_places(provider):
        try:
            changed = _with_number(provider, request, place, number)
        except Refused:
            continue
        except Unreadable as error:
            raise ConfigurationError(f"the body cannot be changed: {error}") from None
        if not before & _ids(provider, changed):
            return changed
    raise ConfigurationError(
        f"this event of {provider.name} has no id of its own, only the hash of its body: change a value with --set"
    )


def _value(text: str, *, form: bool) -> Json:
    """The value of JSON, otherwise the text itself. A form holds only texts; null removes a field."""
    try:
        value = json.loads(text.encode())
    except Malformed:
        return text
    return text if form and value is not None else value


def _ids(provider: Provider, request: Request) -> set[str]:
    events = providers.read(provider, "", providers.trust(request))
    return {event.event_id for event in events}


def _id_places(provider: Provider) -> Iterator[Source]:
    """The places of ids, except those that also hold the type or the time of an event."""
    reading = provider.event
    times = (time.source for time in reading.time)
    others = {place for places in (*reading.type, *times) for place in places}
    for places in reading.id:
        own = (place for place in places if place.kind != "hash")
        yield from (place for place in own if place not in others)


def _with_number(
    provider: Provider, request: Request, place: Source, number: int
) -> Request:
    def new(old: Json) -> Json:
        return old + number if isinstance(old, int) else f"{old}-{number}"

    def renumbered(item: Json) -> Json:
        old = dig(item, place.path)
        return item if old is None else change(item, place.path, new(old))

    view = View(request)
    if place.kind not in ("item", "body"):
        old = view.value((place,))
        return request if old is None else put(request, (place,), str(new(old)))
    items = provider.event.items
    way = items.path if items and place.kind == "item" else ()
    return with_body(request, change_each(view.body, way, renumbered))
