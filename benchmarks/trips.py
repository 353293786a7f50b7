"""PostgreSQL: what crosses the wire for an event, by libpq's own trace: round trips, and the statements in them.

Intake and a worker, in this process, each with connections of its own. First many events at a time, which share
commits, then one after another. Unlike rates, these counts hardly depend on what else the machine does.
"""

# flake8: noqa: E402

from gevent import monkey

monkey.patch_all()  # as the bridge does, before anything else is imported

# isort: split
import argparse
import io
import itertools
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import gevent
from gevent.pool import Pool
from measure import Figure, report
from postgres import schema, server
from rig import CONNECTION, MAPPING, SECRET, Vendor, signed_events, vendor
from sqlalchemy import Engine, event

from bridge import log, mapping, settings
from bridge.outbound import Outbound
from bridge.receive.front import Front
from bridge.store import Database
from bridge.strict import http
from bridge.worker import Worker

# Of the trace's messages: a statement that is made known, one that is run, and the end of an answer.
_MESSAGES = re.compile(
    r'^F\t\d+\tParse\t "(?P<name>\w*)" "(?P<sql>.*?)" \d+(?: \d+)*$'
    r'|^F\t\d+\tBind\t "" "(?P<run>\w*)"'
    r'|^F\t\d+\tQuery\t "(?P<simple>.*?)"$'
    r"|^B\t\d+\t(?P<ready>ReadyForQuery)",
    re.MULTILINE | re.DOTALL,
)
_NO_TIMES = 1  # PQTRACE_SUPPRESS_TIMESTAMPS


class Wire:
    """What all connections that are made from now on say to the server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        event.listen(Engine, "connect", self._trace)
        self._before = (0, Counter[str]())

    def _trace(self, connection: Any, _: Any) -> None:
        path = self._folder / str(connection.pgconn.backend_pid)
        connection.pgconn.trace(os.open(path, os.O_WRONLY | os.O_CREAT))
        connection.pgconn.set_trace_flags(_NO_TIMES)

    def since(self) -> tuple[int, Counter[str]]:
        """Round trips, and how often each statement was run, since the last call."""
        trips, statements = 0, Counter[str]()
        for path in self._folder.iterdir():
            known: dict[str, str] = {}
            for found in _MESSAGES.finditer(path.read_text(errors="replace")):
                if found["ready"]:
                    trips += 1
                elif found["sql"] is not None:
                    known[found["name"]] = found["sql"]
                elif found["simple"] is not None:
                    statements[found["simple"]] += 1
                else:
                    statements[known[found["run"]]] += 1
        before, self._before = self._before, (trips, statements)
        return trips - before[0], statements - before[1]


def main() -> None:
    """Counts, prints and keeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100)
    parser.add_argument("--database", help="URL of a server where schemas may be made")
    parser.add_argument("--statements", action="store_true", help="show each of them")
    asked = parser.parse_args()
    os.environ |= {"STRIPE_WEBHOOK_SECRET": SECRET, "VAMBE_API_KEY": "benchmark"}
    log.configure(stream=io.StringIO())
    with server(asked.database) as url, schema(url, "trips") as own:
        with vendor() as calls, TemporaryDirectory() as name:
            run = _Run(Wire(Path(name)), own, calls, asked.events)
            figures = list(run.figures(shows=asked.statements))
    report("trips", "an event", figures)


class _Run:
    """The same number of events, again and again."""

    def __init__(self, wire: Wire, url: str, calls: Vendor, count: int) -> None:
        self._wire, self._calls, self._count = wire, calls, count
        self._ruleset = mapping.build({"rules.yaml": MAPPING + CONNECTION}).usable()
        self._front = Front(
            database=Database(url),
            ruleset=lambda: self._ruleset,
            settings=settings.load(),
        )
        self._database = Database(url)  # the worker's
        self._requests = (http.parse(raw) for raw in signed_events("t"))

    def figures(self, *, shows: bool) -> Iterator[Figure]:
        """Everything is done before it is counted, so that connections are made and statements prepared."""
        steps: dict[str, Callable[[int], object]] = {
            "intake, 16 at once": self._take_in_many,
            "worker, all at once": self._work,
            "both, one by one": self._do_singly,
        }
        for step in steps.values():
            step(20)
        for name, step in steps.items():
            self._wire.since()
            begun = process_time()
            step(self._count)
            spent = process_time() - begun
            trips, statements = self._wire.since()
            yield self._figure(f"{name}: round trips", trips, "trips")
            yield self._figure(f"{name}: statements", statements.total(), "statements")
            yield self._figure(f"{name}: processor time", spent * 1000, "ms")
            if shows:
                print(f"\n{name}")
                for sql, times in statements.most_common():
                    print(f"{times / self._count:8.2f}  {' '.join(sql.split())[:110]}")

    def _figure(self, name: str, value: float, unit: str) -> Figure:
        return Figure(name, value / self._count, unit, value / self._count)

    def _take_in(self, count: int) -> None:
        for request in itertools.islice(self._requests, count):
            self._post(request)

    def _take_in_many(self, count: int) -> None:
        Pool(16).map(self._post, list(itertools.islice(self._requests, count)))

    def _post(self, request: Any) -> None:
        environ = {"REQUEST_METHOD": "POST", "PATH_INFO": request.target}
        environ["RAW_URI"] = request.target
        for name, value in request.headers:
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        environ |= {
            "wsgi.input": io.BytesIO(request.body),
            "CONTENT_TYPE": environ.pop("HTTP_CONTENT_TYPE"),
            "CONTENT_LENGTH": environ.pop("HTTP_CONTENT_LENGTH"),
        }
        answer = self._front.receive("stripe", environ)
        assert answer.status == 202, answer

    def _work(self, count: int) -> None:
        with self._working():
            self._wait_for(count)

    def _do_singly(self, count: int) -> None:
        with self._working():
            for _ in range(count):
                self._take_in(1)
                self._wait_for(1)

    @contextmanager
    def _working(self) -> Iterator[None]:
        """A worker, as `bridge worker` runs it, at work meanwhile."""
        worker = Worker(
            self._database, lambda: self._ruleset, Outbound(sandbox_url=self._calls.url)
        )
        running = gevent.spawn(worker.run)
        yield
        worker.stop()
        running.join()

    def _wait_for(self, count: int) -> None:
        self._calls.calls.clear()
        self._calls.wait_for(count, seconds=120)
        gevent.sleep(0.05)  # what came back is recorded


if __name__ == "__main__":
    main()
