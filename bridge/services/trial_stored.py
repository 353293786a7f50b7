"""An event of the store, for `try`: found by our number or its sender's id, and read as the worker reads it."""

from bridge.errors import ConfigurationError, Refused
from bridge.mapping import Ruleset
from bridge.model import Event
from bridge.store import Database, events
from bridge.store.events import StoredEvent
from bridge.worker.asking import Asker


def stored_event(
    database: Database,
    ruleset: Ruleset,
    name: str,
    *,
    source: str | None,
    environment: str,
) -> Event | None:
    """The event of a number of ours or an id of its sender's; None where the store has none.

    Raises ConfigurationError when it is not clear which one is meant, or when it cannot be read any more.
    """
    found = _named(database, name, source)
    if not found:
        return None
    if len(found) > 1:
        sources = ", ".join(stored.source for stored in found)
        raise ConfigurationError(
            f"several senders have an event {name}: name one with --source: {sources}"
        )
    stored = found[0]
    if stored.source not in ruleset.sources:
        raise ConfigurationError(
            f"event {stored.id} is from '{stored.source}', which no mapping file declares any more"
        )
    try:
        of = ruleset.sources[stored.source]
        return Asker(environment).event(of, stored)
    except Refused as error:
        raise ConfigurationError(
            f"event {stored.id} can no longer be read: {error}"
        ) from None


def _named(
    database: Database, name: str, source: str | None
) -> tuple[StoredEvent, ...]:
    """Our own number wins: it is what every other command shows and takes."""
    with database.read() as connection:
        own = events.load(connection, int(name)) if _is_number(name) else None
        if own and source in (None, own.source):
            return (own,)
        found = events.named(connection, name)
    return tuple(stored for stored in found if source in (None, stored.source))


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal() and len(name) < 19  # a column's limit
