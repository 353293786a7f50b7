"""What comes back of a call, over real sockets: bounded in time and size, and honest about whether it was sent."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from outbound_server import ENDLESS, LONG, OK, drip

from bridge.model import Call, NoReply, Reply
from bridge.outbound import Outbound, Target

MIB = 1024 * 1024


def test_answer_is_returned_as_it_came(serve, outbound, call):
    """Status, lower-case headers and body reach the caller unchanged; repeated headers are joined."""
    server = serve(
        b"HTTP/1.1 418 Odd\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 3\r\n\r\n\xff\x00!"
    )
    started = time.monotonic()
    reply = outbound.send(call, server.target())
    assert 0 < reply.elapsed <= time.monotonic() - started
    assert isinstance(reply, Reply)
    assert (reply.status, reply.body, reply.truncated) == (418, b"\xff\x00!", False)
    assert reply.headers["x-a"] == "1, 2"


def test_request_on_the_wire(serve, outbound):
    """The request holds what the call and the target say, an identity encoding, our name, and nothing from requests."""
    server = serve()
    target = Target(
        vendor="http",
        base_url=f"http://127.0.0.1:{server.port}/v1/",
        headers=(("X-Api-Key", "k"),),
    )
    call = Call(
        method="PUT",
        path="/a%2Fb/%C3%A9",
        query=(("q", "a b&é"), ("q", "2")),
        headers=(("Content-Type", "application/json"), ("x-api-key", "from payload")),
        body=b'{"a":1}',
    )
    outbound.send(call, target)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "PUT /v1/a%2Fb/%C3%A9?q=a%20b%26%C3%A9&q=2 HTTP/1.1"
    assert sorted(lines[1:]) == [
        "Accept-Encoding: identity",
        "Content-Length: 7",
        "Content-Type: application/json",
        f"Host: 127.0.0.1:{server.port}",
        "User-Agent: bridge/0.1.0",
        "X-Api-Key: k",
    ]
    assert body == b'{"a":1}'


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD", "POST"])
def test_calls_without_a_body(serve, outbound, method):
    """A call without a body is sent without one, and HEAD does not wait for an answer's body."""
    server = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    reply = outbound.send(Call(method=method, path="/"), server.target())
    assert isinstance(reply, Reply) and reply.status == 200
    assert server.requests[0].endswith(b"\r\n\r\n")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_answers(serve, outbound, call, status):
    """A redirect is not followed: nothing, credentials least of all, goes where it points."""
    elsewhere = serve()
    server = serve(
        f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:{elsewhere.port}/\r\n"
        "Content-Length: 0\r\n\r\n".encode()
    )
    reply = outbound.send(call, server.target())
    assert reply.status == status
    assert elsewhere.connections == 0


def test_body_over_the_limit_is_truncated(serve, outbound, call):
    """An endless answer is read up to 1 MiB and is still an answer; its connection is not used again."""

    def endless(conn):
        conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            conn.sendall(b"x" * 65536)

    server = serve(endless)
    reply = outbound.send(call, server.target())
    assert (reply.status, len(reply.body), reply.truncated) == (200, MIB, True)
    outbound.send(call, server.target())
    assert server.connections == 2


@pytest.mark.parametrize("more", [0, 1])
def test_truncation_starts_after_exactly_one_mebibyte(serve, outbound, call, more):
    """A body of exactly the limit is whole; one byte more is truncated."""
    size = MIB + more
    server = serve(
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    )
    reply = outbound.send(call, server.target())
    assert (len(reply.body), reply.truncated) == (MIB, bool(more))


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 ",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
    ids=["status line", "header", "counted body", "chunk size", "body until close"],
)
def test_dribbling_answer_ends_with_the_wall_clock(serve, send_in_time, call, head):
    """A byte now and then does not extend the time: the whole call ends with its time-out, and it was sent."""
    server = serve(lambda conn: conn.sendall(head) or drip(server, conn, b"1"))
    answer = send_in_time(call, server.target(), 0.3)
    assert isinstance(answer, NoReply)
    assert (answer.kind, answer.sent) == ("timeout", True)
    assert 0.3 <= answer.elapsed < LONG
    assert answer.message == "127.0.0.1 did not answer within 0.3 s"


def test_reader_that_stalls_ends_with_the_wall_clock(serve, send_in_time):
    """A vendor that stops reading our request cannot hold the call either."""
    server = serve()
    server._one = lambda conn: server.stopped.wait(ENDLESS) and False
    call = Call(method="POST", path="/", body=b"x" * 32 * MIB)
    answer = send_in_time(call, server.target(), 0.4)
    assert (answer.kind, answer.sent) == ("timeout", True)
    assert answer.elapsed < LONG


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 101,
        b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 70_000,
        b"HTTP/1.1 200 OK\r\n" + (b"X-A: " + b"a" * 9_000 + b"\r\n") * 90,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 9_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"1\r\nx\r\n" * 10**6,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        + b"a:b\r\n" * 10**6,
    ],
    ids=["many", "long", "both", "interim", "chunks", "trailers"],
)
def test_framing_without_end_is_cut(serve, outbound, call, head):
    """Headers, interim answers, chunks and trailers are bounded in number, not only in time."""

    def answer(conn):
        while True:
            conn.sendall(head)

    answer = outbound.send(call, serve(answer).target(), timeout=120)
    assert isinstance(answer, NoReply)
    assert (answer.kind, answer.sent) == ("dropped", True)


@pytest.mark.parametrize(
    "sends",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"220 smtp.example ESMTP\r\n",
    ],
    ids=["nothing", "half a head", "short body", "short chunk", "no chunk", "no HTTP"],
)
def test_connection_dropped_after_the_request(serve, outbound, call, sends):
    """A connection closed before its answer was whole leaves an unknown outcome, without another attempt."""
    server = serve(lambda conn: conn.sendall(sends))
    answer = outbound.send(call, server.target())
    assert isinstance(answer, NoReply)
    assert (answer.kind, answer.sent) == ("dropped", True)
    assert len(server.requests) == 1


