"""Which event of the store a person means: our number for it, or the id that its sender gave it."""

from bridge.errors import ConfigurationError
from bridge.store import Database, events
from bridge.store.events import StoredEvent


def named(
    database: Database, name: str, source: str | None = None
) -> StoredEvent | None:
    """The event of this name, of one source where it is given; None where there is none.

    Our own number wins: it is what every command shows and takes. Raises ConfigurationError when several senders have
    an event of this id.
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
            f"several senders have an event {name}: use its number: {numbers}"
        )
    return events_of[0] if events_of else None


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal() and len(name) < 19  # a column's limit
