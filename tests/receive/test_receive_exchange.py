"""Requests of one connection and their answers, to a WSGI application of the test's own."""

import pytest
from fakewire import Pieces

from bridge.errors import Malformed
from bridge.receive.connection import Connection
from bridge.receive.exchange import environment, serve
from bridge.receive.gunicorn_worker import Receiver

GET = b"GET /a%20b?c=%20d HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"


def echo(environ, start):
    """Answers with the body; its sender is a proven one."""
    environ["bridge.connection"].prove()
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"<", environ["wsgi.input"].read(), b">"]


def served(raw, app=echo, wanted=True):
    """What is written to a client that sends these bytes: a piece of bytes for each write."""
    client = Pieces(raw if isinstance(raw, list) else [raw])
    base = environment(("127.0.0.1", 80), ("203.0.113.5", 999), "http")
    serve(Connection(None, client, 60.0), app, base, lambda: wanted)
    return client.writes


def test_an_answer_is_one_write():
    """However many pieces the application makes of it."""
    first, second = served(POST + b"\r\n12345" + GET)
    assert first.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n")
    assert b"\r\nContent-Length: 7\r\n" in first and first.endswith(b"\r\n\r\n<12345>")
    assert b"\r\nConnection: keep-alive\r\n" in second
    assert second.endswith(b"\r\n\r\n<>")


def test_what_the_application_is_told():
    """Both ends, the target as it was sent, a path without escapes; names that only look like others are not there."""
    told = {}

    def app(environ, start):
        told.update(environ)
        return echo(environ, start)

    served(GET.replace(b"\r\n\r\n", b"\r\nX-A: 1\r\nx-a: 2\r\nX_A: 3\r\n\r\n"), app)
    assert told["RAW_URI"] == "/a%20b?c=%20d"
    assert (told["PATH_INFO"], told["QUERY_STRING"]) == ("/a b", "c=%20d")
    assert (told["REMOTE_ADDR"], told["SERVER_PORT"]) == ("203.0.113.5", "80")
    assert told["HTTP_X_A"] == "1,2"


@pytest.mark.parametrize(
    ("raw", "stays"),
    [
        (GET, True),
        (GET.replace(b"1.1", b"1.0"), False),
        (GET.replace(b"1.1\r\n", b"1.0\r\nConnection: Keep-Alive\r\n"), True),
        (GET.replace(b"1.1\r\n", b"1.1\r\nConnection: close\r\n"), False),
        (GET.replace(b"1.1\r\n", b"1.1\r\nConnection: x , Close\r\n"), False),
        (GET.replace(b"1.1\r\n", b"1.1\r\nUpgrade: h2c\r\nConnection: upgrade\r\n"), True),
    ],
)  # fmt: skip
def test_who_wants_to_stay_may(raw, stays):
    """A wish for another protocol is passed over, and a receiver that stops keeps nobody."""
    answers = served(raw + GET)
    assert len(answers) == 1 + stays
    assert (b"Connection: close" in answers[0]) == (not stays)
    assert len(served(raw + GET, wanted=False)) == 1


CHUNKED = b"5\r\n12345\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("framing", "body"),
    [(b"Content-Length: 5\r\n", b"12345"), (b"Transfer-Encoding: chunked\r\n", CHUNKED)],
)  # fmt: skip
@pytest.mark.parametrize("wish", [b"", b"Upgrade: h2c\r\nConnection: upgrade\r\n"])
def test_a_client_that_asks_first_is_told_to_go_on(framing, body, wish):
    """`Expect: 100-continue` is met once the body is read, and not before: who is refused sends none."""
    raw = POST.replace(b"Content-Length: 5\r\n", framing + wish)
    asking = raw + b"Expect: 100-Continue\r\n\r\n"
    first, second = served([asking, body[:3], body[3:]])
    assert first == b"HTTP/1.1 100 Continue\r\n\r\n" and second.endswith(b"<12345>")
    (old,) = served([asking.replace(b"1.1", b"1.0"), body])
    assert b"100 Continue" not in old

    def refuse(environ, start):
        start("401 Unauthorized", [])
        return []

    (only,) = served([asking, body], refuse)
    assert only.startswith(b"HTTP/1.1 401") and b"Connection: close" in only


@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "304 Not Modified"])
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_answers_without_a_body(method, status):
    """RFC 9110, 6.4.1: to HEAD, and with 204 or 304, nothing follows the head, whatever the application gives."""

    def app(environ, start):
        environ["bridge.connection"].prove()
        start(status, [("Content-Length", "2")] if method == b"HEAD" else [])
        return [b"ab"]

    one, two = served(GET.replace(b"GET", method) + GET, app)
    bodiless = method == b"HEAD" or status != "200 OK"
    assert one.endswith(b"\r\n\r\n" if bodiless else b"\r\n\r\nab")
    assert (b"Content-Length: 2" in one) == (method == b"HEAD" or not bodiless)


