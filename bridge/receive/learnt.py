"""Secrets that senders told: read from the store, opened, and kept when they are told for the first time.

The first who tells one is believed; after that a person has to let another one in (`bridge relearn`).
"""

import time
from collections.abc import Callable
from functools import partial

from bridge.errors import ConfigurationError, NotVerified
from bridge.model import SecretRef
from bridge.sealing import Sealing
from bridge.secret import Secret
from bridge.store import Database, learnt

KNOWN, UNKNOWN = 5.0, 0.5  # seconds for which a look at the store is good
_TIMEOUT = 2.0  # seconds that keeping one may take


class Learnt:
    """Those of one process."""

    def __init__(
        self,
        database: Database,
        secret_key: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._key, self._clock = database, secret_key, clock
        self._seen: dict[str, tuple[float, Secret | None]] = {}

    def get(self, reference: SecretRef) -> Secret | None:
        """The secret, None while none was told. Raises ConfigurationError for the key, and StoreUnavailable."""
        until, secret = self._seen.get(reference.name, (0.0, None))
        if self._clock() >= until:
            secret = self._look(reference.name)
            good = KNOWN if secret else UNKNOWN
            self._seen[reference.name] = self._clock() + good, secret
        return secret

    def keep(self, reference: SecretRef, told: Secret) -> None:
        """Keeps what was told; the same again is well. Raises NotVerified where there is another one."""
        name = learnt.name_of(reference.name)
        sealed = Sealing(self._key).seal(told.reveal(), name)
        kept = self._database.write(
            partial(learnt.keep, name=name, sealed=sealed), _TIMEOUT
        )
        if not kept and self._look(reference.name) != told:
            message = f"{reference} was already learnt: run `bridge relearn` to accept a new one"
            raise NotVerified(message, reason="learnt_before")
        self._seen.pop(reference.name, None)

    def _look(self, name: str) -> Secret | None:
        kept = learnt.name_of(name)
        with self._database.read() as tx:
            told = learnt.load(tx, kept)
        sealing = Sealing(self._key)
        if told.sealed is None:
            return None
        try:
            return Secret(sealing.open(told.sealed, kept))
        except ConfigurationError:
            if told.version:
                raise
            return (
                None  # a person let another one in: under a new key the old one is lost
            )
