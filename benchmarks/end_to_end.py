"""How many events a second go all the way: taken in, stored, routed, delivered to a local vendor, recorded.

The bridge keeps everything in SQLite; Node-RED does webhook, function and HTTP request in the same run and keeps
nothing. All of it, the generator and the vendor share the machine. Time counts from the first request to the last call.
"""

import argparse
import itertools
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from load import drive
from measure import Figure, report
from node_red import node_red, version
from rig import Server, Vendor, bridge, folder, signed_events, vendor

WARM_UP = 200  # events


def main() -> None:
    """Measures, prints and keeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=4_000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--node-red", type=Path, help="a folder that npm may fill")
    asked = parser.parse_args()
    found = []
    with TemporaryDirectory() as name:
        place = asked.node_red or Path(name)
        place.mkdir(exist_ok=True)
        if theirs := version(place):
            with vendor() as calls, node_red(place, calls.url) as server:
                found.append((f"Node-RED {theirs}", *_whole(server, calls, asked)))
        else:
            print("npm or Node-RED is not to be had here: the bridge alone")
    with folder() as where, vendor() as calls:
        with bridge(where, BRIDGE_SANDBOX_URL=calls.url) as server:
            found.append(("bridge", *_whole(server, calls, asked)))
    (yardstick, rate, spent), *_ = found
    figures = [Figure(who, n, "events/s", n / rate) for who, n, _ in found]
    figures += [
        Figure(f"{who}, processor time", n * 1e6, "µs", n / spent)
        for who, _, n in found
    ]
    report("end_to_end", yardstick, figures)


def _whole(
    server: Server, calls: Vendor, asked: argparse.Namespace
) -> tuple[float, float]:
    """Events a second from the first request to the last call; processor seconds of each."""
    requests = signed_events("e2e")
    for count in (WARM_UP, asked.events):
        calls.calls.clear()
        ready = iter(list(itertools.islice(requests, count)))
        start, before = time.monotonic(), server.processor_seconds()
        answers = drive(server.port, ready, seconds=120, connections=asked.connections)
        taken = answers.statuses[202]  # 503: a sender would come again
        last = max(at for _, at in calls.wait_for(taken, seconds=120))
    spent = server.processor_seconds() - before
    return taken / (last - start), spent / taken


if __name__ == "__main__":
    main()