def test_how_an_answer_is_framed_is_not_the_application_s():
    """What it says of the connection, the date and the length is not said twice, nor otherwise than it is."""

    def app(environ, start):
        fields = [
            "Connection: upgrade",
            "Transfer-Encoding: chunked",
            "content-length: 9",
        ]
        start("200 OK", [tuple(one.split(": ")) for one in [*fields, "date: never"]])
        return [b"ab"]

    (only,) = served(GET, app, wanted=False)
    head = only.lower().partition(b"\r\n\r\n")[0].splitlines()
    assert b"connection: close" in head and b"content-length: 2" in head
    assert len(head) == 4


@pytest.mark.parametrize(
    "fields",
    [
        [("X", "a\r\nSet-Cookie: b")],
        [("X\nY", "a")],
        [("X", "a\rb")],
        [("X", "\x00")],
        [("X", "\u0119")],
        None,
    ],
)
def test_an_application_that_fails_is_answered_for(fields, capsys):
    """500 and the end of the connection; a line that an answer would forge is such a failure."""

    def app(environ, start):
        environ["bridge.connection"].prove()
        start("200 OK", fields)
        return [b"ab"]

    (only,) = served(GET + GET, app)
    assert only.startswith(b"HTTP/1.1 500 ") and b"Connection: close" in only
    assert b"Set-Cookie" not in only and b"ab" not in only
    assert "%20d" not in capsys.readouterr().err


def test_a_failure_in_the_middle_closes_what_was_opened():
    """What the application opened for its answer is closed, whether it was whole or not."""
    closed = []

    class Result:
        def __iter__(self):
            raise OSError("a full disk")

        def close(self):
            closed.append(True)

    def app(environ, start):
        start("200 OK", [])
        return Result()

    (only,) = served(GET, app)
    assert only.startswith(b"HTTP/1.1 500 ") and closed


REFUSED = [
    (b"nonsense\r\n\r\n", 400),
    (b"\r\n\r\nGET /secret HTTP/1.1\r\n\r\n", 400),
    (b"GET /secret HTTP/1.1\nHost: x\n\n", 400),
    (b"GET /" + b"x" * 8_175 + b" HTTP/1.1\r\n\r\n", 414),
    (b"GET /secret HTTP/1.1\r\n" + b"X: y\r\n" * 101 + b"\r\n", 431),
    (b"GET /secret HTTP/1.1\r\nX: " + b"y" * 8_186 + b"\r\n\r\n", 431),
    (b"GET /secret HTTP/1.1\r\nX: " + b"y" * 40_000, 431),
    (b"GET /secret HTTP/1.1\r\nExpect: secret\r\n\r\n", 417),
    (b"GET /secret HTTP/1.1\r\nExpect:\r\n\r\n", 417),
]
FIRST = (
    "GET /secret HTTP/1.2", "GET /secret HTTP/2.0", "GET /secret HTTP/0.9", "GET /secret", "get /secret HTTP/1.1",
    "DESCRIBE /secret RTSP/1.0", "SOURCE /secret ICE/1.0", "GET /secret#a HTTP/1.1", "GET /secret\xe9 HTTP/1.1",
    "GET  /secret HTTP/1.1", "GET /secret  HTTP/1.1", "GET /secret\x7f HTTP/1.1", "GET /secret\ta HTTP/1.1",
    "GET http://[secret/ HTTP/1.1", "GET http://secret HTTP/1.1", "GET ftp://x/secret HTTP/1.1",
    "CONNECT secret:1 HTTP/1.1",
    "GET http://secret@x/ HTTP/1.1", "OPTIONS * HTTP/1.1", "GET secret HTTP/1.1", "UNKNOWN /secret HTTP/1.1",
)  # fmt: skip
LINES = (
    "X : secret", " X: secret", "X: a\r\n secret", "X: a\r\n\tsecret", "X: \x00", "X: \x7f", "X: a\x0bb", "X: a\rb",
    "X: a\nB: c", "X\xe9: a", "X(: a", ": a", "X", "Host: x\r\nHost: x", "Content-Type: a/b\r\ncontent-type: a/b",
    "Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5, 5", "Content-Length: +5", "Content-Length: 0x5",
    "Content-Length:", f"Content-Length: {'9' * 19}", "Content-Length: \xb2", "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: identity", "Transfer-Encoding:", "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: xchunked", 'Transfer-Encoding: "chunked"',
)  # fmt: skip
REFUSED += [(f"{first}\r\nHost: x\r\n\r\n".encode("latin-1"), 400) for first in FIRST]
REFUSED += [
    (f"POST /secret HTTP/1.1\r\n{line}\r\n\r\n12345".encode("latin-1"), 400)
    for line in LINES
]
OLD = b"POST /secret HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"


