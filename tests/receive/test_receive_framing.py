"""Framing over raw sockets against the real server: a truncated or malformed request never becomes an event."""

import gzip
import time
import zlib

import pytest
import requests
from rawsockets import LIMIT, body, events, head, talk
from running import eventually, post, sign


def chunked(body, size=8192):
    parts = (body[at : at + size] for at in range(0, len(body), size))
    return (
        b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    )


def test_chunked_body_over_the_limit_is_413(receiver):
    """T-28: a chunked body longer than the limit is refused, not cut to the limit and taken."""
    whole = b"x" * (LIMIT * 2)
    assert talk(receiver, head("Transfer-Encoding: chunked"), chunked(whole)) == 413


def test_chunked_body_at_the_limit_is_read(receiver):
    """T-28: the limit itself is allowed: such a body goes on to verification."""
    whole = b"x" * LIMIT
    assert talk(receiver, head("Transfer-Encoding: chunked"), chunked(whole)) == 401


def test_announced_length_over_the_limit_is_413_at_once(receiver):
    """T-28: a Content-Length over the limit is refused before the body is read."""
    assert talk(receiver, head(f"Content-Length: {LIMIT + 1}")) == 413


def test_body_shorter_than_announced_is_400(receiver):
    """T-29: a body that ends early is no event, even when what came would verify."""
    sent = body("evt_short")
    headers = head(
        f"Content-Length: {len(sent) + 5}", f"Stripe-Signature: {sign(sent)}"
    )
    assert talk(receiver, headers, sent, half_close=True) in (400, None)
    assert "evt_short" not in events(receiver)


@pytest.mark.parametrize(
    "broken",
    [
        b"zz\r\nabc\r\n0\r\n\r\n",
        b"5\r\nab",
        b"-1\r\n\r\n",
        b"5\r\nabcdefgh\r\n0\r\n\r\n",
    ],
)
def test_broken_chunks_are_400(receiver, broken):
    """T-30: chunks that do not add up are the sender's error, never ours."""
    answer = talk(receiver, head("Transfer-Encoding: chunked"), broken, half_close=True)
    assert answer in (400, None)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (["Transfer-Encoding: gzip, chunked"], (400, 501)),
        (["Transfer-Encoding: identity"], (400, 501)),
        (["Transfer-Encoding: chunked", "Content-Length: 3"], (400,)),
        (["Content-Length: 3", "Content-Length: 4"], (400,)),
        (["Content-Length: +3"], (400,)),
        (["Content-Length: 3_0"], (400,)),
        (["Content-Length: 3", "Content-Encoding: gzip"], (401,)),
        (["Content-Length: 3", "Content-Encoding: identity, gzip"], (401,)),
    ],
)
def test_odd_framing_is_refused(receiver, headers, status):
    """T-32: framing that two readers may understand in two ways is refused."""
    assert talk(receiver, head(*headers), b"{}\n") in status


@pytest.mark.parametrize(
    ("size", "status"), [(8_000, 401), (8_300, 431), (200_000, 431)]
)
def test_long_fields_of_the_head(receiver, size, status):
    """Of a field's line gunicorn holds 8,190 bytes at most, whatever its release thinks right."""
    lines = head("Content-Length: 0", f"X-Long: {'x' * size}")
    assert talk(receiver, lines) == status


@pytest.mark.parametrize(("count", "status"), [(90, 401), (101, 431), (5_000, 431)])
def test_many_fields_of_the_head(receiver, count, status):
    """A head has 100 fields at most."""
    lines = head("Content-Length: 0", *["X-Many: x"] * count)
    assert talk(receiver, lines) == status


@pytest.mark.parametrize(("size", "status"), [(8_000, 401), (8_300, 414)])
def test_long_first_lines(receiver, size, status):
    """A request's first line has 8,190 bytes at most; a token in a path and a query fit into it."""
    start = f"POST /hooks/stripe?{'x' * size} HTTP/1.1\r\nHost: x\r\n"
    assert talk(receiver, head("Content-Length: 0", start=start)) == status


def test_signature_under_an_underscored_name_is_no_signature(receiver):
    """A header that only becomes the signature by WSGI's spelling does not verify anything."""
    sent = body("evt_underscore")
    headers = head(f"Content-Length: {len(sent)}", f"Stripe_Signature: {sign(sent)}")
    assert talk(receiver, headers, sent) == 401


