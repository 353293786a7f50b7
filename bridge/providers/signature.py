"""Proof of who sent a request: verify() checks it, sign() makes it, both from one recipe.

What a sender chooses is only bytes: algorithm, encoding and places are the recipe's. No body is parsed, unless the
recipe has a place inside it.
"""

import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import quote

from bridge.errors import ConfigurationError, NotVerified, Refused
from bridge.model import Request, Verified
from bridge.providers.recipe import Provider, Recipe, sources
from bridge.providers.schemes import DECODE, ENCODE, SCHEMES, key_of
from bridge.providers.source import Unreadable
from bridge.providers.times import epoch_ms, milliseconds, stamp
from bridge.providers.view import View, put
from bridge.secret import Secret

MAX_CANDIDATES = 16
MAX_SECRETS = 16


def verify(
    provider: Provider,
    request: Request,
    secrets: Sequence[Secret],
    *,
    now: datetime,
    public_url: str | None,
) -> Verified:
    """The request with the position of the secret that it was signed with.

    Raises NotVerified for anything a sender can do, ConfigurationError for what only the operator can mend.
    """
    recipe = _recipe(provider)
    keys = _keys(recipe, secrets)
    url = _url(recipe, request, public_url)
    try:
        fields, candidates = _candidates(recipe, View(request))
        view = View(request, fields=fields, url=url)
        matched = _matching(recipe, view, keys, candidates)
        _check_age(recipe, view, now)
    except Unreadable as error:
        raise NotVerified(str(error), reason=error.reason) from None
    except Refused as error:
        message = f"the proof cannot be read: {error}"
        raise NotVerified(message, reason="unreadable_body") from None
    return Verified(request=request, secret=matched)


def trust(request: Request) -> Verified:
    """A recording, or a request that was verified before it was stored: its signature is stale, and not looked at."""
    return Verified(request=request, secret=None)


def sign(
    provider: Provider,
    request: Request,
    secret: Secret,
    *,
    now: datetime,
    public_url: str | None,
) -> Request:
    """The request with its proof and timestamp made anew, as the sender would make them.

    Raises ConfigurationError when a part that is signed is not in the request.
    """
    recipe = _recipe(provider)
    (key,) = _keys(recipe, [secret])
    url = _url(recipe, request, public_url)
    try:
        request, fields = _stamped(recipe, request, now)
        view = View(request, fields=fields, url=url)
        proof = SCHEMES[recipe.scheme].proof(recipe, view, key)
        return put(request, recipe.place, _written(recipe, fields, proof))
    except (Unreadable, Refused) as error:
        raise ConfigurationError(
            f"a {provider.name} request cannot be signed: {error}"
        ) from None


def _recipe(provider: Provider) -> Recipe:
    if provider.recipe is None:
        raise ConfigurationError(
            f"provider '{provider.name}' does not know how its senders sign: write `verify: {{scheme: …}}`"
        )
    return provider.recipe


def _keys(recipe: Recipe, secrets: Sequence[Secret]) -> list[bytes]:
    if not 1 <= len(secrets) <= MAX_SECRETS:
        raise ConfigurationError(
            f"a source takes 1 to {MAX_SECRETS} secrets, this one has {len(secrets)}"
        )
    return [key_of(recipe, secret) for secret in secrets]


def _url(recipe: Recipe, request: Request, public_url: str | None) -> str | None:
    """The URL as the sender wrote it, which no part of the request can be trusted to tell."""
    if not any(source.kind == "url" for source in sources(recipe.signed)):
        return None
    if not public_url:
        raise ConfigurationError(
            "this source's signatures cover the URL: set BRIDGE_PUBLIC_URL"
        )
    url = public_url.rstrip("/") + request.target
    for character in recipe.url_decode:
        escape = quote(character, safe="")
        url = url.replace(escape, character).replace(escape.lower(), character)
    return url


def _candidates(
    recipe: Recipe, view: View
) -> tuple[list[tuple[str, str]], list[bytes]]:
    """The fields of the place that holds the proof, and the proofs in it. One that cannot be read spoils them all."""
    value = view.octets(recipe.place).decode("latin-1")
    parts = value.split(recipe.split) if recipe.split else [value]
    fields = [_field(recipe, part.strip()) for part in parts]
    found = [text for name, text in fields if name == recipe.field]
    if not found:
        raise Unreadable("no signature of the wanted kind", "no_signature")
    if len(found) > MAX_CANDIDATES:
        raise Unreadable(f"over {MAX_CANDIDATES} signatures", "too_many_signatures")
    return fields, [_decoded(recipe, text) for text in found]


def _field(recipe: Recipe, part: str) -> tuple[str, str]:
    if not recipe.field:
        return "", part
    name, assign, text = part.partition(recipe.assign)
    if not assign:
        raise Unreadable("the signature has a part without a name", "bad_signature")
    return name, text


def _decoded(recipe: Recipe, text: str) -> bytes:
    prefix, rest = text[: len(recipe.prefix)], text[len(recipe.prefix) :]
    if prefix.lower() != recipe.prefix.lower():
        raise Unreadable("the signature has another label", "bad_signature")
    return DECODE[recipe.encoding](rest)


def _stamped(
    recipe: Recipe, request: Request, now: datetime
) -> tuple[Request, list[tuple[str, str]]]:
    """The request and the fields of its signature with a new timestamp; one inside the body is left as it is."""
    if recipe.timestamp is None:
        return request, []
    source, text = recipe.timestamp.source, stamp(now, recipe.timestamp.unit)
    if source[0].kind == "field":
        return request, [(source[0].name, text)]
    if source[0].kind == "body":
        return request, []
    return put(request, source, text), []


def _written(recipe: Recipe, fields: Iterable[tuple[str, str]], proof: bytes) -> str:
    """The proof as it stands in its place; only headers are written as latin-1."""
    text = recipe.prefix + ENCODE[recipe.encoding](proof)
    if recipe.field:
        pairs = [*fields, (recipe.field, text)]
        text = recipe.split.join(f"{name}{recipe.assign}{one}" for name, one in pairs)
    if recipe.place[0].kind == "header":
        return text
    return text.encode("latin-1").decode("utf-8")


def _matching(
    recipe: Recipe, view: View, keys: Sequence[bytes], candidates: Sequence[bytes]
) -> int:
    for position, key in enumerate(keys):
        expected = SCHEMES[recipe.scheme].proof(recipe, view, key)
        if any(hmac.compare_digest(expected, candidate) for candidate in candidates):
            return position
    raise Unreadable("no secret made this signature", "wrong_signature")


def _check_age(recipe: Recipe, view: View, now: datetime) -> None:
    """After the signature, so that an operator who reads `stale` knows that the sender is the right one."""
    if recipe.timestamp is None:
        return
    text = view.octets(recipe.timestamp.source).decode("latin-1")
    age = epoch_ms(now) - milliseconds(text, recipe.timestamp.unit)
    if abs(age) > recipe.timestamp.tolerance * 1_000:
        raise Unreadable("it was signed too long ago, or in the future", "stale")
