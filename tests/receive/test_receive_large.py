"""A source may take large bodies; who is not proven cannot fill the memory with them."""

import json
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from fronts import GATE, parts, send, set_secrets
from rawsockets import NoVendors, connect
from running import MAPPING, SECRET, bridge, stripe_event, taken

from bridge.app import hooks_app
from bridge.errors import Busy, TooLarge
from bridge.receive import body, front, large
from bridge.receive.large import Room
from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.settings import Settings
from bridge.store import events

LIMIT = 10_000  # of these settings
OWN = MAPPING.replace("stripe,", "stripe, allow: { max_body: 3MB },", 1)
SMALL = GATE.replace("name: gate", "name: gate\n  allow: { max_body: 2KB }")
MIB = 2**20


def padded(size, id="evt_large"):
    """A Stripe event of so many bytes."""
    event = stripe_event("invoice.paid__clp.http", id=id)
    event["data"]["object"]["description"] = ""
    event["data"]["object"]["description"] = "x" * (size - len(json.dumps(event)))
    return json.dumps(event).encode()


@pytest.fixture
def app(sqlite, tmp_path, monkeypatch):
    """stripe takes 3 MB, gate 2 KB, all else LIMIT."""
    set_secrets(monkeypatch)
    monkeypatch.setattr(front, "WRITE_TIMEOUT", 60.0)
    (tmp_path / "gate.yaml").write_text(SMALL)
    (tmp_path / "plain.yaml").write_text(
        GATE.replace("gate", "plain").replace("some", "other")
    )
    settings = Settings(max_body=LIMIT, read_timeout=0.3)
    return hooks_app(parts(sqlite, tmp_path, settings, OWN))


def test_a_source_has_its_own_limit(app, sqlite):
    """T-50: a body up to the source's limit is taken and kept byte for byte; one byte more is 413."""
    for size, status in ((LIMIT + 1, 202), (3 * MIB, 202), (3 * MIB + 1, 413)):
        assert send(app, padded(size, f"evt_{size}")).status_code == status
    with sqlite.read() as connection:
        (kept,) = events.named(connection, f"evt_{3 * MIB}")
    assert kept.request.body == padded(3 * MIB, f"evt_{3 * MIB}")


@pytest.mark.parametrize(
    ("name", "size", "status"),
    [
        ("gate", 2_048, 202),
        ("gate", 2_049, 413),
        ("plain", LIMIT, 202),
        ("plain", LIMIT + 1, 413),
    ],
)
def test_a_source_may_have_less_and_others_have_the_default(app, name, size, status):
    """T-50: the limit of one source is no other's."""
    sent = json.dumps({"id": "e" * (size - 10)}).encode()
    assert len(sent) == size
    answer = app.test_client().post(
        f"/hooks/{name}/{SECRET}", data=sent, content_type="application/json"
    )
    assert answer.status_code == status


def test_size_does_not_tell_which_names_there_are(app):
    """T-50: a stranger's body of a size meets names without a source that take it, and such as do not."""
    client = app.test_client()
    seen = {
        client.post(f"/hooks/name{number}", data=b"x" * 20_000).status_code
        for number in range(60)
    }
    assert seen == {401, 413}


def test_an_outsider_has_no_larger_limit(tmp_path, sqlite, monkeypatch):
    """T-50: where `allow` names networks, others send as much as to any source, and hold no room of it."""
    set_secrets(monkeypatch)
    narrow = OWN.replace("3MB }", "3MB, networks: [198.51.100.0/24] }")
    app = hooks_app(parts(sqlite, tmp_path, Settings(max_body=LIMIT), narrow))
    assert send(app, padded(LIMIT + 1)).status_code == 413
    inside = {"REMOTE_ADDR": "198.51.100.7"}
    assert send(app, padded(LIMIT + 1), environ_base=inside).status_code == 202


def test_who_finds_no_room_is_asked_to_send_again(app, monkeypatch):
    """T-50: a large body that waits for room in vain is 503; what needs none is taken meanwhile."""
    monkeypatch.setattr(large, "EACH", MIB)
    answer = send(app, padded(2 * MIB))
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    assert send(app, padded(LIMIT, "evt_small")).status_code == 202
    assert send(app, padded(MIB, "evt_fits")).status_code == 202
    assert send(app, padded(MIB, "evt_again")).status_code == 202


