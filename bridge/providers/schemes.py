"""The schemes: each is one small function that makes the proof a sender would send.

Also the encodings and the key: everything here is pure bytes, and strict, so that each proof has one spelling.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bridge.errors import ConfigurationError, MissingSecret
from bridge.providers.recipe import Group, Part, Recipe, Text
from bridge.providers.source import Absent, Unreadable
from bridge.providers.view import View
from bridge.secret import Secret

_PLACE = frozenset({"scheme", "header", "query", "body", "prefix"})
_SIGNED = _PLACE | {
    *("split", "assign", "field", "encoding", "algorithm", "key", "key_prefix"),
    *("signed", "timestamp", "url_decode"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Scheme:
    """`proof` makes the expected bytes; `keys` are the keys of `verify:` it uses; `defaults` stand for absent ones."""

    proof: Callable[[Recipe, View, bytes], bytes]
    keys: frozenset[str]
    defaults: Mapping[str, str] = field(default_factory=dict)


def key_of(recipe: Recipe, secret: Secret) -> bytes:
    """The key's bytes. Raises ConfigurationError for a secret that is empty or of another form."""
    text = secret.reveal().removeprefix(recipe.key_prefix)
    if not text.strip():
        raise MissingSecret("a secret of this source is empty: set it to its value")
    if recipe.scheme == "basic" and not recipe.username and ":" not in text:
        raise ConfigurationError(
            "a basic secret is `username:password`, or add `username:` beside it"
        )
    if recipe.key == "utf8":
        return text.encode("utf-8", "surrogateescape")
    try:
        return DECODE[recipe.key](text)
    except Unreadable:
        raise ConfigurationError(
            f"a secret of this source is not {recipe.key}: copy it whole"
        ) from None


def keyed_hash(recipe: Recipe, secret: Secret, text: bytes) -> str:
    """The hex HMAC of a text with the source's key, for handshakes."""
    return hmac.digest(key_of(recipe, secret), text, recipe.algorithm).hex()


def _message(parts: Iterable[Part], view: View, key: bytes) -> bytes:
    return b"".join(_part(part, view, key) for part in parts)


def _part(part: Part, view: View, key: bytes) -> bytes:
    if isinstance(part, Text):
        return part.text.encode("utf-8")
    if not isinstance(part, Group):
        return view.octets(part, key)
    try:
        return _message(part.parts, view, key)
    except Absent:
        return b""


def _hmac(recipe: Recipe, view: View, key: bytes) -> bytes:
    return hmac.digest(key, _message(recipe.signed, view, key), recipe.algorithm)


def _digest(recipe: Recipe, view: View, key: bytes) -> bytes:
    return hashlib.new(recipe.algorithm, _message(recipe.signed, view, key)).digest()


def _token(recipe: Recipe, view: View, key: bytes) -> bytes:
    return key


def _basic(recipe: Recipe, view: View, key: bytes) -> bytes:
    return f"{recipe.username}:".encode() + key if recipe.username else key


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


DECODE: Mapping[str, Callable[[str], bytes]] = {
    "hex": _from_hex,
    "base64": _from_base64,
    "text": lambda text: text.encode("latin-1"),
}
ENCODE: Mapping[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "base64": lambda proof: base64.b64encode(proof).decode("ascii"),
    "text": lambda proof: proof.decode("latin-1"),
}

SCHEMES: Mapping[str, Scheme] = {
    "hmac": Scheme(proof=_hmac, keys=_SIGNED),
    "digest": Scheme(proof=_digest, keys=_SIGNED),
    "token": Scheme(proof=_token, keys=_PLACE, defaults={"encoding": "text"}),
    "bearer": Scheme(
        proof=_token,
        keys=frozenset({"scheme"}),
        defaults={"header": "Authorization", "prefix": "Bearer ", "encoding": "text"},
    ),
    "basic": Scheme(
        proof=_basic,
        keys=frozenset({"scheme", "username"}),
        defaults={"header": "Authorization", "prefix": "Basic ", "encoding": "base64"},
    ),
}
