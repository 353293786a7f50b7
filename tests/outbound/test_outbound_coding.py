"""A content coding that nobody asked for is taken off, within bounds, before an answer is judged, masked and kept."""

import gzip
import zlib
from dataclasses import replace

import brotli
import pytest

from bridge.model import Call, NoReply, Reply, Verdict
from bridge.outbound import coding
from bridge.outbound.answer import MAX_BODY
from bridge.outbound.coding import Undecodable, decoded
from bridge.outbound.target import ClientCredentials
from bridge.retry import judge_silence

KEY = "sk/live+AbCdEf/0123456789=="
TEXT = f'{{"error":"bad key {KEY}"}}'.encode()
CALL = Call(method="POST", path="/", body=b"{}")
MILLION = 1_000_000


def bare(body):
    """Deflate without zlib's head."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


# The value of Content-Encoding, and how a body comes then.
CODINGS = {
    "gzip": gzip.compress,
    "GZip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    " deflate ": bare,
    "br": brotli.compress,
    "gzip, br": lambda body: brotli.compress(gzip.compress(body)),
    "deflate,deflate,gzip": lambda body: gzip.compress(zlib.compress(bare(body))),
    "identity, gzip": gzip.compress,
    "": gzip.compress,  # gzip of which no header tells
    "identity": bytes,
    "utf-8": bytes,
}
BOMBS = {
    "gzip": lambda: gzip.compress(b"\0" * 20 * MILLION),
    "deflate": lambda: zlib.compress(b"\0" * 20 * MILLION),
    "br": lambda: brotli.compress(b"\0" * 20 * MILLION, quality=3),
    "gzip, gzip": lambda: gzip.compress(gzip.compress(b"\0" * 20 * MILLION)),
    "": lambda: gzip.compress(b"\0" * MILLION) * 20,
}
UNREADABLE = {
    "gzip": TEXT,
    "deflate": TEXT,
    "br": TEXT,
    "zstd": b"\x28\xb5\x2f\xfd" + TEXT,
    "gzip, aes128gcm": gzip.compress(TEXT),
    "deflate, gzip": gzip.compress(TEXT)[:-9],  # cut off
    "": gzip.compress(TEXT)[:-1],
    "gzip, gzip, gzip, gzip": gzip.compress(gzip.compress(gzip.compress(gzip.compress(TEXT)))),
    " gzip": gzip.compress(TEXT)[:-8] + b"\0" * 8,  # not what its sum says
}  # fmt: skip


@pytest.fixture
def answered(serve, outbound):
    """answered(status, coding, body): what comes of a call that is answered so, sent with KEY as a credential."""

    def send(status, name, body):
        target = serve(http(status, name, body)).target()
        return outbound.send(CALL, replace(target, secrets=frozenset({KEY})))

    return send


def http(status, name, body):
    """An answer, byte for byte."""
    coded = f"Content-Encoding: {name}\r\n" if name else ""
    head = f"HTTP/1.1 {status} X\r\n{coded}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize("name", CODINGS)
def test_answer_is_decoded_and_masked(answered, name):
    """Whatever it is coded in, it is what it would be without, and without our key."""
    reply = answered(422, name, CODINGS[name](TEXT))
    assert (reply.body, reply.truncated) == (b'{"error":"bad key <secret>"}', False)


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_cut_at_the_limit(answered, name):
    """A few bytes that become many count as an answer that is longer than we read."""
    reply = answered(200, name, BOMBS[name]())
    assert isinstance(reply, Reply)
    assert (len(reply.body), reply.truncated) == (MAX_BODY, True)


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_decoded_is_no_success(answered, name):
    """The call may have been done, so it is an unknown outcome; nothing of the answer is kept."""
    answer = answered(200, name, UNREADABLE[name])
    assert isinstance(answer, NoReply)
    assert (answer.kind, answer.sent) == ("coding", True)
    assert judge_silence(answer).verdict == Verdict.UNKNOWN
    assert "content coding" in answer.message and KEY not in answer.message


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_refusal_that_cannot_be_decoded_is_one_by_its_status(answered, name):
    """Its body is dropped, never kept as it came."""
    reply = answered(422, name, UNREADABLE[name])
    assert (reply.status, reply.body) == (422, b"")


@pytest.mark.parametrize("name", ["gzip", "deflate", "br"])
def test_nothing_is_nothing(answered, name):
    """An answer without a body may name a coding all the same."""
    reply = answered(200, name, b"")
    assert (reply.status, reply.body) == (200, b"")


def test_a_coded_body_that_we_cut_off_is_read_as_far_as_it_goes():
    """Only where we cut it off ourselves: then there was more, and no success is read from its end."""
    body = gzip.compress(bytes(range(256)) * 4_000)[:2_000]
    found, more = decoded(body, ["gzip"], limit=MAX_BODY, cut=True)
    assert found.startswith(bytes(range(256))) and more
    with pytest.raises(Undecodable):
        decoded(body, ["gzip"], limit=MAX_BODY)


def test_without_its_wheel_br_is_a_coding_that_cannot_be_read(monkeypatch):
    """As any that we do not know."""
    monkeypatch.setattr(coding, "_DECODERS", {"gzip": coding._gzip})
    with pytest.raises(Undecodable):
        decoded(brotli.compress(TEXT), ["br"], limit=MAX_BODY)


def test_an_access_token_comes_out_of_gzip_and_is_masked_in_any_spelling(
    serve, outbound
):
    """A token endpoint is answered by as any vendor is; a token that was refused is masked like the one after it."""
    tokens = iter(("first/token-0001", "second/token-0002"))

    def each(conn):
        if server.requests[-1].startswith(b"POST /token "):
            body = f'{{"access_token":"{next(tokens)}"}}'.encode()
            conn.sendall(http(200, "gzip", gzip.compress(body)))
        else:
            conn.sendall(http(401, "", b"first\\/token-0001 second%2Ftoken-0002"))
        return True

    server = serve(each)
    url = server.target().base_url
    client = ClientCredentials(
        token_url=f"{url}/token", client_id="me", client_secret="s3cret-1"
    )
    target = replace(server.target(), oauth2=client)
    assert outbound.send(CALL, target).body == b"<secret> <secret>"
