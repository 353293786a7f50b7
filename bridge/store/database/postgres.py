"""PostgreSQL: how sessions are set up, and how workers hear that there is work."""

import logging
import time
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import InvalidatePoolError, SQLAlchemyError

from bridge.errors import StoreUnavailable
from bridge.greenlets import patched
from bridge.store.database import prepared
from bridge.store.database.transaction import Transaction

AGAIN = 1.0  # seconds between attempts to listen; workers look at the tables anyway
LONGEST = "30s"  # that a transaction takes
IDLE = 1.0  # seconds after which a connection is tried before it is used: the server may have been restarted

# A host that vanishes without a word is noticed in seconds, where the URL says nothing else.
_LINK = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}
# A process that is stopped inside a transaction would keep its row locks from everyone, on every host.
_SESSION = (
    "SET idle_in_transaction_session_timeout = '10s'",
    "SET lock_timeout = '10s'",
)
_WRITING = (
    # An administrator's default must not make a 2xx a guess.
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'",
    # A process that is stopped between the statements of a pipeline is not idle to the server, which has this since 17.
    "SELECT set_config('transaction_timeout', '{longest}', false)"
    " WHERE current_setting('transaction_timeout', true) = '0'",
)
_AS_LONG_AS_IT_TAKES = (
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SELECT set_config('transaction_timeout', '0', true)"
    " WHERE current_setting('transaction_timeout', true) IS NOT NULL",
)
_READING = "SET default_transaction_read_only = on"
_IN_TRANSACTION = 2  # libpq's PQTRANS_INTRANS: begun, and nothing failed
_CHANNEL = "'bridge ' || current_schema()"  # bridges in other schemas stay asleep


# It would tell of errors that came after another one, with the values of rows.
logging.getLogger("psycopg").setLevel(logging.CRITICAL)


def postgres_engine(url: Any, options: dict[str, Any], *, writes: bool) -> Engine:
    """An engine that sends no BEGIN and no ROLLBACK by itself: each read is a statement, and ours begins each write."""
    link = {name: value for name, value in _LINK.items() if name not in url.query}
    options = {**options, "connect_args": link, "isolation_level": "AUTOCOMMIT"}
    engine = create_engine(url, **options)
    own = [one.format(longest=LONGEST) for one in _WRITING] if writes else [_READING]
    statements = (*_SESSION, *own)
    if writes:
        event.listen(engine, "begin", _begin)
    event.listen(engine, "checkin", _note)
    event.listen(engine, "checkout", _try)
    if writes and patched("select"):
        event.listen(engine, "do_connect", _connect_blocking)

    def on_connect(connection: Any, _: Any) -> None:
        for statement in statements:
            connection.execute(statement)
        connection.commit()

    event.listen(engine, "connect", on_connect)
    return engine


def _begin(tx: Transaction) -> None:
    """Begins, and asks what time it is: dialect.clock."""
    cursor = prepared.script(tx, "BEGIN; SELECT clock_timestamp()")
    cursor.nextset()
    tx.info["begun_at"] = cursor.fetchone()[0]


def commit(tx: Transaction) -> None:
    """Commits, and wakes those who listen. SQLAlchemy's own commit finds nothing left to do."""
    prepared.script(tx, f"SELECT pg_notify({_CHANNEL}, ''); COMMIT")


def unhurried(tx: Transaction) -> None:
    """Lets this transaction take as long as it takes: it changes or copies a whole store."""
    for statement in _AS_LONG_AS_IT_TAKES:
        tx.execute(text(statement))


def require_whole(tx: Transaction) -> None:
    """Raises StoreUnavailable when a statement failed, or ended the transaction.

    The server would take COMMIT for ROLLBACK, or for nothing to do, without a word that a caller hears.
    """
    raw: Any = tx.connection.driver_connection
    if raw.pgconn.transaction_status != _IN_TRANSACTION:
        raise StoreUnavailable("the transaction failed; nothing of it counts")


def _note(_: Any, record: Any) -> None:
    record.info["used_at"] = time.monotonic()


def _try(raw: Any, record: Any, _: Any) -> None:
    """Asks a server that said nothing for a while whether it is still there."""
    if time.monotonic() - record.info.get("used_at", time.monotonic()) < IDLE:
        return
    try:
        raw.execute("")
    except Exception:  # whatever it is, a new connection is made
        raise InvalidatePoolError() from None


def _connect_blocking(dialect: Any, _: Any, args: Any, options: Any) -> Any:
    """A connection that waits for the server in C, which stops its own thread alone: the writer has one to itself.

    Under gevent the driver would run an event loop in that thread for each answer (measured: twice the time of a
    statement, and twice the processor time).
    """
    psycopg = dialect.loaded_dbapi
    wait = getattr(psycopg.waiting, "wait_c", None) or psycopg.waiting.wait

    class Blocking(psycopg.Connection):  # type: ignore[misc,name-defined]
        def wait(
            self, gen: Any, interval: float = 0.1, timeout: float | None = None
        ) -> Any:
            socket = self.pgconn.socket
            return wait(gen, socket, interval=interval, timeout=timeout)

    return Blocking.connect(*args, **options)


class Listener:
    """Hears what is announced. A hint: while it cannot listen it says that there may be something, now and then."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._tried = float("-inf")

    def changed(self) -> bool:
        """Whether something was announced since the last call; does not wait for it."""
        try:
            if self._connection is None:
                return self._listen()
            raw: Any = self._connection.connection.dbapi_connection
            return any([True for _ in raw.notifies(timeout=0)])
        except Exception:  # the driver's own errors among them
            self.close()
            return True

    def fileno(self) -> int | None:
        """Readable when `changed` may say something else; None while it does not listen."""
        if self._connection is None:
            return None
        raw: Any = self._connection.connection.dbapi_connection
        return None if raw.closed else int(raw.fileno())

    def _listen(self) -> bool:
        """Begins to; True, since what was announced before was not heard."""
        now = time.monotonic()
        if now - self._tried < AGAIN:
            return False
        self._tried = now
        connection = self._engine.connect()
        connection.detach()  # its session is nobody else's
        channel = connection.execute(text(f"SELECT quote_ident({_CHANNEL})")).scalar()
        connection.execute(text(f"LISTEN {channel}"))
        self._connection = connection
        return True

    def close(self) -> None:
        """Stops listening; the next look begins again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):  # it may be gone already
                connection.close()
