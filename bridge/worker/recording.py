"""Recording what an attempt came to, whatever the store does meanwhile: the call was made, so it must not be forgotten.

What cannot be recorded is an unknown outcome to whoever takes the delivery over, and may be sent a second time.
"""

from collections.abc import Sequence
from dataclasses import replace

import gevent

from bridge import log
from bridge.errors import StoreUnavailable
from bridge.store import Database, Session, Together, attempts, clock
from bridge.store.attempts import After, Attempt, Made
from bridge.store.leases import Claimed
from bridge.worker.insisting import insist, is_away

CODE = "not_recorded"
_AGAIN = 0.5  # seconds between tries while the store is away

_log = log.get("worker")


def record(
    database: Database, item: Claimed, made: Attempt, after: After
) -> After | None:
    """What became of the delivery; None when its lease was lost. Waits for a store that is away."""
    recorded = _stored(database, item, made, after)
    if recorded and recorded.parks:
        name = item.connection.name
        _log.error("connection parked", connection=name, reason=recorded.reason)
    message = "attempt recorded" if recorded else "attempt not recorded: lease lost"
    _log.info(
        message,
        delivery_id=item.id,
        event_id=item.event,
        rule=item.rule,
        connection=item.connection.name,
        status=made.status,
        verdict=made.verdict,
        code=made.code,
        state=(recorded or after).state,
    )
    return recorded


def _stored(
    database: Database, item: Claimed, made: Attempt, after: After
) -> After | None:
    """Records it as it is; what the store does not take becomes a dead letter that says what came of the call."""
    try:
        return _waited(database, item, made, after)
    except Exception as error:
        _log.error(
            "attempt not taken by the store", delivery_id=item.id, error=_told(error)
        )
        return _waited(database, item, *_unrecorded(made, _told(error)))


def _waited(
    database: Database, item: Claimed, made: Attempt, after: After
) -> After | None:
    """Records it once the store is there. Raises what the store has against it."""
    write = Together(_finish, (item, made, after))
    while True:
        try:
            return insist(database, lambda: database.write(write))
        except StoreUnavailable as error:
            if not is_away(error):
                raise
            reason = str(error)
            _log.error("attempt not recorded yet", delivery_id=item.id, error=reason)
            gevent.sleep(_AGAIN)


def _unrecorded(made: Attempt, why: str) -> tuple[Attempt, After]:
    """The same without anything that a vendor chose."""
    said = "no answer" if made.status is None else f"HTTP {made.status}"
    reason = (
        f"the call was made ({said}, {made.verdict}) and could not be recorded ({why}):"
        " look at the ticket before you send it again"
    )
    plain = replace(made, code=CODE, reason=reason, reply=None)
    return plain, After(state="dead", code=CODE, reason=reason)


def _told(error: Exception) -> str:
    known = isinstance(error, StoreUnavailable)
    return str(error) if known else type(error).__name__


def _finish(connection: Session, made: Sequence[Made]) -> list[After | None]:
    """What ended while a commit ran is recorded by the next one."""
    return attempts.finish_all(connection, made, clock(connection))
