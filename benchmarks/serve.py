"""What `bridge serve` takes from a machine: processor time at rest, memory at the start and after many events.

Memory is that of all its processes with what they share counted once (PSS).
"""

import argparse
import itertools
import time

from load import drive
from measure import Figure, report
from rig import bridge, folder, signed_events, vendor

SETTLED = 3.0  # seconds after the start


def main() -> None:
    """Measures, prints and keeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5_000)
    parser.add_argument("--idle", type=float, default=10.0, help="seconds")
    asked = parser.parse_args()
    with folder() as where, vendor() as calls:
        with bridge(where, BRIDGE_SANDBOX_URL=calls.url) as server:
            time.sleep(SETTLED)
            before = server.processor_seconds()
            time.sleep(asked.idle)
            idle = 100 * (server.processor_seconds() - before) / asked.idle
            memory = []
            requests = signed_events("serve")
            for count in (asked.events // 10, asked.events - asked.events // 10):
                calls.calls.clear()
                events = itertools.islice(requests, count)
                answers = drive(server.port, events, seconds=600, connections=8)
                calls.wait_for(answers.statuses[202], seconds=600)
                memory.append(server.megabytes())
    first, last = memory
    figures = [
        Figure("processor at rest", idle, "%", 1.0),
        Figure(f"memory after {asked.events // 10:,} events", first, "MB", 1.0),
        Figure(f"memory after {asked.events:,} events", last, "MB", last / first),
    ]
    report("serve", "the first memory figure", figures)


if __name__ == "__main__":
    main()
