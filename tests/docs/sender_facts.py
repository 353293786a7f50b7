"""What a provider's recipe does, in words and short code, for the tables of docs/senders/: all of it from the values
that the bridge itself works with, so that a page cannot promise another signature than the one that is checked.
"""

import re
from collections.abc import Iterable, Iterator

from bridge.model import Money
from bridge.providers import Answer, Provider
from bridge.providers.recipe import (
    RAW,
    Canonical,
    Conditions,
    Group,
    Lower,
    Part,
    Recipe,
    Text,
    Time,
)
from bridge.providers.source import Alternatives

_ALGORITHMS = {
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "sha512": "SHA-512",
    "ecdsa-p256": "ECDSA (P-256, SHA-256)",
    "rsa-sha256": "RSA with SHA-256",
    "ed25519": "Ed25519",
}
_SCHEMES = {
    "token": "the secret itself",
    "bearer": "bearer token",
    "basic": "user and password (Basic)",
}
_FORMS = {"json": "JSON", "form": "a form", "xml": "XML"}


def signs(provider: Provider) -> str:
    """How and where, in one cell: ``HMAC SHA-256, `header.Stripe-Signature` ``."""
    recipe = provider.recipe
    if recipe is None:
        return "as you configure it"
    return _spelled(provider, f"{_scheme(recipe)}, {_place(recipe.place)}")


def rows(provider: Provider) -> Iterator[tuple[str, str]]:
    """What the bridge checks, reads and answers: name and cell, those that say something."""
    for name, cell in _rows(provider):
        yield name, _spelled(provider, cell)


def _spelled(provider: Provider, text: str) -> str:
    """Names of headers, which are kept in lower case, as the data file spells them."""
    words = re.findall(r"[\w-]+", str(provider.data))
    known = {"authorization": "Authorization"} | {one.lower(): one for one in words}
    return re.sub(r"(?<=header\.)[\w-]+", lambda found: known[found[0].lower()], text)


def _rows(provider: Provider) -> Iterator[tuple[str, str]]:
    recipe, event = provider.recipe, provider.event
    yield "proof", signs(provider) + _encoded(recipe)
    if recipe and recipe.scheme in ("hmac", "digest", "asymmetric"):
        yield "signed text", _signed(recipe)
    if recipe and recipe.timestamp:
        age = f"{_code(recipe.timestamp.source)}, at most {recipe.timestamp.tolerance} s off"
        yield "signed time", age
    yield "body", " or ".join(_FORMS[one] for one in event.content)
    none = "none: each delivery is an event" if event.each_delivery else ""
    yield "id", _joined(event.id) or none or "a hash of the body"
    if event.thin:
        yield "objects", "by id only: [look them up](../look-ups.md)"
    if event.items:
        yield "batch", f"each element of `{event.items}` is an event"
    yield "type", _joined(event.type) or "`unknown`"
    yield "time", ", else ".join(map(_time, event.time)) or "none"
    if event.thin:
        yield "holds", "ids only: [look the object up](../look-ups.md)"
    if event.live:
        said = " or ".join(f"`{text}`" for text in event.live.unless)
        mark = f"{_code(event.live.source)} is {said}"
        yield "test mode", f"where {mark}; skipped in production"
    if event.volatile:
        told = ", ".join(f"`{one}`" for one in event.volatile)
        yield "may differ in a retry", told
    if provider.money != Money():
        yield "amounts", _money(provider.money)
    if provider.handshake:
        yield "check of the URL", "answered, where the source is loaded"
    yield "answer", _answer(provider.answers.get("accepted"))


def _scheme(recipe: Recipe) -> str:
    algorithm = _ALGORITHMS.get(recipe.algorithm, recipe.algorithm)
    match recipe.scheme:
        case "hmac":
            return f"HMAC {algorithm}"
        case "digest":
            return f"plain {algorithm}"
        case "asymmetric":
            return algorithm
        case _:
            return _SCHEMES[recipe.scheme]


def _place(places: Alternatives) -> str:
    """Each, or the first and last of many."""
    told = [f"`{one}`" for one in places]
    return " … ".join((told[0], told[-1])) if told[2:] else " or ".join(told)


def _encoded(recipe: Recipe | None) -> str:
    """What stands around the proof, and how its bytes are written."""
    if recipe is None:
        return ""
    told = []
    if recipe.field not in ("", "*"):
        told.append(f"field `{recipe.field}`")
    if recipe.prefix:
        told.append(f"after `{recipe.prefix.rstrip()}`")
    if recipe.encoding != "text":
        told.append({"hex": "hex", "base64": "base64"}[recipe.encoding])
    if recipe.key != "utf8":
        told.append(f"the secret is decoded from {recipe.key}")
    return f" ({', '.join(told)})" if told else ""


def _signed(recipe: Recipe) -> str:
    if recipe.signed == RAW:
        return "the raw body"
    text = f"`{_template(recipe.signed)}`"
    return f"of each item: {text}" if recipe.items else text


def _template(parts: Iterable[Part]) -> str:
    return "".join(map(_part, parts))


def _part(part: Part) -> str:
    match part:
        case Text():
            return part.text
        case Group():
            return f"[{_template(part.parts)}]"
        case Lower():
            return f"{{{_names(part.places)} in lower case}}"
        case Canonical():
            return f"{{{part.covers}, as {part.name} orders it}}"
        case _:
            return f"{{{_names(part)}}}"


def _names(places: Alternatives) -> str:
    return " or ".join(map(str, places))


def _time(time: Time) -> str:
    zone = f" (in {time.zone})" if time.zone else ""
    when, unless = _conditions(time.when, " and "), _conditions(time.unless, " or ")
    return (
        _code(time.source)
        + zone
        + (f" where {when}" if when else "")
        + (f", unless {unless}" if unless else "")
    )


def _conditions(conditions: Conditions, between: str) -> str:
    return between.join(
        f"{_code(places)} is {' or '.join(f'`{text}`' for text in texts)}"
        for places, texts in conditions
    )


def _code(places: Alternatives) -> str:
    return " or ".join(f"`{one}`" for one in places)


def _joined(parts: Iterable[Alternatives]) -> str:
    """As a data file writes them: `a|b` is the first that is there."""
    return " + ".join(f"`{'|'.join(map(str, one))}`" for one in parts)


def _money(money: Money) -> str:
    units = {"minor": "in the smallest unit", "major": "in whole units"}[money.amounts]
    odd = ", ".join(f"{name} {count}" for name, count in money.exponents.items())
    return f"{units}; decimals that differ from ISO 4217: {odd}" if odd else units


def _answer(answer: Answer | None) -> str:
    if answer is None:
        return "202; 200 to what is known already"
    body = answer.body.decode()
    return f"{answer.status} `{body}`" if body else str(answer.status)
