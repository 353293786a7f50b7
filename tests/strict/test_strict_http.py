"""Recordings are read byte for byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.strict import http

HEAD = (
    b"POST /hooks/s?x=1 HTTP/1.1\r\nContent-Type: application/json\r\nX-A: b: c\r\n\r\n"
)


@given(st.binary())
def test_body_is_untouched(body):
    """Whatever follows the empty line is the body."""
    assert http.parse(HEAD + body).body == body


def test_head_is_read():
    """Request line and headers are as written, values may hold colons."""
    request = http.parse(HEAD)
    assert (request.method, request.target) == ("POST", "/hooks/s?x=1")
    assert request.headers == (("Content-Type", "application/json"), ("X-A", "b: c"))


@given(st.binary())
def test_what_is_written_is_read_again(body):
    """write and parse are each other's reverse."""
    request = http.parse(HEAD + body)
    assert http.parse(http.write(request), request.received_at) == request


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"POST /x\n\n",
        b"POST /x HTTP/1.1\nno colon\n\n",
        b"POST /x HTTP/1.1\n X: y\n\n",
    ],
)
def test_what_is_no_recording_is_refused(raw):
    """A head that is none names its line."""
    with pytest.raises(ValueError, match="line [12]"):
        http.parse(raw)
