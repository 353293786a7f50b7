"""JSON Web Tokens as proofs: one algorithm, the recipe's, whatever the token says of itself.

A token proves its claims. It covers the body only where a claim holds the body's hash (`body_hash`).
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bridge.errors import Malformed
from bridge.model import Json
from bridge.providers import asymmetric
from bridge.providers.encodings import DECODE, ENCODE
from bridge.providers.recipe import Recipe
from bridge.providers.source import Unreadable
from bridge.providers.times import epoch_ms, milliseconds
from bridge.providers.view import View
from bridge.strict import json

ALGORITHMS = ("HS256", "RS256", "ES256")

_decode, _encode = DECODE["base64url"], ENCODE["base64url"]


def claims(token: bytes) -> list[tuple[str, str]]:
    """The token's claims that are text or numbers, unproven. Raises Unreadable."""
    _, payload, _ = _parts(token)
    found = _object(payload)
    return [
        (name, str(value))
        for name, value in found.items()
        if not isinstance(value, bool | dict | list | None)
    ]


def key_id(token: bytes) -> str:
    """The id of the key that the token names, unproven; "" for none. Raises Unreadable."""
    header, _, _ = _parts(token)
    found = _object(header).get("kid")
    return found if isinstance(found, str) else ""


def accepts(
    recipe: Recipe, view: View, key: bytes, candidates: Sequence[bytes]
) -> bool:
    """Whether the one token is signed with the key and says what the recipe asks for."""
    token = candidates[0]  # a place holds one token: the scheme knows no `split`
    header, payload, signature = _parts(token)
    if _object(header).get("alg") != recipe.algorithm:
        return False
    if not _signed_by(recipe.algorithm, key, token.rpartition(b".")[0], signature):
        return False
    return _says(recipe, view, _object(payload))


def check_dates(view: View, now: datetime, tolerance: int) -> None:
    """Raises Unreadable for a token whose `exp` is past or whose `nbf` is to come, by over `tolerance` seconds."""
    slack, moment = tolerance * 1_000, epoch_ms(now)
    for name, text in view.fields:
        if name == "exp" and milliseconds(text, "s") + slack < moment:
            raise Unreadable("the token has expired", "stale")
        if name == "nbf" and milliseconds(text, "s") - slack > moment:
            raise Unreadable("the token is not valid yet", "stale")


def proof(recipe: Recipe, view: View, key: bytes) -> bytes:
    """A token as the sender would make it, with the time that the view's fields hold."""
    said: dict[str, Any] = dict(recipe.claims)
    said |= {name: int(text) for name, text in view.fields}
    if recipe.body_hash:
        said[recipe.body_hash] = _hash(view)
    head = json.dumps({"alg": recipe.algorithm, "typ": "JWT"})
    text = f"{_encode(head)}.{_encode(json.dumps(said))}".encode("ascii")
    return text + b"." + _encode(_sign(recipe.algorithm, key, text)).encode("ascii")


def _parts(token: bytes) -> tuple[bytes, bytes, bytes]:
    parts = token.decode("latin-1").split(".")
    if len(parts) != 3:
        raise Unreadable("the token does not have three parts", "bad_signature")
    header, payload, signature = map(_decode, parts)
    return header, payload, signature


def _object(raw: bytes) -> Mapping[str, Json]:
    try:
        value = json.loads(raw)
    except Malformed:
        value = None
    if not isinstance(value, dict):
        raise Unreadable("a part of the token is not a JSON object", "bad_signature")
    return value


def _signed_by(algorithm: str, key: bytes, text: bytes, signature: bytes) -> bool:
    match algorithm:
        case "HS256":
            return hmac.compare_digest(hmac.digest(key, text, "sha256"), signature)
        case "RS256":
            return asymmetric.verified("rsa-sha256", key, text, signature)
        case _:
            plain = asymmetric.der(signature)
            return asymmetric.verified("ecdsa-p256", key, text, plain)


def _sign(algorithm: str, key: bytes, text: bytes) -> bytes:
    match algorithm:
        case "HS256":
            return hmac.digest(key, text, "sha256")
        case "RS256":
            return asymmetric.signed("rsa-sha256", key, text)
        case _:
            return asymmetric.plain(asymmetric.signed("ecdsa-p256", key, text))


def _says(recipe: Recipe, view: View, found: Mapping[str, Json]) -> bool:
    if any(found.get(name) != wanted for name, wanted in recipe.claims.items()):
        return False
    return not recipe.body_hash or found.get(recipe.body_hash) == _hash(view)


def _hash(view: View) -> str:
    return hashlib.sha256(view.request.body).hexdigest()
