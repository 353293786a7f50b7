"""The content coding of a body, undone: gzip and deflate, once, up to MAX_UNPACKED bytes. Reads none of it."""

import zlib

from bridge.errors import Malformed, TooLarge, UnsupportedType
from bridge.model import Request

MAX_UNPACKED = 8 * 2**20  # bytes of a body whose coding was undone
MAX_MEMBERS = 16  # of a body that gzip packed in pieces

_CODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # zlib's name of each: its wbits


def most_bytes(request: Request) -> int:
    """How many bytes whoever reads the body has to do with at most."""
    coded = request.body and request.values("content-encoding")
    return MAX_UNPACKED if coded else len(request.body)


def unpacked(request: Request) -> bytes:
    """The body without its content coding. Raises UnsupportedType, Malformed or TooLarge."""
    coding = ", ".join(request.values("content-encoding")).strip().lower()
    if coding in ("", "identity"):
        return request.body
    if coding not in _CODINGS:
        raise UnsupportedType(
            "send the body uncompressed, or compressed once with gzip or deflate",
            reason="content_encoding",
        )
    body, wbits = request.body, _CODINGS[coding]
    if coding == "deflate" and not _is_zlib(body):
        wbits = -15  # without zlib's head, as some senders write it
    return _inflated(body, wbits)


def _is_zlib(body: bytes) -> bool:
    """RFC 1950, 2.2: the method is 8, and the two first bytes are a multiple of 31."""
    return (
        len(body) > 1
        and body[0] & 15 == 8
        and int.from_bytes(body[:2], "big") % 31 == 0
    )


def _inflated(body: bytes, wbits: int) -> bytes:
    """What is packed, in one piece, or by gzip in up to MAX_MEMBERS one after another."""
    found = b""
    for _ in range(MAX_MEMBERS if wbits > 15 else 1):
        unpacking = zlib.decompressobj(wbits)
        try:
            found += unpacking.decompress(body, MAX_UNPACKED + 1 - len(found))
        except zlib.error:
            raise Malformed(
                "the body cannot be unpacked", reason="content_encoding"
            ) from None
        if len(found) > MAX_UNPACKED:
            raise TooLarge(f"the body unpacks to more than {MAX_UNPACKED} bytes")
        body = unpacking.unused_data
        if not unpacking.eof or not body:
            break
    if not unpacking.eof or body:
        raise Malformed("the compressed body is incomplete", reason="content_encoding")
    return found
