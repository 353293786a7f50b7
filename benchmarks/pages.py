"""How long pages of the console take to be made with 1,000,000 stored events, beside /healthz in the same run."""

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from find import fill, sqlite
from measure import Figure, report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
import faces  # noqa: E402

from bridge.store import migrate  # noqa: E402

PAGES = (
    "/healthz",
    "/console/",
    "/console/events",
    "/console/events?q=source:shop-3",
    "/console/events?q=outcome:error",
    "/console/events?q=since:24h",
    "/console/deliveries",
    "/console/deliveries?q=state:dead",
    "/console/deliveries?q=rule:rare",
    "/console/dead",
    "/console/tickets/t7919",
    "/console/events/{last}",
    "/console/rules",
    "/console/sources",
    "/console/connections",
    "/console/audit",
)


def main() -> None:
    """Measures, prints and keeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    with sqlite() as database, TemporaryDirectory() as folder:
        migrate(database)
        with database.transaction() as tx:
            fill(tx, asked.events, datetime.now(UTC))
        parts = faces.parts(database, Path(folder))
        last = asked.events
        pages = [page.format(last=last) for page in PAGES]
        taken = _measured(faces.signed_in(parts), pages, asked.rounds)
        report("pages", "/healthz", taken)


def _measured(client: "faces.Face", pages: list[str], rounds: int) -> list[Figure]:
    taken: dict[str, list[float]] = {page: [] for page in pages}
    for _ in range(rounds):
        for page in pages:
            began = time.perf_counter()
            status = client.get(page).status_code
            taken[page].append(time.perf_counter() - began)
            assert status == 200, f"{page} was answered {status}"
    yardstick = median(taken["/healthz"])
    return [
        Figure(page, median(times) * 1e3, "ms", median(times) / yardstick)
        for page, times in taken.items()
    ]


if __name__ == "__main__":
    main()
