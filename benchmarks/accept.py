"""How many signed events a second are taken in: verified, stored, fsynced, answered; beside a bare Flask route.

Both run under the same gunicorn settings on the same machine as the generator. Then how long an answer takes at half of
the most. Processor time per request says the same on a machine that has other things to do.
"""

import argparse
import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from load import Answers, drive
from measure import Figure, report
from rig import Server, bare, bridge, folder, signed_events

WARM_UP = 1.0  # seconds
MOST = 6_000  # requests a second that are made ready

Start = Callable[[Path], AbstractContextManager[Server]]


class Run(NamedTuple):
    """One server under load."""

    rate: float  # requests a second
    late: float  # p99 at that rate, milliseconds
    spent: float  # processor time per request, microseconds
    half: float  # p99 at half of the rate, milliseconds


def main() -> None:
    """Measures, prints and keeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--receivers", type=int, default=1)
    parser.add_argument("--database", help="instead of a SQLite file: a database URL")
    asked = parser.parse_args()
    environ = {"BRIDGE_DATABASE_URL": asked.database} if asked.database else {}

    def ours(where: Path) -> AbstractContextManager[Server]:
        options = ("--no-worker", "--receivers", str(asked.receivers))
        return bridge(where, *options, **environ)

    def flask(where: Path) -> AbstractContextManager[Server]:
        return bare(where, WEB_CONCURRENCY=str(asked.receivers))

    rounds = range(asked.rounds)  # in turns: what else runs here concerns both
    runs = [(_run(flask, asked, n), _run(ours, asked, n)) for n in rounds]
    theirs, own = (_best(found) for found in zip(*runs))
    name = "accept_postgres" if asked.database else "accept"
    report(name, "a bare Flask route", _figures(theirs, own))


def _figures(theirs: Run, own: Run) -> list[Figure]:
    return [
        Figure("bare Flask route", theirs.rate, "requests/s", 1.0),
        Figure("accept", own.rate, "events/s", own.rate / theirs.rate),
        Figure("its processor time", own.spent, "µs", own.spent / theirs.spent),
        Figure("its p99 at the most", own.late, "ms", own.late / theirs.late),
        Figure("its p99 at half of the most", own.half, "ms", own.half / theirs.half),
    ]


def _best(runs: tuple[Run, ...]) -> Run:
    """The best of each: what disturbs a machine makes all of it worse."""
    rates, *costs = zip(*runs)
    return Run(max(rates), *(min(found) for found in costs))


def _run(start: Start, asked: argparse.Namespace, number: int) -> Run:
    with folder() as where, start(where) as server:
        requests = signed_events(f"round{number}x")
        drive(server.port, requests, seconds=WARM_UP, connections=asked.connections)
        ready = list(itertools.islice(requests, int(asked.seconds * MOST)))
        before = server.processor_seconds()
        most = _taken(
            drive(
                server.port,
                iter(ready),
                seconds=asked.seconds,
                connections=asked.connections,
            )
        )
        spent = (server.processor_seconds() - before) / len(most.latencies)
        number_left = int(asked.seconds * most.rate / 2)
        ready = list(itertools.islice(requests, number_left))
        calm = drive(
            server.port, iter(ready), seconds=asked.seconds, rate=most.rate / 2
        )
    late, half = most.percentile(0.99), _taken(calm).percentile(0.99)
    return Run(most.rate, late * 1e3, spent * 1e6, half * 1e3)


def _taken(answers: Answers) -> Answers:
    assert set(answers.statuses) == {202}, answers.statuses
    return answers


if __name__ == "__main__":
    main()
