"""Keeping what is being sent: leases are renewed, lost ones taken over, and lanes that stand still set going again."""

from collections.abc import Callable
from datetime import timedelta

from bridge import log
from bridge.store import Clock, Database, Transaction, queue
from bridge.store.queue import Claimed
from bridge.worker.recording import Recorder
from bridge.worker.sending import taken_over

LEASE = timedelta(seconds=15)

_log = log.get("worker")


class Keeper:
    """The deliveries that this worker is sending. `owner` gives a new name for each claim."""

    def __init__(
        self,
        database: Database,
        owner: Callable[[], str],
        recorder: Recorder,
        clock: Clock,
    ) -> None:
        self._database, self._clock = database, clock
        self._owner, self._recorder = owner, recorder
        self.sending: dict[int, Claimed] = {}

    def once(self) -> int:
        """One round; how many deliveries were taken over."""
        self._renew()
        with self._database.read() as tx:
            lost = queue.any_lost(tx, self._clock(tx))
            stranded = queue.stranded(tx)
        if stranded:
            self._database.write(lambda tx: queue.free(tx, stranded))
        return self._take_over() if lost else 0

    def _renew(self) -> None:
        sending = list(self.sending.values())
        if sending:
            self._database.write(
                lambda tx: queue.renew(tx, sending, self._clock(tx) + LEASE)
            )

    def _take_over(self) -> int:
        taken = self._database.write(self._lost)
        for item in taken:
            _log.warning("lease taken over", delivery_id=item.id, event_id=item.event)
            try:
                self._recorder.record(item, taken_over(item))
            except Exception as error:
                # It must not keep the others from theirs, and its lease runs out once more.
                name = type(error).__name__
                _log.error("lost lease not judged", delivery_id=item.id, error=name)
        return len(taken)

    def _lost(self, tx: Transaction) -> tuple[Claimed, ...]:
        now = self._clock(tx)
        return queue.take_over(tx, self._owner(), now, now + LEASE)
