"""How bytes stand in text: hex, base64, base64url, plain. Strict, so that each proof and each key has one spelling."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping

from bridge.providers.source import Unreadable


def _from_hex(text: str) -> bytes:
    """bytes.fromhex alone would skip spaces."""
    if not re.fullmatch(r"([0-9a-fA-F]{2})+", text):
        raise Unreadable("the signature is not hex", "bad_signature")
    return bytes.fromhex(text)


def _from_base64(text: str) -> bytes:
    """b64decode alone would take several spellings of the same bytes."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if not value or base64.b64encode(value).decode() != text:
        raise Unreadable("the signature is not base64", "bad_signature")
    return value


def _from_base64url(text: str) -> bytes:
    """Without padding, as JWTs write it."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise Unreadable("the signature is not base64url", "bad_signature")
    plain = text.replace("-", "+").replace("_", "/")
    return _from_base64(plain + "=" * (-len(plain) % 4))


def _to_base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _to_base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode("ascii").rstrip("=")


DECODE: Mapping[str, Callable[[str], bytes]] = {
    "hex": _from_hex,
    "base64": _from_base64,
    "base64url": _from_base64url,
    "text": lambda text: text.encode("latin-1"),
}
ENCODE: Mapping[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "base64": _to_base64,
    "base64url": _to_base64url,
    "text": lambda proof: proof.decode("latin-1"),
}
