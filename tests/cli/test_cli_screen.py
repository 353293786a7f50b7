"""How the terminal looks: as wide as it is, in colours where they are wanted, and never obeying what a sender wrote."""

import json
import os
import pty
import re
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest
from bench import TICKET
from rich.cells import cell_len
from running import stripe_event

from bridge.cli import received, screen, store, table
from bridge.sandbox.server import SandboxServer
from bridge.sandbox.state import Recorded

ANSI = re.compile(r"\x1b\[[0-9;]*m")
# Red, a title, a line that reads on from its end, a lone carriage return, and a mark that hides
HOSTILE = "a\x1b[31mb\x1b]0;x\x07c\u202ed\r\ne\u200bf\x9bg"
OBEYED = ("\x1b", "\x07", "\u202e", "\r", "\u200b", "\x9b")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def lines(result, columns):
    found = result.stdout.splitlines()
    assert all(cell_len(line) <= columns for line in found), found
    return found


COMMANDS = [
    ("events", "list"),
    ("events", "show", "1"),
    ("deliveries", "list"),
    ("why", "1"),
    ("audit",),
    ("why", "--ticket", TICKET),
    ("pause",),
]


@pytest.mark.parametrize("columns", [40, 80, 132])
def test_every_list_fits_the_terminal(terminal, bench, columns):
    """A table where it fits, else a block for each row: no line is wider than the terminal."""
    bench.paid()
    terminal("pause", "--rule", "paid-sets-amount", "--reason", "long " * 30)
    for words in COMMANDS:
        result = terminal(*words, env={"COLUMNS": str(columns)})
        assert result.exit_code == 0, (words, result.stderr)
        assert lines(result, columns)


def test_into_a_pipe_a_row_is_one_line(terminal, bench):
    """Without a terminal nothing is folded, padded at its end, or coloured."""
    bench.paid()
    result = terminal("deliveries", "list")
    head, row = result.stdout.splitlines()
    assert head.split()[0] == "id" and row.split()[0] == "1"
    assert "\x1b" not in result.stdout and row == row.rstrip()


def test_a_row_that_does_not_fit_is_a_block(capsys, monkeypatch):
    """Each cell has a line of its own behind its head, folded under itself; a blank line ends the row."""
    monkeypatch.setenv("COLUMNS", "40")
    table.show(("id", "where it stands", "reason"), [("1", "x" * 20, "a b " * 12)])
    assert capsys.readouterr().out.splitlines() == [
        "id               1",
        "where it stands  " + "x" * 20,
        "reason           a b a b a b a b a b a b",
        "                 a b a b a b a b a b a b",
        "",
    ]


@pytest.mark.parametrize("text", ["字" * 50, "e\u0301" * 90, "a" * 200, "", "  two  "])
@pytest.mark.parametrize("columns", [20, 40, 80])
def test_folded_text_is_whole_and_fits(monkeypatch, text, columns):
    """Wide characters take two columns and marks none; nothing of the text is lost."""
    monkeypatch.setenv("COLUMNS", str(columns))
    found = screen.folded(text, 4)
    assert all(cell_len(line) <= columns - 4 for line in found)
    assert "".join("".join(found).split()) == "".join(text.split())


COLOURED = [
    (("why", "1"), "\x1b[32m"),
    (("check",), "\x1b[33m"),
    (("doctor",), "\x1b[31m"),
    (("deliveries", "list"), "\x1b[32m"),
]


@pytest.mark.parametrize("words, colour", COLOURED)
def test_colours_say_what_a_line_means(terminal, bench, words, colour):
    """Green is done, yellow waits or warns, red needs somebody; the text is the same without them."""
    bench.paid()
    coloured = terminal(*words, env={"FORCE_COLOR": "1"}).stdout
    plain = terminal(*words).stdout
    assert colour in coloured and "\x1b" not in plain
    if words != ("doctor",):  # which measures as it goes
        assert ANSI.sub("", coloured) == plain
    for env in ({"NO_COLOR": "1"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}):
        assert "\x1b" not in terminal(*words, env=env).stdout


