"""Keeping what is being sent: leases are renewed, lost ones taken over, and lanes that stand still set going again."""

from collections.abc import Callable
from datetime import timedelta

from bridge import log
from bridge.errors import StoreRefused
from bridge.store import Database, Session, burying, clock, lanes, leases
from bridge.store.leases import Claimed
from bridge.worker.recording import record
from bridge.worker.sending import taken_over

LEASE = timedelta(seconds=15)

_log = log.get("worker")


class Keeper:
    """The deliveries that this worker is sending. `owner` gives a new name for each claim."""

    def __init__(self, database: Database, owner: Callable[[], str]) -> None:
        self._database = database
        self._owner = owner
        self.sending: dict[int, Claimed] = {}

    def once(self) -> int:
        """One round; how many deliveries were taken over."""
        self._renew()
        with self._database.read() as connection:
            lost = leases.any_lost(connection, clock(connection))
            stranded = lanes.stranded(connection)
        if stranded:
            self._database.write(lambda connection: lanes.free(connection, stranded))
        return self._take_over() if lost else 0

    def _renew(self) -> None:
        sending = list(self.sending.values())
        if sending:
            self._database.write(
                lambda connection: leases.renew(
                    connection, sending, clock(connection) + LEASE
                )
            )

    def _take_over(self) -> int:
        taken = self._database.write(self._lost)
        for item in taken:
            _log.warning("lease taken over", delivery_id=item.id, event_id=item.event)
            try:
                record(self._database, item, *taken_over(item))
            except Exception as error:  # it must not keep the others from theirs
                self._give_up(item, error)
        return len(taken)

    def _give_up(self, item: Claimed, error: Exception) -> None:
        """Buries what cannot be judged; where not even that can be stored, its lease runs out once more."""
        name = type(error).__name__
        _log.error("lost lease not judged", delivery_id=item.id, error=name)
        why = f"what follows cannot be told ({name})"

        def job(connection: Session) -> bool:
            now = clock(connection)
            return burying.bury(connection, item, "not_judged", why, now, sent=True)

        try:
            self._database.write(job)
        except StoreRefused as refused:
            _log.error("not buried", delivery_id=item.id, error=str(refused))

    def _lost(self, connection: Session) -> tuple[Claimed, ...]:
        now = clock(connection)
        return leases.take_over(connection, self._owner(), now, now + LEASE)
