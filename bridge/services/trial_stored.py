"""An event of the store as the rules see it: read as the worker reads it."""

from bridge.errors import ConfigurationError, Refused
from bridge.mapping import Ruleset
from bridge.model import Event
from bridge.store.events import StoredEvent
from bridge.worker.asking import Asker


def seen(ruleset: Ruleset, stored: StoredEvent, environment: str) -> Event:
    """The event of a stored one. Raises ConfigurationError when it cannot be read any more."""
    if stored.source not in ruleset.sources:
        raise ConfigurationError(
            f"event {stored.id} is from '{stored.source}', which no mapping file declares any more"
        )
    try:
        return Asker(environment).event(ruleset.sources[stored.source], stored)
    except Refused as error:
        raise ConfigurationError(
            f"event {stored.id} can no longer be read: {error}"
        ) from None
