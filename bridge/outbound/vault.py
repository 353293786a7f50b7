"""What token endpoints gave for refresh tokens, in the store and sealed: read, leased and replaced.

Nothing that was given is used before it is in the store. While the store is away it waits here, and goes in first.
"""

import hashlib
import time
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from bridge.errors import StoreUnavailable
from bridge.outbound.target import ClientCredentials
from bridge.sealing import Sealing
from bridge.store import Database, Transaction, clock, grants
from bridge.store.grants import Kept
from bridge.strict import json

LEASE = timedelta(seconds=60)  # longer than any call takes
AGAIN = 0.2  # seconds between two looks at a store that is away, or at what another worker does


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What a client holds. `until` is in seconds since 1970: tokens are not used in their last minute, so the clocks of
    hosts may differ a little.
    """

    refresh: str = field(repr=False)
    access: str = field(default="", repr=False)
    until: int = 0

    def lasts(self) -> float:
        """Seconds of the access token that are left."""
        return self.until - time.time()


class Vault:
    """The refresh tokens of a bridge. Raises StoreUnavailable, and ConfigurationError for the key."""

    def __init__(self, database: Database, secret_key: str) -> None:
        self._database, self._secret_key = database, secret_key
        self._waiting: dict[str, tuple[int, bytes]] = {}  # version and text, by name

    def look(self, client: ClientCredentials) -> tuple[Held, int]:
        """What a client holds, and which version that is: at first the refresh token of its mapping file, and 0."""
        name, sealing = name_of(client), Sealing(self._secret_key)
        self._put(name)
        with self._database.read() as tx:
            kept = grants.load(tx, name)
        if kept.sealed is None:
            return Held(refresh=client.refresh_token), kept.version
        parts = json.loads(sealing.open(kept.sealed, name).encode())
        assert isinstance(parts, dict)
        return Held(**parts), kept.version  # type: ignore[arg-type]

    def begin(self, client: ClientCredentials, owner: str) -> Kept | None:
        """Takes the lease; None while another worker has it."""
        name = name_of(client)
        return self._database.write(
            lambda tx: grants.begin(tx, name, owner, clock(tx), LEASE)
        )

    def end(
        self, client: ClientCredentials, owner: str, begun: Kept, *, known: bool
    ) -> None:
        """Gives the lease back; `known`: nothing was given this time, and that is certain."""
        name = name_of(client)

        def end(tx: Transaction) -> None:
            since = begun.asked_at or (None if known else clock(tx))
            grants.end(tx, name, owner, since)

        self._database.write(end)

    def keep(
        self, client: ClientCredentials, version: int, held: Held, deadline: float
    ) -> None:
        """Puts it in the place of `version`, and comes back when it is there."""
        name = name_of(client)
        text = json.dumps(asdict(held)).decode()
        self._waiting[name] = version, Sealing(self._secret_key).seal(text, name)
        while True:
            try:
                return self._put(name)
            except StoreUnavailable:
                if time.monotonic() + AGAIN >= deadline:
                    raise
                time.sleep(AGAIN)

    def _put(self, name: str) -> None:
        """Stores what waits. Where something newer is there already, that is what counts."""
        if name not in self._waiting:
            return
        version, sealed = self._waiting[name]
        self._database.write(lambda tx: grants.keep(tx, name, version, sealed))
        del self._waiting[name]


def name_of(client: ClientCredentials) -> str:
    """Under what a client's tokens are kept. Another refresh token in its mapping file is a fresh start."""
    who = [client.token_url, client.client_id, client.refresh_token]
    return hashlib.sha256(json.dumps(who)).hexdigest()
