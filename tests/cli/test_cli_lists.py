"""Lists on the terminal: pages by cursor, notes on stderr, carets, and what comes while one looks."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress

from bench import objects
from working import paid

from bridge.cli import tail


def test_pages_follow_each_other(terminal, bench):
    """The cursor stands on stderr, and a list continues with it; rows stand alone on stdout."""
    for number in range(3):
        bench.paid(f"evt_{number}")
    first = terminal("events", "list", "--limit", "2", "--json")
    cursor = re.search(r"--cursor (\S+)", first.stderr)[1]
    rest = terminal("events", "list", "--cursor", cursor, "--json")
    assert [row["id"] for row in objects(first) + objects(rest)] == [3, 2, 1]
    assert "cursor" not in rest.stderr
    other = terminal("deliveries", "list", "--cursor", cursor)
    assert other.exit_code == 2 and "another filter" in other.stderr


def test_a_mistake_has_a_caret(terminal, bench):
    """The word that is wrong is underlined."""
    wrong = terminal("events", "list", "source:stripe", "stat:dead")
    assert wrong.exit_code == 2
    *_, text, caret = wrong.stderr.rstrip("\n").split("\n")
    assert text[caret.index("^") : caret.rindex("^") + 1] == "stat:dead"


def test_an_empty_filter_acts_on_nothing(terminal, bench):
    """A filter that was lost is not all of them."""
    bench.paid()
    for words in ((" ",), ("",)):
        lost = terminal("replay", *words, "--yes")
        assert lost.exit_code == 2 and len(bench.deliveries()) == 1


def test_content_of_an_act_is_looked_at(terminal, bench):
    """An act by content covers those that have it, and no others; it says since when it looks."""
    bench.paid("evt_1")
    bench.paid("evt_2")
    done = terminal("replay", "payload.id=evt_1", "--yes", "--json")
    assert "content is looked for since" in done.stderr
    assert [row["id"] for row in objects(done)] == [1]
    done = terminal("replay", "id:2", "-payload.id=evt_2", "--yes")
    assert done.exit_code == 5


def test_refused_requests_are_filtered(terminal, bench):
    """`bridge refused` takes the words of a filter."""
    assert terminal("refused", "reason:wrong*").exit_code == 5
    wrong = terminal("refused", "type:x")
    assert wrong.exit_code == 2 and "^^^^^^" in wrong.stderr


def test_tail_prints_what_comes(bench, monkeypatch):
    """Only what comes after it began, each once and in order, however much it is and however late it looks again."""
    monkeypatch.setattr(tail, "_PAGE", 1)
    bench.paid("evt_1")
    looks = iter([["evt_2"], [], ["evt_3", "evt_4", "evt_5"], [], []])

    def rest():
        for id in next(looks):
            bench.receive(paid(id))

    rows = tail.coming(bench.database, "source:stripe", rest)
    seen = []
    with suppress(RuntimeError):  # the looks are over
        for row in rows:
            seen.append(row["event_id"])
    assert seen == ["evt_2", "evt_3", "evt_4", "evt_5"]


def test_tail_ends_on_ctrl_c(bench):
    """A real process prints each line at once, and Ctrl-C is its good end."""
    command = [sys.executable, "-m", "bridge", "tail", "--json"]
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    # Run from a script in the background, tests ignore Ctrl-C, and so would what they start.
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with subprocess.Popen(command, env=environment, **heard, **piped) as process:
        first = []
        reader = threading.Thread(
            target=lambda: first.append(process.stdout.readline())
        )
        reader.start()
        number = 0
        while reader.is_alive():  # it may not have begun when the first ones come
            number += 1
            bench.receive(paid(f"evt_{number}"))
            reader.join(1)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    assert json.loads(first[0])["type"] == "invoice.paid"
    assert (process.returncode, stderr) == (0, "")


def test_tail_refuses_a_mistake(terminal, bench):
    """A filter with a mistake ends it with a caret before it waits."""
    wrong = terminal("tail", "stat:dead")
    assert wrong.exit_code == 2 and "^^^^" in wrong.stderr
