"""Content codings of answers: gzip, deflate and, with its wheel, br. Within bounds, and only what is whole is taken.

The bridge asks for none, and some servers send one all the same. What is not decoded could be neither judged nor
searched for our credentials. Knows bytes and names alone: no socket, no HTTP client.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, TypeAlias

MAX_CODINGS = 3  # one upon the other: who sends more means harm
_MAX_MEMBERS = 100  # of one gzip answer
GZIP = b"\x1f\x8b\x08"
# What servers write who code nothing: some name the character set here.
_NONE = frozenset({"", "identity", "none", "binary", "8bit", "utf-8", "utf8"})

# The first `limit` bytes of what was coded, and whether there is more. Raises Undecodable.
Decode: TypeAlias = Callable[[bytes, int], tuple[bytes, bool]]


class Undecodable(Exception):
    """A body that is not what its coding says, or one in a coding that we do not know."""


def decoded(
    body: bytes, codings: Iterable[str], *, limit: int, cut: bool = False
) -> tuple[bytes, bool]:
    """A body without its codings, `limit` bytes at most, and whether there was more of it.

    `codings` are the values of Content-Encoding, in order. `cut` says that the body itself was cut off. What is gzip
    without saying so is taken for gzip: nothing else that vendors send begins like it. Raises Undecodable.
    """
    names = [name.strip().lower() for value in codings for name in value.split(",")]
    left = [name for name in names if name not in _NONE]
    for _ in range(MAX_CODINGS + 1):
        if not body or not left and not body.startswith(GZIP):
            return body, cut
        decode = _DECODERS.get(left.pop() if left else "gzip")
        if decode is None:
            break
        body, cut = _whole(decode, body, limit, cut)
    raise Undecodable


def _whole(decode: Decode, body: bytes, limit: int, cut: bool) -> tuple[bytes, bool]:
    """One coding less. What ends before its end is whole only where we cut it off ourselves."""
    try:
        plain, more = decode(body, limit + 1)
    except _Early as early:
        if not cut:
            raise Undecodable from None
        plain, more = early.plain, True
    return plain[:limit], more or cut or len(plain) > limit


class _Early(Exception):
    """A body that ended early; `plain` is what it held so far."""

    def __init__(self, plain: bytes) -> None:
        super().__init__()
        self.plain = plain


def _gzip(body: bytes, limit: int) -> tuple[bytes, bool]:
    plain = b""
    for _ in range(_MAX_MEMBERS):
        stream = zlib.decompressobj(wbits=31)
        plain += _inflated(stream, body, limit - len(plain))
        if len(plain) >= limit:
            return plain, True
        if not stream.eof:
            raise _Early(plain)
        body = stream.unused_data
        if not body.startswith(GZIP):  # what follows the last member is padding
            return plain, False
    raise Undecodable


def _deflate(body: bytes, limit: int) -> tuple[bytes, bool]:
    """With zlib's head, as the standard wants it, or without, as some servers send it."""
    headed = len(body) > 1 and body[0] & 15 == 8 and not int.from_bytes(body[:2]) % 31
    stream = zlib.decompressobj(wbits=15 if headed else -15)
    plain = _inflated(stream, body, limit)
    if len(plain) < limit and not stream.eof:
        raise _Early(plain)
    return plain, len(plain) >= limit


def _inflated(stream: Any, body: bytes, limit: int) -> bytes:
    try:
        plain: bytes = stream.decompress(body, limit)
    except zlib.error:
        raise Undecodable from None
    return plain


def _brotli(body: bytes, limit: int) -> tuple[bytes, bool]:
    try:
        stream = _BROTLI.Decompressor()
        plain = b""
        while len(plain) < limit and not stream.is_finished():
            piece = stream.process(body, output_buffer_limit=limit - len(plain))
            if not piece and stream.can_accept_more_data():
                raise _Early(plain)
            plain, body = plain + piece, b""
    except (_BROTLI.error, TypeError):  # a TypeError: too old to be told a limit
        raise Undecodable from None
    return plain, len(plain) >= limit


def _wheel() -> Any:
    """The module for br, None where none is installed."""
    for name in ("brotli", "brotlicffi"):
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


_BROTLI = _wheel()
_DECODERS: Mapping[str, Decode] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    **({"br": _brotli} if _BROTLI else {}),
}
