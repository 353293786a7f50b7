"""Recording what an attempt came to, whatever the store does meanwhile: the call was made, so it must not be forgotten.

What cannot be recorded is an unknown outcome to whoever takes the delivery over, and may be sent a second time.
"""

from collections.abc import Sequence

import gevent

from bridge import log
from bridge.errors import StoreRefused, StoreUnavailable
from bridge.store import Database, Session, Together, attempts, clock
from bridge.store.attempts import After, Attempt, Made
from bridge.store.leases import Claimed

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
    while True:
        try:
            return database.write(Together(_finish, (item, made, after)))
        except StoreRefused:
            raise
        except StoreUnavailable as error:
            reason = str(error)
            _log.error("attempt not recorded yet", delivery_id=item.id, error=reason)
            gevent.sleep(_AGAIN)


def _finish(connection: Session, made: Sequence[Made]) -> list[After | None]:
    """What ended while a commit ran is recorded by the next one."""
    return attempts.finish_all(connection, made, clock(connection))
