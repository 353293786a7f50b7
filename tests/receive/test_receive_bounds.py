"""How much a connection may send and how long it goes on, over raw sockets: to the byte, and to the request."""

import pytest
from rawsockets import LIMIT, answers, body, events, head, talk
from running import eventually, sign

from bridge.receive.body import FRAMING
from bridge.receive.stream import HEAD

PLAIN = b"POST /hooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def sized(size):
    """A head of so many bytes, none of whose lines is long."""
    lines = [b"POST /hooks/stripe HTTP/1.1", b"Host: x", b"Content-Length: 0"]
    left = size - sum(len(line) + 2 for line in lines) - 2
    while left > 5_000:
        lines.append(b"X-Fill: " + b"x" * 1_990)
        left -= 2_000
    lines.append(b"X-Last: " + b"x" * (left - 10))
    whole = b"\r\n".join(lines) + b"\r\n\r\n"
    assert len(whole) == size
    return whole


@pytest.mark.parametrize("cut", [1, 3_000, HEAD - 1, HEAD + 1])
@pytest.mark.parametrize(("more", "status"), [(0, 401), (1, 431), (300_000, 431)])
def test_a_head_is_bounded_as_a_whole(receiver, cut, more, status):
    """T-41: 32 KiB of head are read, one byte more is refused, however it is cut into packets."""
    raw = sized(HEAD + more)[: HEAD + 20_000]
    assert talk(receiver, raw[:cut], raw[cut:], pause=0.02) == status


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /hooks/stripe HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n",
    ],
)
def test_bare_line_feeds_are_refused_at_once(receiver, raw):
    """T-41: a head that cannot end well is not waited for."""
    assert talk(receiver, raw) == 400


def chunks(size, count, extension=b""):
    one = b"%x%b\r\n%b\r\n" % (size, extension, b"x" * size)
    return one * count + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("wire", "status"),
    [
        (chunks(1, 1_000), 401),
        (chunks(1, 20_000), 400),
        (chunks(10, LIMIT // 10), 401),
        (chunks(2, LIMIT // 2), 400),
        (chunks(1_000, LIMIT // 1_000), 401),
        (chunks(100, 600, b";" + b"e" * 90), 401),
        (chunks(100, 600, b";" + b"e" * 900), 400),
        (chunks(4, 5, b";" + b"e" * 8_000), 400),
        (b"1\r\nx\r\n0\r\n" + b"A: b\r\n" * 90 + b"\r\n", 401),
        (b"1\r\nx\r\n0\r\n" + b"A: b\r\n" * 9_000 + b"\r\n", 400),
    ],
    ids=lambda value: str(value)[:40],
)
def test_framing_is_bounded_by_the_body(receiver, wire, status):
    """T-42: chunks, extensions and trailers may be as large as the body and 16 KiB besides; beyond that it is 400."""
    assert FRAMING == 16 * 1024
    assert talk(receiver, head("Transfer-Encoding: chunked"), wire) == status


def test_a_signed_body_in_small_chunks_is_taken(receiver):
    """T-42: senders whose libraries write in small pieces are not refused for that."""
    sent = body("evt_small_chunks")
    wire = b"".join(
        b"a\r\n%b\r\n" % sent[at : at + 10] for at in range(0, len(sent) // 10 * 10, 10)
    )
    rest = sent[len(sent) // 10 * 10 :]
    wire += (b"%x\r\n%b\r\n" % (len(rest), rest) if rest else b"") + b"0\r\n\r\n"
    lines = head("Transfer-Encoding: chunked", f"Stripe-Signature: {sign(sent)}")
    assert talk(receiver, lines, wire) == 202
    assert "evt_small_chunks" in events(receiver)


@pytest.mark.parametrize(
    ("refused", "status"),
    [
        (PLAIN, 401),
        (PLAIN.replace(b"POST", b"PUT"), 405),
        (PLAIN.replace(b"stripe", b"a/b/c"), 404),
        (PLAIN.replace(b"Length: 2", b"Length: 9999999"), 413),
        (PLAIN.replace(b"Host", b"Content-Encoding: gzip\r\nHost"), 401),
        (HEALTH.replace(b"GET", b"POST"), 405),
        (HEALTH.replace(b"x\r\n", b"x\r\nContent-Length: 5\r\n"), 200),
        (HEALTH, 200),
    ],
)
def test_nothing_follows_a_refusal(receiver, refused, status):
    """T-43: whatever is not taken from a proven sender ends its connection when more stands behind it."""
    assert answers(receiver, refused + PLAIN + PLAIN) == [status]


def test_a_proven_sender_s_connection_goes_on(receiver):
    """T-43: what is taken does not end it, and so a proxy keeps its connections."""
    sent = body("evt_goes_on")
    one = head(f"Content-Length: {len(sent)}", f"Stripe-Signature: {sign(sent)}") + sent
    assert answers(receiver, one * 5 + PLAIN) == [202, 200, 200, 200, 200, 401]


def test_an_early_answer_is_read_by_who_still_sends(receiver):
    """T-43: a client in the middle of a body that is too large sees 413, not a reset."""
    raw = PLAIN.replace(b"Length: 2", b"Length: 3000000")
    assert talk(receiver, raw, *[b"x" * 300_000] * 10) == 413


TARGETS = {
    "asterisk": b"OPTIONS * HTTP/1.1",
    "tunnel": b"CONNECT 127.0.0.1:80 HTTP/1.1",
    "tunnel to a name": b"CONNECT x:443 HTTP/1.1",
    "no path": b"GET http://x HTTP/1.1",
    "only a query": b"GET http://x?a=b HTTP/1.1",
    "only a fragment": b"GET http://x#a HTTP/1.1",
    "nothing": b"GET  HTTP/1.1",
    "no slash": b"GET hooks/stripe HTTP/1.1",
    "another scheme": b"GET mailto:a@b HTTP/1.1",
}


@pytest.mark.parametrize("bind", ["hooks", "admin"])
@pytest.mark.parametrize("name", TARGETS)
def test_targets_without_a_path(receiver, name, bind):
    """T-44: what names nothing here is 400 or 405 on both binds, and no traceback."""
    before = receiver.log.stat().st_size
    found = answers(receiver, TARGETS[name] + b"\r\nHost: x\r\n\r\n", bind)
    assert found in ([400], [405])
    said = receiver.log.read_text()[before:]
    assert "Traceback" not in said and '"error"' not in said


def test_the_world_is_told_only_whether_it_is_ready(receiver):
    """T-45: details of /readyz stand on the admin bind alone."""
    import requests

    public = requests.get(f"{receiver.url}/readyz", timeout=60)
    assert (public.status_code, public.json()) == (200, {"status": "ok"})
    admin = f"http://127.0.0.1:{receiver.admin_port}/readyz"
    assert eventually(lambda: "ruleset" in requests.get(admin, timeout=60).json())
