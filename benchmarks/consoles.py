"""What open consoles cost the intake: events taken with 50 pages that poll, beside as many requests that cost nothing.

One bridge, in turns: for some seconds its pages poll, then the same client asks /healthz as often instead. The client
runs on the same cores, unlike a browser, and costs the intake more than the answers do. Each page is Events, and asks
as often as a tab that is seen; it goes on where a browser would have stopped, at "100+ new".
"""

import argparse
import itertools
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from http.cookiejar import CookieJar
from pathlib import Path
from statistics import median
from typing import NamedTuple

from load import drive
from measure import Figure, report
from rig import ROOT, Server, bridge, folder, free_port, signed_events

PAGES = 50
# Seconds between two questions of a page: for new rows, and for the numbers of the frame.
NEWS, PULSE = 5.0, 20.0
WARM_UP = 2.0
# Requests a second that are made ready.
MOST = 6_000


class Run(NamedTuple):
    """The bridge under load for some seconds."""

    rate: float  # events taken, a second
    spent: float  # the bridge's processor time for each, microseconds


def main() -> None:
    """Measures, prints and keeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--poll", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.poll:
        poll(asked.poll)
        return
    admin = f"127.0.0.1:{free_port()}"
    with folder() as where:
        password = where / "password"
        password.write_text("a long enough passphrase\n", "utf-8")
        with bridge(where, "--no-worker", BRIDGE_ADMIN_BIND=admin) as server:
            _account(where, password)
            events = signed_events("consoles")
            drive(server.port, events, seconds=WARM_UP, connections=32)
            pages = subprocess.Popen(
                [sys.executable, __file__, "--poll", f"http://{admin}"],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
            )
            try:
                assert pages.stdout and pages.stdout.readline() == b"open\n"
                rounds = [
                    (
                        _run(server, events, asked.seconds, pages.pid, polling=False),
                        _run(server, events, asked.seconds, pages.pid, polling=True),
                    )
                    for _ in range(asked.rounds)
                ]
            finally:
                pages.kill()
                pages.wait()
    alone, watched = zip(*rounds)
    report("consoles", "as many requests to /healthz", _figures(alone, watched))


def _figures(alone: Sequence[Run], watched: Sequence[Run]) -> list[Figure]:
    def ratio(name: str) -> float:
        return median(
            getattr(theirs, name) / getattr(own, name)
            for own, theirs in zip(alone, watched)
        )

    def middle(runs: Sequence[Run], name: str) -> float:
        return median(getattr(run, name) for run in runs)

    spent, rate = "processor time of an event", "events taken"
    return [
        Figure(f"{spent}, /healthz is asked", middle(alone, "spent"), "µs", 1.0),
        Figure(
            f"{spent}, {PAGES} pages poll",
            middle(watched, "spent"),
            "µs",
            ratio("spent"),
        ),
        Figure(f"{rate}, /healthz is asked", middle(alone, "rate"), "a second", 1.0),
        Figure(
            f"{rate}, {PAGES} pages poll",
            middle(watched, "rate"),
            "a second",
            ratio("rate"),
        ),
    ]


def _run(
    server: Server,
    events: Iterator[bytes],
    seconds: float,
    pages: int,
    *,
    polling: bool,
) -> Run:
    """Events taken with the pages polling, or with their client asking /healthz."""
    ready = list(itertools.islice(events, int(seconds * MOST)))
    os.kill(pages, signal.SIGUSR1 if polling else signal.SIGUSR2)
    before = server.processor_seconds()
    answers = drive(server.port, iter(ready), seconds=seconds, connections=32)
    spent = server.processor_seconds() - before
    assert set(answers.statuses) == {202}, answers.statuses
    return Run(rate=answers.rate, spent=1e6 * spent / answers.statuses[202])


def _account(where: Path, password: Path) -> None:
    command = [sys.executable, "-m", "bridge", "user", "add", "ana", "--role", "viewer"]
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "BRIDGE_DATABASE_URL": f"sqlite:///{where}/bridge.db",
    }
    command += ["--password-file", str(password)]
    subprocess.run(command, check=True, env=environ, capture_output=True)


def poll(base: str) -> None:
    """Signs in, opens the pages, and asks on time for ever."""
    opener = urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(CookieJar())
    )
    form = _text(opener, f"{base}/console/sign-in")
    csrf = re.findall(r'name="csrf_token" value="([^"]+)"', form)[0]
    said = {"csrf_token": csrf, "name": "ana", "password": "a long enough passphrase"}
    request = urllib.request.Request(
        f"{base}/console/sign-in",
        urllib.parse.urlencode(said).encode(),
        {"Origin": base},
    )
    opener.open(request, timeout=30).read()
    asked: list[tuple[float, float, str]] = []
    for number in range(PAGES):
        html = _text(opener, f"{base}/console/events")
        news, pulse = (
            base
            + re.findall(f'hx-get="([^"]*/{name}[^"]*)"', html)[0].replace("&amp;", "&")
            for name in ("news", "pulse")
        )
        asked.append((number / PAGES * NEWS, NEWS, news))
        asked.append((number / PAGES * PULSE, PULSE, pulse))
    polling: list[bool] = []
    signal.signal(signal.SIGUSR1, lambda *_: polling.append(True))
    signal.signal(signal.SIGUSR2, lambda *_: polling.append(False))
    print("open", flush=True)
    start = time.monotonic()
    due = sorted(asked)
    while True:
        at, every, url = due.pop(0)
        time.sleep(max(start + at - time.monotonic(), 0))
        asks = url if polling and polling[-1] else f"{base}/healthz"
        opener.open(asks, timeout=30).read()
        due.append((at + every, every, url))
        due.sort()


def _text(opener: urllib.request.OpenerDirector, url: str) -> str:
    text: str = opener.open(url, timeout=30).read().decode()
    return text


if __name__ == "__main__":
    main()