@pytest.mark.parametrize(("raw", "status"), [*REFUSED, (OLD, 400)])
def test_what_is_no_request_is_told_so(raw, status, capsys):
    """With a reason, in JSON as every refusal, and without a word of what was sent."""
    (only,) = served(raw + GET)
    assert only.startswith(b"HTTP/1.1 %d " % status) and b"Connection: close" in only
    assert b'{"status":"refused","error":"' in only
    assert b"secret" not in only and b"secret" not in capsys.readouterr().err.encode()


@pytest.mark.parametrize(
    "chunks",
    [
        "5\n12345\r\n0\r\n\r\n", "5\r\n12345\n0\r\n\r\n", "5\r\n123456\r\n0\r\n\r\n", "5\r\n1234\r\n0\r\n\r\n",
        "+5\r\n12345\r\n0\r\n\r\n", "5;\r\n12345\r\n0\r\n\r\n", "5 \r\n12345\r\n0\r\n\r\n", "5\r\n12345\r\n0\r\n",
        "5;a\rb\r\n12345\r\n0\r\n\r\n", "10000000000000005\r\n12345\r\n0\r\n\r\n", "0\r\nHost: x\r\n\r\n",
        "0\r\nContent-Length: 5\r\n\r\n", "0\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\nAuthorization: x\r\n\r\n",
        "0\r\nX : y\r\n\r\n", "0\r\nX: y\r\n z\r\n\r\n", "0\r\nX: \x00\r\n\r\n", "0\r\nX: y\n\r\n\r\n",
        "0\r\n" + "X: y\r\n" * 101 + "\r\n", "0\r\nX: " + "y" * 8_190 + "\r\n\r\n",
    ],
)  # fmt: skip
def test_broken_chunks_are_the_sender_s_error(chunks):
    """The reader of the body is told, and nothing behind them is a request."""
    raw = f"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
    assert reason(Pieces([raw.encode(), GET])) == "broken_body"


class Reset(Pieces):
    """One whose client went away in the middle."""

    def recv(self, size):
        if self.pieces:
            return super().recv(size)
        raise ConnectionResetError


@pytest.mark.parametrize("wire", [Pieces, Reset])
@pytest.mark.parametrize("chunks", [b"5\r\n12345\r\n", b"5\r\n12", b"0\r\n", b""])
def test_chunks_that_break_off_are_no_body(wire, chunks):
    """T-30: an end of the connection is none of the body."""
    raw = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    assert reason(wire([raw])) == "broken_body"


def test_framing_is_counted():
    """T-42: tiny chunks are taken as long as all that frames them is twice the body and 16 KiB at most."""
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    for count, said in ((3_000, None), (5_000, "framing")):
        wire = b"1\r\nx\r\n" * count + b"0\r\n\r\n"
        assert reason(Pieces([head + wire])) == said


def reason(client):
    """Why the body of this client's first request could not be read; its connection does not go on then."""
    told = []

    def app(environ, start):
        environ["bridge.connection"].prove()
        try:
            environ["wsgi.input"].read()
            told.append(None)
        except Malformed as error:
            told.append(error.reason)
        start("200 OK", [])
        return []

    serve(Connection(None, client, 60.0), app, {}, lambda: True)
    assert (b"Connection: close" in client.writes[0]) == (told != [None])
    return told[0]


def test_who_sends_no_request_may_read_why():
    """T-43: its connection is not reset at once: it may be sending still."""
    client = Connection(None, Pieces([b"nonsense\r\n\r\n"]), 60.0)
    serve(client, echo, {}, lambda: True)
    assert client.lingers


@pytest.mark.parametrize("cut", [b"GET / HTTP/1.1\r\nHo", b"", b"\r\n"])
def test_who_leaves_is_told_nothing(cut):
    """A head that breaks off has no answer."""
    assert served(cut) == []


def test_a_receiver_may_have_a_number_of_requests():
    """Gunicorn's `--max-requests`: after the last of them no connection goes on, and the process is replaced."""
    receiver = Receiver.__new__(Receiver)
    receiver.nr, receiver.max_requests, receiver.alive = 0, 2, True
    assert [receiver._wants_more(), receiver._wants_more()] == [True, False]
    assert not receiver.alive
