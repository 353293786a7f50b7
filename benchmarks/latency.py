"""How long after it was sent an event's call reaches the vendor, at 100 events a second: stored and routed between."""

import argparse
import itertools
import time

from load import drive
from measure import Figure, report
from rig import bridge, folder, signed_events, vendor

WARM_UP = 100  # events


def main() -> None:
    """Measures, prints and keeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--database", help="instead of a SQLite file: a database URL")
    asked = parser.parse_args()
    environ = {"BRIDGE_DATABASE_URL": asked.database} if asked.database else {}
    with folder() as where, vendor() as calls:
        with bridge(where, BRIDGE_SANDBOX_URL=calls.url, **environ) as server:
            requests = signed_events(f"latency{time.time()}")
            first = itertools.islice(requests, WARM_UP)
            drive(server.port, first, seconds=30, connections=4)
            number = int(asked.rate * asked.seconds)
            ready = list(itertools.islice(requests, number))
            calls.wait_for(WARM_UP, seconds=30)
            calls.calls.clear()
            seconds = asked.seconds + 1
            sent = drive(server.port, iter(ready), seconds=seconds, rate=asked.rate)
            made = calls.wait_for(number, seconds=60)
    late = sorted(at - sent.started - (n - WARM_UP) / asked.rate for n, at in made)
    figures = [
        Figure(f"p{share:g}", 1000 * late[int(len(late) * share / 100)], "ms", 1.0)
        for share in (50, 90, 99)
    ]
    name = "latency_postgres" if asked.database else "latency"
    report(name, f"itself, at {asked.rate:g} events/s", figures)


if __name__ == "__main__":
    main()
