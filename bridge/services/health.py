"""What /readyz says: whether this process takes requests, and with which rules."""

from typing import Any

from bridge.errors import StoreUnavailable
from bridge.mapping.diagnostics import concise
from bridge.services.rulesets import Active
from bridge.store import Database, views


def ready(
    database: Database, active: Active, min_free: int
) -> tuple[int, dict[str, Any]]:
    """HTTP status and report. A bad mapping folder degrades; what makes receivers answer 503 is unready."""
    report: dict[str, Any] = {
        "status": "degraded" if active.degraded else "ok",
        "ruleset": active.ruleset.hash,
        "errors": [concise(error) for error in active.errors],
    }
    try:
        with database.read() as connection:
            report["unrouted"] = views.count_unrouted(connection)
            report["parked"] = [row["name"] for row in views.parked(connection)]
        database.require_room(min_free)
    except StoreUnavailable as error:
        return 503, {**report, "status": "unavailable", "reason": str(error)}
    return 200, report
