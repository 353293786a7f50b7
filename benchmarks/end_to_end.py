"""How many events a second go all the way: taken in, stored, routed, delivered to a local vendor, recorded.

The bridge keeps everything in SQLite. Node-RED stands beside it twice: as it comes, when it checks and keeps nothing,
and like for like, when it verifies the signature and inserts into SQLite before it answers. They take turns in one run,
and medians are told. Generator and vendor share the machine. Time counts from the first request to the last call.
"""

import argparse
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from load import drive
from measure import Figure, report
from node_red import node_red, version
from rig import Server, Vendor, bridge, folder, signed_events, vendor

WARM_UP = 200  # events
Serving = Callable[[str], AbstractContextManager[Server]]  # given the vendor's URL


def main() -> None:
    """Measures, prints and keeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--node-red", type=Path, help="a folder that npm may fill")
    asked = parser.parse_args()
    with TemporaryDirectory() as name:
        place = (asked.node_red or Path(name)).resolve()
        place.mkdir(exist_ok=True)
        contenders = _contenders(place)
        rounds = [_round(contenders, asked) for _ in range(asked.rounds)]
    middle = {
        who: [median(values) for values in zip(*(done[who] for done in rounds))]
        for who in contenders
    }
    yardstick = next(iter(middle))
    n, spent = middle[yardstick]
    figures = [Figure(who, r, "events/s", r / n) for who, (r, _) in middle.items()]
    figures += [
        Figure(f"{who}, processor time", s * 1e6, "µs", s / spent)
        for who, (_, s) in middle.items()
    ]
    report("end_to_end", yardstick, figures)


def _contenders(place: Path) -> dict[str, Serving]:
    """The yardstick first."""
    if theirs := version(place):
        named = f"Node-RED {theirs}"
        return {
            named: partial(node_red, place),
            f"{named}, verifying and storing": partial(node_red, place, keeping=True),
            "bridge": _bridge,
        }
    print("npm or Node-RED is not to be had here: the bridge alone")
    return {"bridge": _bridge}


@contextmanager
def _bridge(url: str) -> Iterator[Server]:
    with folder() as where, bridge(where, BRIDGE_SANDBOX_URL=url) as server:
        yield server


def _round(
    contenders: dict[str, Serving], asked: argparse.Namespace
) -> dict[str, tuple[float, float]]:
    done = {}
    for who, serving in contenders.items():
        with vendor() as calls, serving(calls.url) as server:
            done[who] = _whole(server, calls, asked)
        rate, spent = done[who]
        print(f"  {who:<44}{rate:>8,.0f} events/s {spent * 1e6:>8,.0f} µs", flush=True)
    return done


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
