"""Asks every operation of the API as its example does."""

import json
from urllib.parse import quote, urlencode


def operations(document):
    """(method, path, operation) of each, in the order of the document."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield method.upper(), path, operation


def address(path, operation):
    """The path of an example, with its query."""
    given = dict(operation["x-example"])
    for name in [*given]:
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", quote(str(given.pop(name))))
    return f"{path}?{urlencode(given)}" if given else path


def given(operation):
    """The body of an example; None if it has none."""
    content = operation.get("requestBody", {}).get("content", {})
    return content.get("application/json", {}).get("example")


def answer(operation):
    """Status, media type and example of the answer that an operation promises."""
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            ((media, content),) = response["content"].items()
            return int(status), media, content["example"]
    raise AssertionError("no answer is promised")


def differs(example, real, place="$"):
    """Where a real answer has another shape than the example: other keys, other types. "" if nowhere."""
    if example is None or real is None:
        return ""
    if isinstance(example, dict) and isinstance(real, dict):
        if place.endswith(("value", "subject", "fields", "last", "ahead", "imported")):
            return ""
        if example.keys() != real.keys():
            return f"{place}: {sorted(example.keys() ^ real.keys())}"
        found = (differs(example[key], real[key], f"{place}.{key}") for key in example)
        return next(filter(None, found), "")
    if isinstance(example, list) and isinstance(real, list):
        if not example:
            return ""
        if not real:
            return f"{place}: the answer has none"
        return differs(example[0], real[0], f"{place}[0]")
    same = type(example) is type(real)
    return "" if same else f"{place}: {json.dumps(example)} and {json.dumps(real)}"
