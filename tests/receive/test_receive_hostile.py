"""What unsigned connections cannot do, over real sockets: keep the receiver from others, or stay."""

import json
import time
from http.client import HTTPResponse

import hostile
import pytest
from besieged import receiver, siege, taken
from rawsockets import NoVendors, connect
from running import bridge, eventually

from bridge.sandbox import DEFAULT_CREDENTIALS

COUNT = 50
QUICK = 2.0  # seconds: the time limit of this receiver
POSTS = 3


@pytest.fixture(scope="module")
def besieged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("besieged")
    with bridge(folder, NoVendors, DEFAULT_CREDENTIALS) as made:
        made.environ |= {"BRIDGE_READ_TIMEOUT": f"{QUICK:g}"}
        made.start("--no-worker")
        yield made


@pytest.mark.parametrize("kind", hostile.KINDS)
def test_signed_posts_are_taken_beside(besieged, kind):
    """T-37 T-38: while 50 connections do their worst, signed requests are taken by the same process; when no new ones
    come, all of them are soon gone.

    Fails when the loop is not shared, when nothing ends a connection, or when one of them is waited for.
    """
    before = receiver(besieged)
    with siege(besieged, kind, COUNT) as around:
        for number in range(POSTS):
            ok, _ = taken(besieged, f"evt_{kind}_{number}".replace(" ", "_"))
            assert ok
        assert around.process.poll() is None
        report = around.lift()
    assert report["opened"] >= COUNT and report["left"] == 0
    assert report["longest"] < QUICK * 10
    assert receiver(besieged) == before


def test_a_flood_is_counted(besieged):
    """T-39: refused requests cost a row and a line a second, each with how many there were."""
    rows, lines = refused(besieged), said(besieged)
    for _ in range(10):
        for _ in range(30):
            with connect(besieged) as connection:
                connection.sendall(b"POST /hooks/counted HTTP/1.1\r\nHost: x\r\n\r\n")
                assert connection.recv(4096).startswith(b"HTTP/1.1 401")
    assert eventually(lambda: sum(refused(besieged)) == sum(rows) + 300)
    assert eventually(lambda: sum(said(besieged)) == sum(lines) + 300)
    assert len(refused(besieged)) - len(rows) < 100
    assert len(said(besieged)) - len(lines) < 200


def refused(running):
    """How many refusals of unknown sources each row stands for."""
    database = running.database()
    query = "SELECT count FROM rejections WHERE source = '(unknown)'"
    with database.read() as connection:
        found = list(connection.exec_driver_sql(query).scalars())
    database.close()
    return found


def said(running):
    """The same of the log's lines."""
    lines = [
        json.loads(one)
        for one in running.log.read_text().splitlines()
        if one.startswith("{")
    ]
    return [
        one.get("more_in_the_last_second", 1)
        for one in lines
        if (one["event"], one.get("source")) == ("request refused", "(unknown)")
    ]


def test_heads_that_cannot_be_read_are_said_once_a_second(besieged):
    """T-39: so are requests that never reached a source."""
    before = besieged.log.read_text().count("invalid request")
    for _ in range(300):
        with connect(besieged) as connection:
            connection.sendall(b"nonsense\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 400")
    assert 1 <= besieged.log.read_text().count("invalid request") - before < 200


def test_health_checks_keep_their_connection_for_a_while(besieged):
    """T-43: one after the other they share a connection, which is told to close before its time is over."""
    with connect(besieged) as connection:
        began, kept = time.monotonic(), 0
        while time.monotonic() - began < 60:
            connection.sendall(hostile.HEALTH)
            answer = HTTPResponse(connection)
            answer.begin()
            assert (answer.status, answer.read()) == (200, b'{"status":"ok"}')
            if answer.getheader("Connection") == "close":
                break
            kept += 1
            time.sleep(0.1)
        assert kept and connection.recv(65536) == b""


def test_silent_connections_make_way(tmp_path):
    """T-40: where connections that say nothing hold most places, the oldest of them lose theirs to who comes.

    Fails when a signed request waits for their time to be over.
    """
    command = ("-m", "gunicorn", "wsgi:app", "--worker-connections", "40")
    with bridge(tmp_path, NoVendors, DEFAULT_CREDENTIALS) as made:
        made.environ |= {"BRIDGE_READ_TIMEOUT": "600"}
        made.start(command=command)
        silent = [connect(made) for _ in range(100)]
        for number in range(POSTS):
            assert taken(made, f"evt_{number}")[0]
        for one in silent:
            one.close()
