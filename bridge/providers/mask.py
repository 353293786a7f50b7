"""Secrets that arrive inside requests: taken out before anything is stored, logged or shown.

Knows where a provider's senders put them; looks for nothing else and never parses twice what it can replace as bytes.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from bridge.errors import Refused
from bridge.model import Json, Request
from bridge.providers.content import as_utf8, is_xml
from bridge.providers.recipe import Provider, Reading, Recipe
from bridge.providers.source import Alternatives, Source, Unreadable
from bridge.providers.unwrap import unwrapped
from bridge.providers.view import View, path_token, with_path_token
from bridge.strict.paths import change, dig, elements

MASK = "<secret>"

_LONGEST = 1_024  # characters of a secret that is searched for
_ENTITY = b"&lt;secret&gt;"  # the mask, where a `<` would begin an element
_ENTITIES = {"&": b"&amp;", "<": b"&lt;", ">": b"&gt;", '"': b"&quot;", "'": b"&apos;"}
_ESCAPES = dict(zip('"\\/\b\f\n\r\t', '"\\/bfnrt'))  # what follows a backslash in JSON

_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})


def credentials(recipe: Recipe | None) -> frozenset[str]:
    """The names, lower case, of the headers that prove something and are never shown."""
    if recipe is None:
        return _CREDENTIALS
    return _CREDENTIALS | {one.name for one in recipe.place if one.kind == "header"}


def carried(recipe: Recipe | None) -> Alternatives:
    """Where in body or URL the request carries the secret itself."""
    if recipe is None or recipe.encoding != "text":
        return ()
    return tuple(one for one in recipe.place if one.kind != "header")


def hides(recipe: Recipe, event: Reading) -> bool:
    """Whether the elements of a batch carry the secret itself where nobody would look for it to mask it."""
    bare = recipe.items is not None and recipe.encoding == "text"
    return bare and (recipe.items != event.items or event.unwrap is not None)


def masked(provider: Provider, request: Request) -> Request:
    """The request with <secret> for its proof, its credentials and the secrets in its body and URL.

    A body that cannot be read is left out whole where it may hold a secret.
    """
    hidden = _CREDENTIALS.union(*map(credentials, provider.recipes))
    headers = tuple(
        (name, MASK if name.lower() in hidden else value)
        for name, value in request.headers
    )
    request = _open(provider.event, replace(request, headers=headers))
    target, body, xml = request.target, request.body, is_xml(request)
    for source in provider.event.secret_paths:
        if source.kind == "path":
            target = _without_token(target)
            continue
        for secret in _found(provider.event, request, source):
            if isinstance(secret, str) and len(secret) <= _LONGEST:
                target = _without(target.encode(), secret).decode()
                body = _without(body, secret, xml=xml)
            else:
                target, body = target.partition("?")[0], b""
    kept = replace(request, target=target, body=body)
    if (provider.event.unwrap or xml) and _spelled_twice(provider.event, kept):
        return replace(kept, target=target.partition("?")[0], body=b"")
    return kept


def _open(reading: Reading, request: Request) -> Request:
    """A body that may hold a secret is kept unpacked and in UTF-8, or not at all where that cannot be."""
    inside = any(source.kind in ("body", "item") for source in reading.secret_paths)
    if not inside:
        return request
    plain = request.without("content-encoding")
    try:
        return replace(request, headers=plain, body=as_utf8(request))
    except Refused:
        return replace(request, headers=plain, body=b"")


def masked_item(item: Json, paths: Iterable[Source]) -> Json:
    """A parsed item with <secret> at those of the paths that it has."""
    for source in paths:
        if source.kind in ("body", "item") and dig(item, source.path) is not None:
            item = change(item, source.path, MASK)
    return item


def _found(reading: Reading, request: Request, source: Source) -> list[Json]:
    """What there is to hide at a source, in each item of a batch; an object where that cannot be told."""
    view = View(request)
    try:
        if source.kind != "item":
            values = [view.value((source,))]
        else:
            body = unwrapped(view, reading.unwrap) if reading.unwrap else view.body
            items = elements(body, reading.items.path) if reading.items else [body]
            values = [dig(item, source.path) for item in items]
    except (Unreadable, Refused):
        return [{}]
    texts = {value for value in values if isinstance(value, str)} - {"", MASK}
    others = [value for value in values if not isinstance(value, str | None)]
    return [*sorted(texts, key=len, reverse=True), *others]


def _spelled_twice(reading: Reading, kept: Request) -> bool:
    """Whether a document inside a form, or XML, still holds a secret: escaped in a way that nobody looks for."""
    inside = (one for one in reading.secret_paths if one.kind in ("body", "item"))
    return any(_found(reading, kept, source) for source in inside)


def _without_token(target: str) -> str:
    """Cut by its position: a URL can spell one token in many ways."""
    return with_path_token(target, MASK) if path_token(target) else target


def _without(text: bytes, secret: str, *, xml: bool = False) -> bytes:
    """The text without the secret, whichever spellings JSON, XML, forms and URLs give to its letters."""

    def mask(found: "re.Match[bytes]") -> bytes:
        """In XML no element of its own, and in a CDATA section no text with entities."""
        if not xml:
            return MASK.encode()
        begun = text.rfind(b"<![CDATA[", 0, found.start())
        return (
            _ENTITY if begun <= text.rfind(b"]]>", 0, found.start()) else MASK.encode()
        )

    return re.sub(b"".join(map(_spelled, secret)), mask, text)


def _spelled(letter: str) -> bytes:
    """A pattern of all that may stand for a letter. JSON may hold half a letter, which has no UTF-8 form."""
    raw = letter.encode("utf-8", "surrogatepass")
    units = letter.encode("utf-16-be", "surrogatepass")
    halves = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    spellings = [
        b"".join(rb"\\u(?i:%s)" % half.encode() for half in halves),
        b"".join(b"%%(?i:%02x)" % byte for byte in raw),
        *([rb"\+"] if letter == " " else []),
        *([re.escape(f"\\{_ESCAPES[letter]}".encode())] if letter in _ESCAPES else []),
        *([_ENTITIES[letter]] if letter in _ENTITIES else []),
        re.escape(raw),
    ]
    return b"(?:%s)" % b"|".join(spellings)