def bomb():
    """What unpacks to hundreds of times what it is, and to more than is taken."""
    return gzip.compress(b" " * 10 * 2**20)


@pytest.mark.parametrize(
    ("coding", "status"),
    [("gzip", 413), ("deflate", 413), ("x-gzip", 413), ("GZIP", 413)]
    + [("br", 415), ("zstd", 415), ("identity, gzip", 415)],
)
def test_bombs_are_not_unpacked(receiver, coding, status):
    """T-27: a packed body is refused where it unpacks to more than the limit, whoever signed it."""
    sent = zlib.compress(b" " * 10 * 2**20) if coding == "deflate" else bomb()
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    answer = post_raw(receiver, sent, headers)
    assert answer.status_code == status


def test_a_bomb_without_a_proof_is_unproven(receiver):
    """T-27: nobody learns from the answer what a body unpacks to."""
    headers = {"Content-Encoding": "gzip", "Stripe-Signature": "t=1,v1=00"}
    url = f"{receiver.url}/hooks/stripe"
    answer = requests.post(url, data=bomb(), headers=headers, timeout=60)
    assert answer.status_code == 401


def test_packed_chunks_are_not_unpacked(receiver):
    """T-27: nor does a transfer coding unpack anything."""
    for coding in ("gzip, chunked", "chunked, gzip", "gzip"):
        assert talk(
            receiver, head(f"Transfer-Encoding: {coding}"), chunked(bomb())
        ) in (
            400,
            501,
        )


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_not_taken(receiver, method):
    """Hooks are POSTed; GET and HEAD serve handshakes; nothing else is there."""
    import requests

    assert (
        requests.request(method, f"{receiver.url}/hooks/stripe", timeout=60).status_code
        == 405
    )


def test_get_without_a_proof_is_refused_like_any_other(receiver):
    """A GET that no handshake matches needs a signature as a POST does."""
    import requests

    assert requests.get(f"{receiver.url}/hooks/stripe", timeout=60).status_code == 401


@pytest.mark.parametrize(
    "raw",
    [
        b"[1,2",
        b"",
        b"\xff",
        b'{"id":"a","id":"b"',
        b"[" * 100,
        b'{"id":1e999999}',
        b'{"n":1e99999999999999999999}',
    ],
)
def test_signed_nonsense_is_400_and_leaves_nothing(receiver, raw):
    """A proven sender's unreadable body is refused with a reason, and no event or payload remains."""
    before = events(receiver)
    headers = {"Content-Type": "application/json"}
    answer = post_raw(receiver, raw, headers)
    assert answer.status_code == 400
    assert answer.json()["status"] == "refused"
    assert events(receiver) == before


def post_raw(receiver, raw, headers):
    import hmac

    import requests

    moment = str(int(time.time()))
    mac = hmac.new(
        b"whsec_test_secret", moment.encode() + b"." + raw, "sha256"
    ).hexdigest()
    headers |= {"Stripe-Signature": f"t={moment},v1={mac}"}
    return requests.post(
        f"{receiver.url}/hooks/stripe", data=raw, headers=headers, timeout=60
    )


def test_unsupported_type_is_415(receiver):
    """A signed body of a type the sender never uses is refused."""
    assert post_raw(receiver, b"{}", {"Content-Type": "text/xml"}).status_code == 415


def test_refusals_are_kept_as_metadata_only(receiver):
    """Each refusal can be counted by source and reason; nothing of its body is in the store."""
    post(receiver.url, b'{"canary-body": 1}', secret="wrong")
    post(receiver.url, b'{"canary-body": 1}', source="nobody-configured-this")
    database = receiver.database()
    query = "SELECT source, reason, status, remote, size FROM rejections ORDER BY id DESC LIMIT 2"

    def kept():
        with database.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    assert eventually(lambda: [row[0] for row in kept()] == ["(unknown)", "stripe"])
    rows = kept()
    database.close()
    assert rows[0][1:] == ("unknown_source", 401, "127.0.0.1", 18)
    for file in receiver.folder.glob("bridge.db*"):
        assert b"canary-body" not in file.read_bytes()
