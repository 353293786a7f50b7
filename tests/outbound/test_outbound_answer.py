"""How the bytes of an answer are read: the same however they are cut, and refused where they are no whole answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.outbound import answer as answers
from bridge.outbound.answer import Answer
from bridge.outbound.exchange import Failed

OK = b"HTTP/1.1 200 OK\r\n"
COUNTED = OK + b"X-A: 1\r\nContent-Length: 5\r\nx-a: 2\r\n\r\nhello"
CHUNKED = (
    OK
    + b"Transfer-Encoding: chunked\r\n\r\n2;e=1\r\nhe\r\n3 \r\nllo\r\n0\r\nX-T: 1\r\n\r\n"
)
UNTIL_CLOSE = b"HTTP/1.0 200 OK\r\n\r\nhello"
HINTED = b"HTTP/1.1 103 Early Hints\r\nX-H: 1\r\n\r\n" + COUNTED


def fed(pieces, method="POST"):
    answer = Answer("v.test", method)
    for piece in pieces:
        if not answer.complete:
            answer.feed(piece)
    return answer


def cut(data, places):
    edges = sorted({place % len(data) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in zip(edges, edges[1:])]


@given(
    st.sampled_from([COUNTED, CHUNKED, UNTIL_CLOSE, HINTED]),
    st.lists(st.integers(0, 1000), max_size=8),
)
def test_an_answer_is_the_same_however_it_is_cut(data, places):
    """Where a network cuts it says nothing; hints and trailers leave nothing behind."""
    answer = fed([*cut(data, places), b""])
    assert (answer.status, answer.body) == (200, b"hello")
    assert answer.complete and not answer.truncated
    assert "x-h" not in answer.headers and "x-t" not in answer.headers
    assert answer.reusable == (data is not UNTIL_CLOSE)


@given(st.binary(max_size=400))
def test_no_bytes_do_more_than_fail(data):
    """Whatever comes is an answer or a Failed, after what looks like a head, too."""
    for head in (b"", OK, OK + b"Transfer-Encoding: chunked\r\n\r\n"):
        try:
            answer = fed([head + data, b""])
        except Failed as failure:
            assert failure.kind == "dropped" and "v.test" in str(failure)
        else:
            assert answer.complete


@pytest.mark.parametrize(
    "data, status, body",
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, b""),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, b""),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, b"ok"),
        (OK + b"Content-Length: 2\r\nX-Name: \xe9\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        (
            OK + b"X-A: a\x01b\r\nX-B: 1\r\n 2\r\nContent-Length: 2\r\n\r\nok",
            200,
            b"ok",
        ),
        (b"HTTP/1.1 599 Odd\r\nContent-Length: 2\r\n\r\nok", 599, b"ok"),
    ],
    ids=[
        "204",
        "304 with a length",
        "no reason",
        "line feeds",
        "Latin-1",
        "1.0",
        "odd values",
        "599",
    ],
)
def test_answers_of_real_servers(data, status, body):
    """Each is whole without the end of its connection."""
    answer = fed([data])
    assert (answer.complete, answer.status, answer.body) == (True, status, body)


def test_chunks_beside_a_length_are_read_as_chunks():
    """Clients do so everywhere; what comes after may be anybody's, so the connection is not used again."""
    both = CHUNKED.replace(b"Transfer", b"Content-Length: 3\r\nTransfer", 1)
    answer = fed([both])
    assert (answer.complete, answer.body, answer.reusable) == (True, b"hello", False)


def test_an_answer_to_head_has_no_body():
    """Its length is that of what GET would bring."""
    answer = fed([OK + b"Content-Length: 500\r\n\r\n"], method="HEAD")
    assert (answer.complete, answer.body, answer.reusable) == (True, b"", False)


@pytest.mark.parametrize(
    "data",
    [
        COUNTED + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        COUNTED + b"x",
        COUNTED.replace(b"X-A: 1", b"Connection: close"),
        COUNTED.replace(b"X-A: 1", b"Connection: close") + b"more",
        b"HTTP/1.0" + COUNTED[8:],
        b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\nxx",
    ],
    ids=["a second answer", "a byte", "close", "close and more", "1.0", "upgrade"],
)
def test_a_connection_that_may_carry_something_else_is_not_used_again(data):
    """The answer that was asked for counts, and the next call opens its own connection."""
    answer = fed([data])
    assert answer.complete and not answer.reusable
    assert answer.status in (101, 200)


@pytest.mark.parametrize(
    "data",
    [
        b"220 smtp.example ESMTP\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"\x15\x03\x03\x00\x02\x02\x46",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: 99999999999999999999999\r\n\r\n",
        OK + b"broken header\r\n\r\n",
        OK + b"X\x00: 1\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    ],
)
def test_what_is_no_answer_fails_at_once(data):
    """It does not take its connection's end to see it."""
    with pytest.raises(
        Failed, match="v.test sent something that is not a complete HTTP answer"
    ):
        fed([data])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 20",
        OK + b"Content-Length: 9\r\n\r\nshort",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_what_ends_early_fails(data):
    """A 2xx may be taken back in the body that did not come."""
    with pytest.raises(Failed, match="v.test closed the connection before"):
        fed([*([data] if data else []), b""])


def test_only_what_is_kept_is_kept():
    """A byte more than the limit ends the reading, and the bytes after it are dropped."""
    answer = fed([OK + b"\r\n", b"x" * answers.MAX_BODY, b"xx", b"more"])
    assert (answer.complete, answer.truncated, answer.reusable) == (True, True, False)
    assert answer.body == b"x" * answers.MAX_BODY
