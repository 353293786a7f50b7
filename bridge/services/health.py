"""What /readyz and /metrics say beyond this process's own counters."""

from typing import Any

from bridge.errors import StoreUnavailable
from bridge.mapping.diagnostics import concise
from bridge.services.rulesets import Active
from bridge.store import Database, views


def ready(database: Database, active: Active) -> tuple[int, dict[str, Any]]:
    """HTTP status and report. A bad mapping folder degrades, only a store that cannot be read is unready."""
    report: dict[str, Any] = {
        "status": "degraded" if active.degraded else "ok",
        "ruleset": active.ruleset.hash,
        "errors": [concise(error) for error in active.errors],
    }
    try:
        with database.read() as connection:
            report["unrouted"] = views.count_unrouted(connection)
            report["parked"] = [row["name"] for row in views.parked(connection)]
    except StoreUnavailable:
        return 503, {**report, "status": "unavailable"}
    return 200, report


def gauges(database: Database) -> bytes:
    """The store's numbers in Prometheus's text format: they are the same whichever process is asked.

    A store that cannot be read gives none: the processes' own counters are worth showing then, too.
    """
    try:
        with database.read() as connection:
            unrouted = views.count_unrouted(connection)
            counts = views.count_deliveries(connection)
            parked = views.parked(connection)
    except StoreUnavailable:
        return b""
    lines = [
        "# TYPE bridge_events_unrouted gauge",
        f"bridge_events_unrouted {unrouted}",
    ]
    lines.append("# TYPE bridge_deliveries gauge")
    for (name, state), count in sorted(counts.items()):
        lines.append(
            f'bridge_deliveries{{connection="{_label(name)}",state="{state}"}} {count}'
        )
    lines.append("# TYPE bridge_connection_parked gauge")
    lines += [
        f'bridge_connection_parked{{connection="{_label(row["name"])}"}} 1'
        for row in parked
    ]
    return ("\n".join(lines) + "\n").encode()


def _label(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
