"""PostgreSQL as the bridge uses it: how sessions are set up, and how workers hear that there is something to do."""

import time
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError

from bridge.greenlets import patched

AGAIN = 1.0  # seconds between attempts to listen; workers look at the tables anyway

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
_WRITING = (  # an administrator's default must not make a 2xx a guess
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'"
)
_READING = "SET default_transaction_read_only = on"
_CHANNEL = "'bridge ' || current_schema()"  # bridges in other schemas stay asleep


def postgres_engine(url: Any, options: dict[str, Any], *, writes: bool) -> Engine:
    """An engine whose connections are tried before they are used: the server may have been restarted."""
    link = {name: value for name, value in _LINK.items() if name not in url.query}
    engine = create_engine(url, pool_pre_ping=True, connect_args=link, **options)
    statements = (*_SESSION, _WRITING if writes else _READING)
    if writes and patched("select"):
        event.listen(engine, "do_connect", _connect_blocking)

    def on_connect(connection: Any, _: Any) -> None:
        for statement in statements:
            connection.execute(statement)
        connection.commit()

    event.listen(engine, "connect", on_connect)
    return engine


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


def announce(connection: Connection) -> None:
    """Wakes those who listen when this transaction is committed."""
    connection.execute(text(f"SELECT pg_notify({_CHANNEL}, '')"))


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
        connection = self._engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        )
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