def test_refused_connection_was_not_sent(outbound, call):
    """A port where nobody listens cannot have seen the request."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    target = Target(vendor="http", base_url=f"http://127.0.0.1:{port}")
    answer = outbound.send(call, target)
    assert (answer.kind, answer.sent) == ("refused", False)


def test_connect_timeout_was_not_sent(outbound, call, monkeypatch):
    """A connection that is not taken in time is a time-out of something that was not sent."""

    def swallow(address, timeout):
        time.sleep(timeout)
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", swallow)
    target = Target(vendor="http", base_url="http://127.0.0.1:9")
    answer = outbound.send(call, target, timeout=0.1)
    assert (answer.kind, answer.sent) == ("timeout", False)


def test_no_time_left_sends_nothing(serve, outbound, call):
    """A call whose time is up before it starts connects to nobody."""
    server = serve()
    answer = outbound.send(call, server.target(), timeout=0)
    assert (answer.kind, answer.sent, server.connections) == ("timeout", False, 0)


def test_call_that_was_held_up_is_not_sent(serve, outbound, call):
    """After `start_by` nothing leaves, and the vendor cannot have seen it: its lease may be another's by now."""
    server, now = serve(), time.monotonic()
    late = outbound.send(call, server.target(), start_by=now - 0.001)
    assert (late.kind, late.sent, server.requests) == ("late", False, [])
    assert outbound.send(call, server.target(), start_by=now + 300).status == 200


def test_connections_are_kept(serve, outbound, call, unhurried):
    """Calls one after another share a connection."""
    server = serve()
    for _ in range(5):
        assert outbound.send(call, server.target()).status == 200
    assert (server.connections, len(server.requests)) == (1, 5)


def test_closed_pooled_connection_is_not_used(serve, outbound, call):
    """A kept connection that the vendor closed meanwhile costs nothing: the next call opens its own."""
    server = serve(lambda conn: conn.sendall(OK))
    assert outbound.send(call, server.target()).status == 200
    server.wait_closed()
    assert outbound.send(call, server.target()).status == 200
    assert server.connections == 2


def test_idle_pooled_connection_is_not_used(serve, outbound, call, monkeypatch):
    """After some seconds of silence a kept connection may be closing just now: it is not used again."""
    monkeypatch.setattr("bridge.outbound.transport.MAX_IDLE", 0.0)
    server = serve()
    outbound.send(call, server.target())
    outbound.send(call, server.target())
    assert server.connections == 2


def test_connections_that_idled_too_long_are_closed(serve, outbound, call, monkeypatch):
    """Also of a vendor that is not called again: a call to any other one clears them away."""
    monkeypatch.setattr("bridge.outbound.transport.MAX_IDLE", 0.0)
    left, other = serve(), serve()
    for server in (left, other):
        outbound.send(call, server.target())
    left.wait_closed()
    assert left.connections == 1


def test_the_number_of_kept_connections_is_bounded(serve, outbound, call, monkeypatch):
    """Of many that one host had at a time, so many stay open."""
    monkeypatch.setattr("bridge.outbound.transport.MAX_KEPT", 1)

    def together(conn):
        while len(server.requests) < 3:
            time.sleep(0.01)
        conn.sendall(OK)
        return True

    server = serve(together)
    with ThreadPoolExecutor(3) as pool:
        for _ in range(3):
            pool.submit(outbound.send, call, server.target(), timeout=60)
    assert server.connections == 3
    until = time.monotonic() + 60
    while sum(thread.is_alive() for thread in server._threads) > 2:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_interim_answers_are_skipped(serve, outbound, call):
    """An early hint is not the answer."""
    hints = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    server = serve(hints + OK)
    reply = outbound.send(call, server.target())
    assert (reply.status, reply.body) == (200, b"ok")
    assert "link" not in reply.headers


def test_early_answer_counts(serve, outbound):
    """A vendor that answers before it has read all of the request is heard."""

    def early(conn):
        conn.sendall(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\n")
        conn.shutdown(socket.SHUT_WR)
        while conn.recv(65536):
            pass

    server = serve()
    server._one = early
    call = Call(method="POST", path="/", body=b"x" * 4 * MIB)
    assert outbound.send(call, server.target()).status == 413


@pytest.mark.parametrize(
    "sends", [b"", b"HTTP/1.1 200 OK\r\nbroken header s3cret\r\n\r\n"]
)
def test_nothing_secret_in_messages_or_logs(serve, outbound, call, caplog, sends):
    """Neither the query nor a header of a failed call reaches its message or a log, at any level."""
    caplog.set_level("DEBUG")
    server = serve(lambda conn: conn.sendall(sends))
    target = Target(
        vendor="http",
        base_url=server.target().base_url,
        headers=(("X-Api-Key", "s3cret"),),
    )
    answer = outbound.send(call, target)
    assert isinstance(answer, Reply) or "s3cret" not in repr(answer)
    assert "s3cret" not in caplog.text
    assert "s3cret" not in repr(target)


def test_sandbox_takes_every_call(serve, call):
    """With a sandbox, which may be on loopback, a call goes to its vendor's folder there and nowhere else."""
    server = serve()
    outbound = Outbound(sandbox_url=f"http://127.0.0.1:{server.port}/")
    target = Target(vendor="vambe", base_url="https://api.vambe.me")
    assert outbound.send(call, target).status == 200
    outbound.close()
    assert server.requests[0].startswith(b"POST /vambe/tickets?key=s3cret HTTP/1.1\r\n")
