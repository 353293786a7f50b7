"""Does what people planned and started in bulk, beside a worker: item by item, at the rate that they chose.

Each item is marked in the transaction that acts on it, so a worker that is killed has done it completely or not at
all, and two workers do nothing twice.
"""

import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from bridge import log
from bridge.errors import StoreUnavailable
from bridge.greenlets import patched
from bridge.services import steer
from bridge.services.acts import Done
from bridge.services.bulk_looks import Looker, look_through
from bridge.services.parts import Parts
from bridge.services.veiling import veiled_text
from bridge.store import Database, Transaction, bulk, clock
from bridge.store.audit import By

# Seconds between looks for something to do.
EVERY = 1.0
# Seconds of work before others get their turn.
SLICE = 1.0
LEASE = timedelta(seconds=30)

_log = log.get("bulk")

T = TypeVar("T")


class _Stopped(Exception):
    """The item is not ours to do any more: paused, cancelled, or another worker has it."""


class _Marking(Database):
    """The same store, whose writes also mark an item as done in their transaction."""

    def __init__(self, database: Database, item: bulk.Row, owner: str) -> None:
        self.__dict__.update(database.__dict__)
        self._item, self._owner = item, owner

    def write(self, job: Callable[[Transaction], T], timeout: float | None = None) -> T:
        """As Database.write; nothing is written if the item is not ours."""

        def marked(tx: Transaction) -> T:
            if not bulk.take(tx, self._item, self._owner):
                raise _Stopped
            value = job(tx)
            if not value:
                bulk.give_back(tx, self._item)
            return value

        return super().write(marked, timeout)


def start(parts: Parts) -> None:
    """Starts in a greenlet; without gevent, as in a command, it does nothing."""
    if not patched("time"):
        return
    import gevent

    gevent.spawn(_run, parts, gevent.sleep)


def _run(parts: Parts, sleep: Callable[[float], None]) -> None:
    settings = parts.settings
    while True:
        try:
            looker = Looker(
                rules=parts.rules.current(),
                environment=settings.environment,
                max_rendered=settings.max_rendered,
            )
            worked = work_once(parts.database, looker, sleep)
        except StoreUnavailable as error:
            _log.error("bulk acts wait for the store", error=str(error))
            worked = False
        # Whatever this was, the next look is worth a try.
        except Exception as error:
            _log.error("bulk act failed", error=type(error).__name__, exc_info=True)
            worked = False
        if not worked:
            sleep(EVERY)


def work_once(
    database: Database, looker: Looker, sleep: Callable[[float], None]
) -> bool:
    """Works for a while at the oldest bulk act that has something to do; False if there is none."""
    owner = secrets.token_hex(8)

    def claim(tx: Transaction) -> bulk.Row | None:
        now = clock(tx)
        return bulk.claim(tx, owner, now, now + LEASE)

    # Most looks find nothing, and cost no commit.
    with database.read() as tx:
        waits = bulk.waits(tx, clock(tx))
    row = database.write(claim) if waits else None
    if row is None:
        return False
    if row["state"] == "planning":
        _look(database, row, looker, owner)
    else:
        _work(database, row, looker, owner, sleep)
    return True


def _look(database: Database, row: bulk.Row, looker: Looker, owner: str) -> None:
    id = row["id"]
    keep = lambda: _keep(database, id, owner)  # noqa: E731
    if look_through(database, id, looker, keep):
        database.write(lambda tx: bulk.move(tx, id, ("planning",), "planned"))
    database.write(lambda tx: bulk.let_go(tx, id, owner, None))


def _keep(database: Database, id: int, owner: str) -> bool:
    return database.write(lambda tx: bulk.keep(tx, id, owner, clock(tx) + LEASE))


def _work(
    database: Database,
    row: bulk.Row,
    looker: Looker,
    owner: str,
    sleep: Callable[[float], None],
) -> None:
    """Does items for SLICE seconds, or one if the rate allows no more."""
    id, wait = row["id"], row["wait"] / 1_000
    by = By(person=row["person"], reason=_reason(row))
    until, pause = time.monotonic() + SLICE, 0.0
    do = _doer(row, looker, by)
    while True:
        began = time.monotonic()
        with database.read() as tx:
            items = bulk.items(tx, id, ("eligible",), limit=1)
        if not items:
            database.write(lambda tx: _finish(tx, id))
            break
        if not _do(database, items[0], owner, do):
            break
        if wait > SLICE:
            pause = wait
            break
        sleep(max(began + wait - time.monotonic(), 0.0))
        if time.monotonic() >= until:
            break
    # The time also makes several bulk acts take turns.
    rest = timedelta(seconds=pause)
    database.write(lambda tx: bulk.let_go(tx, id, owner, clock(tx) + rest))


def _reason(row: bulk.Row) -> str:
    """The person's reason, and which bulk act it was."""
    return (
        f"{row['reason']} (bulk {row['id']})" if row["reason"] else f"bulk {row['id']}"
    )


def _finish(tx: Transaction, id: int) -> None:
    """Ends the bulk act, unless somebody paused or cancelled it meanwhile."""
    bulk.move(tx, id, ("running",), "finished", ended_at=clock(tx))


Act = Callable[[Database, int], Done]


def _do(database: Database, item: bulk.Row, owner: str, act: Act) -> bool:
    """Does one item and says how it went; False if it is not ours any more."""
    try:
        done = act(_Marking(database, item, owner), item["target"])
    except _Stopped:
        return False
    database.write(
        lambda tx: bulk.tell(tx, item, ok=done.ok, message=veiled_text(done.message))
    )
    return True


def _doer(row: bulk.Row, looker: Looker, by: By) -> Act:
    """Does one item, with the same services as the commands."""
    options: Any = row["options"]
    match row["act"]:
        case "reroute":
            asker = looker.asker

            def reroute(database: Database, id: int) -> Done:
                rerouter = looker.rerouter(database, options, asker)
                return rerouter.send(rerouter.plan(id), by)

            return reroute
        case "replay":

            def replay(database: Database, id: int) -> Done:
                replayer = looker.replayer(database, options)
                return replayer.send(replayer.plan(id), by)

            return replay
        case "release":
            return lambda database, id: steer.release(database, [id], by)[0]
        case "cancel":
            return lambda database, id: steer.cancel(database, [id], by)[0]
        case _:
            return lambda database, id: steer.retry(
                database,
                [id],
                looker.rules,
                looker.environment,
                by,
                max_rendered=looker.max_rendered,
            )[0]