@pytest.mark.parametrize("env, colours", [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_real_terminal_has_colours_unless_they_are_refused(house, env, colours):
    """On a pseudo terminal of the command's own; TERM=dumb has none either."""
    for term, expected in (("xterm", colours), ("dumb", False)):
        given = {**os.environ, **env, "TERM": term}
        assert ("\x1b[33m" in on_terminal(given, "check", "mappings")) is expected


def on_terminal(env, *words):
    """What a command writes to a pseudo terminal of its own."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "bridge", *words]
    process = subprocess.Popen(
        command, stdout=theirs, stderr=subprocess.DEVNULL, env=env
    )
    os.close(theirs)
    found = b""
    try:
        while part := os.read(ours, 65536):
            found += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert process.wait(120) == 0
    return found.decode()


@pytest.mark.parametrize("columns", ["40", "200"])
def test_nothing_that_a_sender_wrote_moves_the_cursor(terminal, bench, columns):
    """Ids, types, tickets and reasons out of payloads are shown with escapes, in tables, blocks and sentences."""
    metadata = {"vambe_ticket_id": HOSTILE}
    name = "invoice.paid__clp.http"
    bench.receive(stripe_event(name, id=f"evt_{HOSTILE}", metadata=metadata))
    bench.receive(stripe_event(name, id="evt_2", type=f"x{HOSTILE}"))
    bench.work()
    for words in (("why", "2"), *COMMANDS[:4], ("events", "show", "1", "--payload")):
        env = {"COLUMNS": columns, "FORCE_COLOR": "1"}
        said = ANSI.sub("", terminal(*words, env=env).stdout)
        assert not any(sign in said for sign in OBEYED), (words, said)
    assert "\\u001b[31m" in terminal("events", "show", "1", "--payload").stdout


@pytest.mark.parametrize("columns", ["", "40"])
def test_no_cell_of_a_row_moves_the_cursor(capsys, monkeypatch, columns):
    """Whatever a row holds, in a table, in a block and as one row alone: it is shown with escapes on its own line."""
    monkeypatch.setenv("COLUMNS", columns)
    row = {"id": 1, "ticket": HOSTILE, "reason": HOSTILE * 3}
    store.show_rows([row], tuple(row), as_json=False)
    store.show_one(row, "row", tuple(row), as_json=False)
    store.show_rows([row], (), as_json=True)
    said = capsys.readouterr().out
    assert not any(sign in said for sign in OBEYED)
    assert "a\\x1b[31mb" in said


def test_nothing_that_stands_in_a_mapping_file_moves_the_cursor(
    terminal, house, rewrite
):
    """A name out of a file is shown with escapes, and its line with a sign for each that is not to be seen."""
    rewrite("    when: event.amount > 0", '    "wh\u202een": event.amount > 0')
    for form in ("full", "concise", "github", "json", "sarif"):
        said = terminal("check", "--format", form).stdout
        assert "\u202e" not in said, form
    assert "\\u202e" in terminal("check").stdout
    assert '"wh�en"' in terminal("check").stdout


def test_an_excerpt_is_as_wide_as_the_terminal(terminal, house, rewrite):
    """A long line is cut around its caret, which stands under what is wrong."""
    rewrite("event.ticket | uuid", f"{'event.ticket ~ ' * 20}event.ticket | uiud")
    result = terminal("check", env={"COLUMNS": "60"})
    _, _, excerpt, caret, *_ = result.stdout.splitlines()
    assert cell_len(excerpt) <= 60
    start = caret.index("^")
    assert excerpt[start : start + 4] == "uiud"


CALL = Recorded(
    vendor="vambe",
    method="PATCH",
    path="/api/amount?api_key=hush-1&page=2",
    headers=(
        ("X-Api-Key", "hush-2"),
        ("Authorization", "Bearer hush-3"),
        ("Accept", "*/*"),
    ),
    body=json.dumps(
        {
            "ticket_id": TICKET,
            "amount": 150000,
            "note": HOSTILE,
            "client_secret": "hush-4",
            "more": {"password": "hush-5", "auth": {"user": "hush-6"}, "list": [1, 2]},
        }
    ).encode(),
    status=200,
    applied=True,
    when=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    answer=b'{"token": "hush-7", "ok": true}',
)


def test_a_received_call_is_a_block_without_credentials():
    """Method, path, each field and the answer, one to a line; what is named like a credential is masked."""
    found = received.block(CALL)
    assert found[0] == "03:04:05  vambe  PATCH /api/amount?api_key=<secret>&page=2"
    text = "\n".join(found)
    assert "hush" not in text and "\\x1b[31m" in text
    assert not any(sign in text for sign in OBEYED)
    shown = [line.split() for line in found[1:]]
    assert ["X-Api-Key", "<secret>"] in shown
    assert ["ticket_id", TICKET] in shown and ["amount", "150000"] in shown
    assert ["client_secret", "<secret>"] in shown
    assert found[-1] == '  → 200 changed a ticket  {"token":"<secret>","ok":true}'
    assert not any("Accept" in line for line in found)


@pytest.mark.parametrize(
    "body, expected",
    [
        (b"a=1&client_secret=hush&b=x+y", ["a", "1", "b", "x y", "<secret>"]),
        (b"<a>text</a>", ["body", "<a>text</a>"]),
        (b'["x", {"token": "hush"}]', ["body", "<secret>"]),
        (b"\xff\x00", ["body", "\\xff\\x00"]),
        (b"", []),
    ],
)
def test_any_body_has_a_block(monkeypatch, body, expected):
    """Forms by their fields, other texts as they are, bytes with escapes; no line is wider than the terminal."""
    monkeypatch.setenv("COLUMNS", "40")
    call = Recorded(
        vendor="http", method="POST", path="/x", headers=(), body=body, status=None,
        applied=False, when=CALL.when,
    )  # fmt: skip
    found = received.block(call)
    text = "\n".join(found)
    assert all(cell_len(line) <= 40 for line in found)
    assert "no answer" in text and "hush" not in text
    assert all(part in text for part in expected)


def test_the_sandbox_tells_each_call_once_it_is_answered():
    """What `bridge sandbox` prints comes from here: one for each call, with its answer, from the thread of the call."""
    import requests

    told, done = [], threading.Event()

    def tell(call):
        told.append(call)
        done.set()

    with SandboxServer(told=tell) as sandbox:
        answer = requests.post(f"{sandbox.url}/http/a?b=1", json={"c": 2}, timeout=60)
        assert done.wait(60)
    [call] = told
    assert (call.method, call.path, call.status) == ("POST", "/a?b=1", 200)
    assert call.answer == answer.content and b"received" in call.answer
