"""The schemes: what proof a sender would send, and whether one that came is right.

Also the key that a secret's text becomes. Everything here is pure bytes.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bridge.errors import ConfigurationError, MissingSecret
from bridge.providers import asymmetric, jwt
from bridge.providers.encodings import DECODE
from bridge.providers.message import message
from bridge.providers.recipe import Recipe
from bridge.providers.source import Unreadable
from bridge.providers.view import View
from bridge.secret import Secret

HASHES = ("sha1", "sha256", "sha512")

_PLACE = frozenset(
    {"scheme", "header", "query", "body", "prefix", "suffix", "published"}
)
_SIGNED = _PLACE | {
    *("split", "assign", "field", "encoding", "algorithm", "key", "key_prefix"),
    *("signed", "timestamp", "url_decode", "url_port", "account", "items", "item"),
}

Proof = Callable[[Recipe, View, bytes], bytes]
Accepts = Callable[[Recipe, View, bytes, Sequence[bytes]], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scheme:
    """`proof` makes the bytes that a sender sends, `accepts` says whether any candidate is right for a key.

    `keys` are the keys of `verify:` it uses; `defaults` stand for absent ones.
    """

    proof: Proof
    accepts: Accepts
    keys: frozenset[str]
    algorithms: tuple[str, ...] = HASHES
    defaults: Mapping[str, str] = field(default_factory=dict)


def key_of(recipe: Recipe, secret: Secret) -> bytes:
    """The key's bytes. Raises ConfigurationError for a secret that is empty, public or of another form."""
    text = _bare(recipe, secret.reveal())
    if not text.strip():
        raise MissingSecret("a secret of this source is empty: set it to its value")
    if text in recipe.published:
        raise ConfigurationError(
            "a secret of this source is printed in its sender's documentation, so anyone could sign: use your own"
        )
    if recipe.scheme == "basic" and not recipe.username and ":" not in text:
        raise ConfigurationError(
            "a basic secret is `username:password`, or add `username:` beside it"
        )
    key = _decoded(recipe, text)
    return hashlib.new(recipe.kdf, key).digest() if recipe.kdf else key


def _bare(recipe: Recipe, text: str) -> str:
    """The secret without what copying adds: blanks and line ends, a version before its prefix, quotes around bytes."""
    text = text.strip()
    if recipe.key != "utf8" and text[:1] == text[-1:] and text[:1] in ("'", '"'):
        text = text[1:-1].strip()
    if recipe.key_prefix:
        text = re.sub(rf"v[0-9]+[a-z]?,(?={re.escape(recipe.key_prefix)})", "", text)
    return text.removeprefix(recipe.key_prefix)


def keyed_hash(recipe: Recipe, secret: Secret, text: bytes) -> bytes:
    """The HMAC of a text with the source's key, for handshakes."""
    return hmac.digest(key_of(recipe, secret), text, recipe.algorithm)


def _decoded(recipe: Recipe, text: str) -> bytes:
    if recipe.key == "utf8":
        return text.encode("utf-8", "surrogateescape")
    try:
        return DECODE[recipe.key](text)
    except Unreadable:
        raise ConfigurationError(
            f"a secret of this source is not {recipe.key}: copy it whole"
        ) from None


def _hmac(recipe: Recipe, view: View, key: bytes) -> bytes:
    return hmac.digest(key, message(recipe.signed, view), recipe.algorithm)


def _digest(recipe: Recipe, view: View, key: bytes) -> bytes:
    text = message(recipe.signed, view, key)
    return hashlib.new(recipe.algorithm, text).digest()


def _token(recipe: Recipe, view: View, key: bytes) -> bytes:
    return key


def _basic(recipe: Recipe, view: View, key: bytes) -> bytes:
    return f"{recipe.username}:".encode() + key if recipe.username else key


def _asymmetric(recipe: Recipe, view: View, key: bytes) -> bytes:
    return asymmetric.signed(recipe.algorithm, key, message(recipe.signed, view))


def _equals(proof: Proof) -> Accepts:
    """Accepts what equals the proof that the sender would have made."""

    def accepts(
        recipe: Recipe, view: View, key: bytes, candidates: Sequence[bytes]
    ) -> bool:
        expected = proof(recipe, view, key)
        return any(hmac.compare_digest(expected, one) for one in candidates)

    return accepts


def _verifies(
    recipe: Recipe, view: View, key: bytes, candidates: Sequence[bytes]
) -> bool:
    text = message(recipe.signed, view)
    return any(
        asymmetric.verified(recipe.algorithm, key, text, one) for one in candidates
    )


_HEADER = {"header": "Authorization", "encoding": "text"}

SCHEMES: Mapping[str, Scheme] = {
    "hmac": Scheme(proof=_hmac, accepts=_equals(_hmac), keys=_SIGNED | {"kdf"}),
    "digest": Scheme(proof=_digest, accepts=_equals(_digest), keys=_SIGNED),
    "asymmetric": Scheme(
        proof=_asymmetric,
        accepts=_verifies,
        keys=_SIGNED - {"key", "key_prefix", "published"} | {"keys"},
        algorithms=asymmetric.ALGORITHMS,
        defaults={"encoding": "base64"},
    ),
    "jwt": Scheme(
        proof=jwt.proof,
        accepts=jwt.accepts,
        keys=_PLACE
        | {"algorithm", "timestamp", "claims", "body_hash", "undated", "keys"},
        algorithms=jwt.ALGORITHMS,
        defaults={**_HEADER, "prefix": "Bearer "},
    ),
    "token": Scheme(
        proof=_token,
        accepts=_equals(_token),
        keys=_PLACE | {"path", "items", "item"},
        defaults={"encoding": "text"},
    ),
    "bearer": Scheme(
        proof=_token,
        accepts=_equals(_token),
        keys=frozenset({"scheme"}),
        defaults={**_HEADER, "prefix": "Bearer "},
    ),
    "basic": Scheme(
        proof=_basic,
        accepts=_equals(_basic),
        keys=frozenset({"scheme", "username"}),
        defaults={**_HEADER, "prefix": "Basic ", "encoding": "base64"},
    ),
}
