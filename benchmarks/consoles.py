"""What open consoles cost the intake: events taken in a second with 50 pages that poll, beside the same bridge alone.

One bridge, in turns: its pages poll for some seconds, then are still. Each page is Events, and asks as often as a
browser's tab that is seen.
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
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from statistics import median

from load import drive
from measure import Figure, report
from rig import ROOT, bridge, folder, free_port, signed_events

PAGES = 50
# Seconds between two questions of a page: for new rows, and for the numbers of the frame.
NEWS, PULSE = 5.0, 20.0
WARM_UP = 2.0
# Requests a second that are made ready.
MOST = 6_000


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
                        _rate(server.port, events, asked.seconds, pages.pid, False),
                        _rate(server.port, events, asked.seconds, pages.pid, True),
                    )
                    for _ in range(asked.rounds)
                ]
            finally:
                pages.kill()
                pages.wait()
    alone, watched = (median(found) for found in zip(*rounds))
    ratio = median(with_pages / without for without, with_pages in rounds)
    report(
        "consoles",
        "the same bridge with no page open",
        [
            Figure("intake, no page open", alone, "events/s", 1.0),
            Figure(f"intake, {PAGES} pages poll", watched, "events/s", ratio),
        ],
    )


def _rate(
    port: int, events: Iterator[bytes], seconds: float, pages: int, polling: bool
) -> float:
    """Events taken in a second, with the pages polling or still."""
    ready = list(itertools.islice(events, int(seconds * MOST)))
    os.kill(pages, signal.SIGCONT if polling else signal.SIGSTOP)
    answers = drive(port, iter(ready), seconds=seconds, connections=32)
    assert set(answers.statuses) == {202}, answers.statuses
    return answers.rate


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
    print("open", flush=True)
    start = time.monotonic()
    due = sorted(asked)
    while True:
        at, every, url = due.pop(0)
        time.sleep(max(start + at - time.monotonic(), 0))
        # It was stopped for a while: what fell due meanwhile is not made up for.
        late = time.monotonic() - start - at
        start += late if late > 1 else 0
        opener.open(url, timeout=30).read()
        due.append((at + every, every, url))
        due.sort()


def _text(opener: urllib.request.OpenerDirector, url: str) -> str:
    text: str = opener.open(url, timeout=30).read().decode()
    return text


if __name__ == "__main__":
    main()
