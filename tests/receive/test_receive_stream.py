"""What one client's bytes may take of the loop, whoever else sends such."""

import time

import gevent
import pytest
from gevent import socket

from bridge.errors import TooSlow
from bridge.receive import stream
from bridge.receive.stream import SLICE, SPACING, Stream

CHUNKS = b"1\r\nx\r\n" * 1_000


@pytest.fixture
def reading():
    """A stream at the body of a chunked request that came whole."""
    opened = []

    def start(body=CHUNKS):
        client, server = socket.socketpair()
        opened.extend((client, server))
        client.sendall(b"POST / HTTP/1.1\r\n\r\n" + body)
        found = Stream(server, 60.0)
        found.head()
        return found

    yield start
    for one in opened:
        one.close()


def test_tiny_chunks_of_all_clients_share_a_part_of_the_loop(reading):
    """Each is a slice of a millisecond for the parser, so they are given out one after another, with time between."""
    streams = [reading() for _ in range(5)]
    began = time.monotonic()
    bodies = [
        gevent.spawn(lambda one=one: [one.body(4096, chunked=True) for _ in range(10)])
        for one in streams
    ]
    gevent.joinall(bodies, raise_error=True)
    assert time.monotonic() - began >= (5 * 10 - 1) * SPACING
    for body in bodies:
        assert b"".join(body.value) == CHUNKS[: 10 * SLICE]


def test_large_chunks_wait_for_no_slice(reading):
    """A usual body in chunks is given out as it comes."""
    found = reading(b"1000\r\n" + b"x" * 4096 + b"\r\n")
    before = Stream._next_slice
    assert len(found.body(4096, chunked=True)) == 4096
    assert Stream._next_slice == before


def test_who_gets_no_slice_in_time_is_too_slow(reading, monkeypatch):
    """The time limit of a request counts the wait for its slices."""
    monkeypatch.setattr(stream.Stream, "_next_slice", time.monotonic() + 3600)
    found = reading()
    with pytest.raises(TooSlow, match="within 60 s"):
        found.body(4096, chunked=True)
