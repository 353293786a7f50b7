"""An event of the store: which one a person means, by our number or its sender's id, and how the rules see it."""

from bridge.errors import ConfigurationError, Refused
from bridge.mapping import Ruleset
from bridge.model import Event
from bridge.store import Database, events
from bridge.store.events import StoredEvent
from bridge.worker.asking import Asker


def named(
    database: Database, name: str, source: str | None = None
) -> StoredEvent | None:
    """The event with this name, of one source if given; None if there is none.

    The number wins, because every command shows and accepts it. Raises ConfigurationError if several senders have an
    event with this id.
    """
    with database.read() as tx:
        own = events.load(tx, int(name)) if _is_number(name) else None
        if own and source in (None, own.source):
            return own
        events_of = events.named(tx, name)
    events_of = tuple(one for one in events_of if source in (None, one.source))
    if len(events_of) > 1:
        numbers = ", ".join(f"{one.id} from {one.source}" for one in events_of)
        raise ConfigurationError(
            f"several senders have an event {name}: use one of these numbers: {numbers}"
        )
    return events_of[0] if events_of else None


def seen(ruleset: Ruleset, stored: StoredEvent, environment: str) -> Event:
    """A stored event, read as the worker reads it. Raises ConfigurationError when it cannot be read any more."""
    if stored.source not in ruleset.sources:
        raise ConfigurationError(
            f"event {stored.id} is from source '{stored.source}', which no mapping file declares any longer"
        )
    try:
        return Asker(environment).event(ruleset.sources[stored.source], stored)
    except Refused as error:
        raise ConfigurationError(
            f"event {stored.id} can no longer be read: {error}"
        ) from None


def _is_number(name: str) -> bool:
    # Longer numbers do not fit into the column.
    return name.isascii() and name.isdecimal() and len(name) < 19