def test_room_is_bounded_in_all_and_by_address(monkeypatch):
    """T-50: nobody has more than half of it, all together have no more than there is, and what was held is given."""
    monkeypatch.setattr(large, "ROOM", 100)
    monkeypatch.setattr(large, "EACH", 50)
    room, now = Room(), time.monotonic()
    with room.held(lambda: "a") as first, room.held(lambda: "b") as second:
        first.take(40, now)
        with room.held(lambda: "a") as more, pytest.raises(Busy):
            more.take(11, now)
        second.take(50, now)
        with room.held(lambda: "c") as third, pytest.raises(Busy):
            third.take(11, now)
    with pytest.raises(ValueError), room.held(lambda: "a") as failing:
        failing.take(50, now)
        raise ValueError
    with room.held(lambda: "a") as last:
        last.take(50, now)


def test_room_is_waited_for(monkeypatch):
    """T-50: a sender whose neighbour is done in time goes on."""
    monkeypatch.setattr(large, "EACH", 50)
    room = Room()
    with room.held(lambda: "a") as second:
        first = room.held(lambda: "a")
        first.__enter__().take(50, 0.0)
        threading.Timer(0.3, first.__exit__, (None, None, None)).start()
        second.take(50, time.monotonic() + 600)
        assert second.size == 50


class Wire:
    """A body on the wire, which notes how much was read of it before room was asked for."""

    def __init__(self, size):
        self.left, self.given, self.asked = size, 0, []

    def read(self, size):
        part = b"x" * min(size, self.left)
        self.left, self.given = self.left - len(part), self.given + len(part)
        return part

    def take(self, size, until):
        self.asked.append((size, self.given))
        self.size = size

    size = 0


@pytest.mark.parametrize(
    ("announced", "size", "asked"),
    [
        (True, 5_000_000, [(5_000_000, 1_048_576)]),
        (False, 5_000_000, [(9_000_000, 1_048_576)]),
        (True, 1_048_576, []),
        (False, 1_000_000, []),
        (True, 2, []),
    ],
)
def test_room_is_asked_for_once_the_free_part_is_there(announced, size, asked):
    """T-50: an announcement alone holds nothing; of a chunked body all that may come counts: its end is not known."""
    wire = Wire(size)
    environ = {"wsgi.input": wire}
    length = {"CONTENT_LENGTH": str(size)}
    environ |= length if announced else {"HTTP_TRANSFER_ENCODING": "chunked"}
    limits = {"limit": 9_000_000, "free": MIB, "share": wire, "seconds": 600}
    assert len(body.read_body(environ, **limits)) == size
    assert wire.asked == asked


def test_a_chunked_body_ends_at_the_source_s_limit():
    """T-50: nor does room make a body longer than its source takes."""
    wire = Wire(10**9)
    environ = {"wsgi.input": wire, "HTTP_TRANSFER_ENCODING": "chunked"}
    with pytest.raises(TooLarge):
        body.read_body(environ, limit=5 * MIB, free=MIB, share=wire, seconds=600)
    assert wire.given == 5 * MIB + 1


CROWD = 16
EACH_SENDS = 25 * MIB


def memory(running):
    """Bytes that the receivers have in memory."""
    pages = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            stat = file.read_text().rpartition(")")[2].split()
            pages += int(stat[21]) * (int(stat[2]) == running.process.pid)
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_unsigned_bodies_do_not_fill_the_memory(tmp_path):
    """T-50: 16 strangers send 25 MB each and never finish: of most of them only what every source takes is kept.

    A signed body of 20 MB is taken afterwards, and a small one meanwhile.
    """
    text = MAPPING.replace("stripe,", "stripe, allow: { max_body: 25MB },")
    with bridge(tmp_path, NoVendors, DEFAULT_CREDENTIALS, text) as made:
        made.environ |= {"BRIDGE_READ_TIMEOUT": "20"}
        made.start("--no-worker")
        assert taken(made.url, padded(2_000, "evt_before"))
        before = memory(made)
        crowd = [stranger(made) for _ in range(CROWD)]
        assert taken(made.url, padded(2_000, "evt_beside"))
        time.sleep(3)
        grown = memory(made) - before
        for one in crowd:
            one.close()
        assert grown < (CROWD * EACH_SENDS) / 2
        assert taken(made.url, padded(20 * MIB, "evt_signed"))


def stranger(running):
    """A connection that sends all but the last byte of a large body, as fast as it is taken."""
    made = connect(running)
    lines = f"POST /hooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: {EACH_SENDS}\r\n\r\n"
    made.sendall(lines.encode())

    def work():
        try:
            made.sendall(b"x" * (EACH_SENDS - 1))
        except OSError:
            pass  # it was closed before all was taken

    threading.Thread(target=work, daemon=True).start()
    return made
