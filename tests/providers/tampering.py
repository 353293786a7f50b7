"""Changes to signed requests that must each be noticed: of the proof, and of every value that it covers."""

import json
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlencode

from provider_cases import with_header

from bridge.providers.recipe import sources
from bridge.providers.view import View
from bridge.strict.paths import change, change_each, dig, elements

FORM = "application/x-www-form-urlencoded"


def place_of(case):
    """The place of the recipe that this recording uses for its proof."""
    for one in case.recipe.place:
        if one.kind == "item" or View(case.request).value((one,)):
            return one
    return case.recipe.place[0]


def proof_of(case, signed) -> str:
    """The proof as it stands in a signed request."""
    place = place_of(case)
    if place.kind == "item":
        items = elements(View(signed).body, case.recipe.items.path)
        return dig(items[0], place.path)
    return View(signed).value((place,))


def with_proof(case, signed, *values: str):
    """The signed request with these values where its proof is: none takes it out, two double it."""
    return with_value(signed, place_of(case), *values, items=case.recipe.items)


def with_value(request, place, *values, items=None):
    """The request with these values at a place."""
    match place.kind:
        case "header":
            return with_header(request, place.name, *values)
        case "query":
            return _in_query(request, place.name, *values)
        case "path":
            return _in_path(request, *values)
        case "item":
            return _in_items(request, items, place, *values)
        case _:
            return _in_body(request, place, *values)


def _in_query(request, name, *values):
    path, _, query = request.target.partition("?")
    pairs = [pair for pair in parse_qsl(query, True) if pair[0] != name]
    pairs += [(name, value) for value in values]
    encoded = urlencode(pairs, errors="surrogatepass")
    return replace(request, target=f"{path}?{encoded}")


def _in_path(request, *values):
    hook = "/".join(request.target.partition("?")[0].split("/")[:3])
    texts = [quote(value, errors="surrogatepass") for value in values]
    return replace(request, target="/".join([hook, *texts]))


def _in_body(request, place, *values):
    if is_form(request):
        pairs = parse_qsl(request.body.decode(), True)
        kept = [pair for pair in pairs if pair[0] != place.path[0]]
        pairs = [*kept, *((place.path[0], value) for value in values)]
        encoded = urlencode(pairs, errors="surrogatepass")
        return replace(request, body=encoded.encode())
    body = change(View(request).body, place.path, values[0] if values else None)
    raw = json.dumps(body, ensure_ascii=True, default=str).encode()
    if len(values) > 1:  # the same key again, as no JSON writer would
        again = json.dumps({place.path[0]: values[1]}).encode()
        raw = raw[:-1] + b"," + again[1:]
    return replace(request, body=raw)


def _in_items(request, items, place, *values):
    """In the first element of the batch alone."""
    left = list(values[:1]) if values else [None]

    def changed(item):
        return change(item, place.path, left.pop()) if left else item

    body = change_each(View(request).body, items.path, changed)
    raw = json.dumps(body, ensure_ascii=True, default=str).encode()
    if len(values) > 1:
        raw = raw.replace(b"{", b'{"%s":{},' % items.path[0].encode(), 1)
    return replace(request, body=raw)


def is_form(request) -> bool:
    return "".join(request.values("content-type")).startswith(FORM)


def covers_body(case) -> bool:
    """Whether every byte of the body is signed."""
    kinds = {source.kind for source in sources(case.recipe.signed)}
    return bool(kinds & {"raw", "crc32"}) and case.recipe.scheme in SIGNING


def covered(case, signed):
    """Every place in this request whose value is signed, but for the raw body, with its text."""
    if case.recipe.scheme not in SIGNING:
        return
    view = View(signed)
    first = (
        elements(view.body, case.recipe.items.path)[0] if case.recipe.items else None
    )
    for source in sources(case.recipe.signed):
        for place in _single(view, source, place_of(case)):
            value = view.value((place,), first)
            if place.kind in ("header", "query", "body", "item") and value is not None:
                yield place, str(value)


def _single(view, source, proof):
    """The places that one covered source stands for."""
    if source.kind == "query" and source.name == "*":
        names = [name for name, _ in view.query]
        places = [replace(source, path=(name,)) for name in names]
        return [one for one in places if one != proof and "Hash" not in one.name]
    value = view.value((source,))
    if source.kind == "body" and isinstance(value, dict):
        return [replace(source, path=(*source.path, name)) for name in value]
    return [source]


SIGNING = ("hmac", "digest", "asymmetric")
