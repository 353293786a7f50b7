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
        found = events.named(tx, name)
    found = tuple(one for one in found if source in (None, one.source))
    if len(found) > 1:
        numbers = ", ".join(f"{one.id} from {one.source}" for one in found)
        raise ConfigurationError(
            f"several senders have an event {name}: use its number: {numbers}"
        )
    return found[0] if found else None


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal() and len(name) < 19  # a column's limit
