"""Puts a text into a request at one of a recipe's places, as sign() and masking need it. Decides nothing."""

from dataclasses import replace
from urllib.parse import urlencode

from bridge.model import Json, Request
from bridge.providers.source import Alternatives, Source, Unreadable
from bridge.providers.view import View, with_path_token
from bridge.strict import json
from bridge.strict.paths import change, change_each


def put(request: Request, places: Alternatives, text: str) -> Request:
    """The request with `text`, and nothing else, at the place that it already uses, or at the first one."""
    view = View(request)
    source = next((one for one in places if view.value((one,))), places[0])
    match source.kind:
        case "header":
            return _in_header(request, source, text)
        case "query":
            return _in_query(request, source, text)
        case "path":
            return replace(request, target=with_path_token(request.target, text))
        case _:
            return with_body(request, change(view.body, source.path, text))


def put_each(
    request: Request, items: Source, place: Source, texts: list[str]
) -> Request:
    """The request with one of the texts, in order, at the place in each element of its batch."""
    following = iter(texts)

    def changed(item: Json) -> Json:
        return change(item, place.path, next(following))

    return with_body(request, change_each(View(request).body, items.path, changed))


def _in_header(request: Request, source: Source, text: str) -> Request:
    name = source.name
    same = (known for known, _ in request.headers if known.lower() == name)
    written = next(same, name)
    return replace(request, headers=(*request.without(name), (written, text)))


def _in_query(request: Request, source: Source, text: str) -> Request:
    path = request.target.partition("?")[0]
    pairs = [pair for pair in View(request).query if pair[0] != source.name]
    query = urlencode([*pairs, (source.name, text)])
    return replace(request, target=f"{path}?{query}")


def with_body(request: Request, body: Json) -> Request:
    """The request with another parsed body, written as its content type says. Raises Unreadable."""
    if View(request).kind == "json":
        try:
            return replace(request, body=json.dumps(body))
        except ValueError as error:
            raise Unreadable(str(error), "not_exact") from None
    return replace(request, body=urlencode(body, doseq=True).encode())  # type: ignore[arg-type]
