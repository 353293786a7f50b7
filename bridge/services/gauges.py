"""The store's numbers in Prometheus's text format, the same from every process.

metrics.py has the counters that each process keeps for itself. Labels are names from the configuration.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from bridge import processes
from bridge.errors import StoreUnavailable
from bridge.services.rulesets import Active
from bridge.store import Database, Transaction, clock, measures, views

Samples = Iterable[tuple[dict[str, str], float]]


def gauges(database: Database, active: Active) -> bytes:
    """All gauges as text. None of the store's if it cannot be read: the processes' own counters still help then."""
    lines = [*_block(*DEGRADED, [({}, active.degraded)])]
    lines += _block(*DYING, [({}, len(processes.dying()))])
    try:
        with database.read() as tx:
            now = clock(tx)
            for name, (help, measure) in GAUGES.items():
                lines += _block(name, help, measure(tx, now))
    except StoreUnavailable:
        pass
    return ("\n".join(lines) + "\n").encode()


DEGRADED = (
    "bridge_ruleset_degraded",
    "Whether the last good rules are active because the folder has errors",
)

DYING = (
    "bridge_processes_dying",
    "Processes of `bridge serve` that crashed and have not run for a minute since",
)


def _unrouted(tx: Transaction, now: datetime) -> Samples:
    yield {}, views.count_unrouted(tx)


def _oldest_unrouted(tx: Transaction, now: datetime) -> Samples:
    oldest = measures.oldest_unrouted(tx)
    yield {}, _age(oldest or now, now)


def _deliveries(tx: Transaction, now: datetime) -> Samples:
    for (name, state), count in sorted(views.count_deliveries(tx).items()):
        yield {"connection": name, "state": state}, count


def _oldest_waiting(tx: Transaction, now: datetime) -> Samples:
    for name, since in sorted(measures.oldest_waiting(tx).items()):
        yield {"connection": name}, _age(since, now)


def _parked(tx: Transaction, now: datetime) -> Samples:
    for name, (parked, _) in sorted(measures.connection_states(tx).items()):
        yield {"connection": name}, parked


def _breaker(tx: Transaction, now: datetime) -> Samples:
    for name, (_, is_open) in sorted(measures.connection_states(tx).items()):
        yield {"connection": name}, is_open


def _pauses(tx: Transaction, now: datetime) -> Samples:
    yield {}, measures.pauses_in_force(tx)


def _ruleset_age(tx: Transaction, now: datetime) -> Samples:
    since = measures.ruleset_since(tx)
    yield {}, _age(since or now, now)


Measure = Callable[[Transaction, datetime], Samples]
GAUGES: dict[str, tuple[str, Measure]] = {
    "bridge_events_unrouted": ("Events waiting to be routed", _unrouted),
    "bridge_oldest_unrouted_seconds": (
        "Age of the oldest event waiting to be routed",
        _oldest_unrouted,
    ),
    "bridge_deliveries": ("Unfinished deliveries, by state", _deliveries),
    "bridge_oldest_waiting_seconds": (
        "Age of the oldest delivery waiting for a connection",
        _oldest_waiting,
    ),
    "bridge_connection_parked": (
        "Whether a connection is parked because its credentials were refused",
        _parked,
    ),
    "bridge_connection_breaker_open": (
        "Whether a connection fails so often that only probes are sent",
        _breaker,
    ),
    "bridge_pauses": ("Pauses that people made and have not ended", _pauses),
    "bridge_ruleset_age_seconds": (
        "Age of the active ruleset",
        _ruleset_age,
    ),
}


def _block(name: str, help: str, samples: Samples) -> Iterator[str]:
    yield f"# HELP {name} {help}"
    yield f"# TYPE {name} gauge"
    for labels, value in samples:
        said = ",".join(f'{key}="{_label(text)}"' for key, text in labels.items())
        yield f"{name}{{{said}}} {float(value)}" if said else f"{name} {float(value)}"


def _age(since: datetime, now: datetime) -> float:
    return round(max((now - since).total_seconds(), 0.0), 3)


def _label(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
