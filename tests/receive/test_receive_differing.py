"""Our reading of requests beside another strict one, gunicorn's, and beside itself where bytes come in other pieces."""

import pytest
from fakewire import described, read
from gunicorn.config import Config
from gunicorn.http import RequestParser
from gunicorn.http.wsgi import create
from hypothesis import example, given
from hypothesis import strategies as st
from test_receive_smuggling import SMUGGLING

CONFIG = Config()
CONFIG.set("limit_request_line", 8190)
CONFIG.set("forwarded_allow_ips", "")

METHODS = "GET HEAD PUT OPTIONS CONNECT PRI get DESCRIBE GE(T A".split()
TARGETS = (
    "/ /a?b=c /a#b /%41%00?%zz //a/b /a?b?c /\xe9 * http://x/y http://x http://x?a=/b http://[x/ http://x:y/ x:443 "
    "mailto:a@b hooks HTTP://X/ ftp://x/y http://a@b/c /a\tb"
).split(" ")
VERSIONS = "HTTP/1.0 HTTP/1.2 HTTP/2.0 HTTP/0.9 http/1.1 RTSP/1.0 ICE/1.0 HTTP/1.1\t HTTP/01.1 HTTP/1.1x".split(
    " "
)
FIELDS = [
    "Host: x", "Host: y", "Host:", "X: a, b", "X:", "X: \xe9", "X: a\x00b", "X: a\x7fb", "X : a", "X\t: a", " X: a",
    "\tfolded", "", ": a", "X", "X_Y: a", "X(: a", "X\xdf: a", "Content-Type: a/b", "Content-Type: c/d",
    "Content-Length: 5", "Content-Length: 0", "Content-Length: 05", "Content-Length: +5", "Content-Length: 5, 5",
    "Content-Length: \xb2", "Content-Length: 99999999999999999999", "Content_Length: 5", "Content-Length:",
    "Transfer-Encoding: chunked", "Transfer-Encoding: Chunked", "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: identity", "Transfer-Encoding:", "Transfer-Encoding: chunked,",
    "Transfer-Encoding: \x0bchunked", "Connection: close", "Connection: keep-alive", "Connection: Upgrade",
    "Upgrade: h2c", "Upgrade: websocket",
    "Expect: 100-continue", "Expect: 100-Continue", "Expect: x", "Expect:", "Trailer: X", "X: " + "y" * 8_300,
]  # fmt: skip
CHUNKS = [
    "5\r\n12345\r\n0\r\n\r\n", "5;a=b\r\n12345\r\n0\r\n\r\n", "5 ;a\r\n12345\r\n0\r\n\r\n", "0\r\n\r\n", "00\r\n\r\n",
    '5;a="\\"x"\r\n12345\r\n0\r\n\r\n', "5;\r\n12345\r\n0\r\n\r\n", "5\n12345\r\n0\r\n\r\n", "5\r\n12345\n0\r\n\r\n",
    "0\r\nX: y\r\n\r\n", "0\r\nHost: y\r\n\r\n", "0\r\nContent-Length: 5\r\n\r\n", "0\r\nX: y\n\r\n\r\n",
    "0\r\nX: y\r\n folded\r\n\r\n", "0\r\nX : y\r\n\r\n", "0\r\nX\r\n\r\n",
    "0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "4\r\n\r\n\r\n\r\n0\r\n\r\n", "A\r\n0123456789\r\n0\r\n\r\n", "0x5\r\n12345\r\n0\r\n\r\n", "+5\r\n1",
    "5\r\n123456\r\n0\r\n\r\n", "5\r\n1234\r\n0\r\n\r\n", "\r\n5\r\n12345\r\n0\r\n\r\n", "5\r\n12345\r\n", "0\r\n", "",
    "5;a\rb\r\n12345\r\n0\r\n\r\n", "5\t\r\n12345\r\n0\r\n\r\n", "0\r\nTE: x\r\n\r\n", "0\r\nX_Y: z\r\n\r\n",
    "10000000000000005\r\n12345\r\n0\r\n\r\n", "0\r\nX: \x00\r\n\r\n", "0\r\n" + "X: y\r\n" * 101 + "\r\n",
    "0\r\nX: " + "y" * 8_300 + "\r\n\r\n", "5;a=" + "b" * 8_300 + "\r\n12345\r\n0\r\n\r\n", "0\r\n\r\n\r\n",
    "0;a\r\n\r\n",
]  # fmt: skip
CODING = "Transfer-Encoding: chunked"
FRAMED = [("", ""), ("Content-Length: 5", "12345"), (CODING, CHUNKS[0])] * 15
FRAMED += [(CODING, chunks) for chunks in CHUNKS]
ODD = st.sampled_from(list("\r\n\t \x00\x0b\x7f\xa0:;,/0aA") + ["\r\n", "\r\n "])


def mostly(usual, odd):
    """The usual thing, but one of the odd ones now and then."""
    return st.sampled_from([usual] * len(odd) * 20 + odd)


ENDS = mostly("\r\n", ["\n", "\r", "\r\n\r\n", "\r\r\n", ""])


