"""Recording what an attempt came to, whatever the store does meanwhile: the call was made, so it must not be forgotten.

What cannot be recorded is an unknown outcome to whoever takes the delivery over, and may be sent a second time.
"""

from collections.abc import Sequence
from dataclasses import replace

import gevent

from bridge import log
from bridge.conclude import Conclusion
from bridge.errors import StoreUnavailable
from bridge.model import Attempt, Outcome, Reply
from bridge.state import State
from bridge.store import Clock, Database, Together, Transaction, queue
from bridge.store.queue import Claimed, Made
from bridge.worker.insisting import insist, is_away

CODE = "not_recorded"
_AGAIN = 0.5  # seconds between tries while the store is away

_log = log.get("worker")


class Recorder:
    """Records attempts, by the time that `clock` tells."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def record(self, item: Claimed, made: Attempt) -> Conclusion | None:
        """What became of the delivery; None when its lease was lost. Waits for a store that is away."""
        concluded = self._stored(item, made)
        if concluded and concluded.parks:
            name = item.connection.name
            _log.error("connection parked", connection=name, reason=concluded.reason)
        _log.info(
            "attempt recorded" if concluded else "attempt not recorded: lease lost",
            delivery_id=item.id,
            event_id=item.event,
            rule=item.rule,
            connection=item.connection.name,
            status=made.status,
            verdict=made.outcome.verdict.value,
            code=made.outcome.code,
            state=concluded.state if concluded else None,
        )
        return concluded

    def _stored(self, item: Claimed, made: Attempt) -> Conclusion | None:
        """Records it as it is; what the store does not take becomes a dead letter that says what came of the call."""
        try:
            return self._waited(item, made)
        except Exception as error:
            why = _told(error)
            _log.error("attempt not taken by the store", delivery_id=item.id, error=why)
            return self._waited(item, _unrecorded(made, why))

    def _waited(self, item: Claimed, made: Attempt) -> Conclusion | None:
        """Records it once the store is there. Raises what the store has against it."""
        write = Together(self._finish, (item, made))
        while True:
            try:
                return insist(self._database, lambda: self._database.write(write))
            except StoreUnavailable as error:
                if not is_away(error):
                    raise
                _log.error(
                    "attempt not recorded yet", delivery_id=item.id, error=str(error)
                )
                gevent.sleep(_AGAIN)

    def _finish(self, tx: Transaction, made: Sequence[Made]) -> list[Conclusion | None]:
        """What ended while a commit ran is recorded by the next one."""
        return queue.finish_all(tx, made, self._clock(tx))


def _unrecorded(made: Attempt, why: str) -> Attempt:
    """The same without anything that a vendor chose: a dead letter."""
    said = "no answer" if made.status is None else f"HTTP {made.status}"
    verdict, answer = made.outcome.verdict, made.answer
    reason = (
        f"the call was made ({said}, {verdict.value}) and could not be recorded ({why}):"
        " check the ticket before you send it again"
    )
    if isinstance(answer, Reply):
        answer = replace(answer, headers={}, body=b"")
    outcome = Outcome(verdict=verdict, reason=reason, code=CODE, settled=State.DEAD)
    return Attempt(started_at=made.started_at, outcome=outcome, answer=answer)


def _told(error: Exception) -> str:
    known = isinstance(error, StoreUnavailable)
    return str(error) if known else type(error).__name__