@st.composite
def messages(draw):
    """One message: usual but for a thing or two that servers read differently, or a character put in or out."""
    kinds = zip(("POST", "/hooks/x", "HTTP/1.1"), (METHODS, TARGETS, VERSIONS))
    first = " ".join(draw(mostly(usual, odd)) for usual, odd in kinds)
    framing, body = draw(st.sampled_from(FRAMED))
    odd = draw(st.lists(st.sampled_from(FIELDS), max_size=1))
    lines = [first, "Host: x", *draw(st.permutations([*odd, *framing.splitlines()]))]
    text = draw(mostly("", ["\r\n", "\r\n\r\n", " ", "\n"]))
    text += "".join(line + draw(ENDS) for line in lines) + draw(ENDS) + body
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(ODD) + text[at + draw(st.integers(0, 1)) :]
    return text


def by_gunicorn(raw):
    """What gunicorn reads from these bytes, as `read` tells it."""
    found, parser = [], RequestParser(CONFIG, iter([raw]), ("127.0.0.1", 1))
    try:
        for request in parser:
            body = request.body.read()
            _, environ = create(request, Silent(), "127.0.0.1", "x:80", CONFIG)
            found.append((*described(environ), body))
    except Exception:  # it has many, and some that are Python's
        pass
    return found


class Silent:
    """Where it writes `100 Continue`."""

    def send(self, data):
        pass


def compare(raw):
    """Fails unless all that we read from these bytes is read by gunicorn, too, and as the same requests."""
    ours, theirs = read(raw), by_gunicorn(raw)
    assert ours == theirs[: len(ours)]


@given(st.lists(messages(), min_size=1, max_size=3))
def test_nothing_is_taken_that_gunicorn_refuses(sent):
    """T-31: whatever two messages in a row are made of, we read no request that gunicorn does not read just so."""
    compare("".join(sent).encode("latin-1"))


@given(st.binary(max_size=200))
@example(b"\r\n")
def test_no_bytes_are_an_accident(raw):
    """Whatever comes is a request or is refused."""
    compare(raw)


PLAIN = [
    "GET / HTTP/1.1\r\n\r\n",
    "\r\nPOST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
    "POST http://x:80/a HTTP/1.1\r\nX:\r\nY:  a\t\xe9 \r\nX: b\r\nContent-Length: 0\r\n\r\n",
    'POST /%41 HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n2;a="b c"\r\n{}\r\n0\r\nX: y\r\n\r\n',
    "POST //a HTTP/1.1\r\nExpect: 100-continue\r\nUpgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 1\r\n\r\n1",
    "PUT /a HTTP/1.0\r\nConnection: keep-alive\r\nX_Y: dropped\r\nContent-Length: 1\r\n\r\n1",
]


def test_what_is_plain_is_taken():
    """The properties here are not empty: both read six usual requests in a row alike."""
    raw = "".join(PLAIN).encode("latin-1")
    assert read(raw) == by_gunicorn(raw) and len(read(raw)) == len(PLAIN)


SECOND = "GET /second HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("name", SMUGGLING)
def test_ways_to_smuggle(name):
    """T-31: nor of what is known to be read differently."""
    raw = f"POST / HTTP/1.1\r\nHost: x\r\n{SMUGGLING[name]}{SECOND}"
    compare(raw.encode("latin-1"))


@st.composite
def streams(draw):
    """Some requests in a row as (method, body), and their bytes."""
    requests, raw = [], b""
    for _ in range(draw(st.integers(1, 4))):
        body = draw(
            st.binary(max_size=60) | st.sampled_from([b"\r\n" * 9, b"0\r\n\r\n"])
        )
        raw += draw(st.sampled_from([b"", b"\r\n"]))
        raw += b"POST /hooks/x HTTP/1.1\r\nHost: x\r\n"
        if draw(st.booleans()):
            raw += b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        else:
            raw += b"Transfer-Encoding: chunked\r\n\r\n" + draw(chunked(body))
        requests.append(body)
    return requests, raw


@st.composite
def chunked(draw, body):
    """This body in chunks of any sizes."""
    wire = b""
    while body:
        size = draw(st.integers(1, len(body)))
        mark = draw(st.sampled_from([b"", b";a", b';a="b c"']))
        wire += b"%x%b\r\n%b\r\n" % (size, mark, body[:size])
        body = body[size:]
    return wire + b"0\r\n" + draw(st.sampled_from([b"", b"X: y\r\n"])) + b"\r\n"


@given(streams(), st.data())
def test_pieces_do_not_matter(made, data):
    """T-31: however the network cuts requests in a row, they are the same requests."""
    bodies, raw = made
    cuts = sorted(data.draw(st.sets(st.integers(0, len(raw)), max_size=30)))
    pieces = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)])]
    assert [body for _, _, _, body in read(*pieces)] == bodies


def test_no_cut_matters():
    """T-31: wherever requests in a row are cut in two, they are the same: also within what ends a head or a body."""
    chunks = b"4\r\n\r\n\r\n\r\n5;a\r\n0\r\n\r\n\r\n0\r\nX: y\r\n\r\n"
    raw = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    raw += b"POST /b HTTP/1.1\r\nContent-Length: 4\r\n\r\n\r\n\r\n" + PLAIN[0].encode()
    bodies = [b"\r\n\r\n0\r\n\r\n", b"\r\n\r\n", b""]
    assert [body for *_, body in read(raw)] == bodies
    for cut in range(1, len(raw)):
        assert read(raw[:cut], raw[cut:]) == read(raw), cut
