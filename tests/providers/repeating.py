"""What comes after a recording: a retry of it, the next update of its object, and the same in the sender's test mode.

The next update stands beside the recordings, in updates.yaml, for no data file can tell what a sender writes then:

    first: a recording
    second: another recording, or what stands elsewhere otherwise in the first: {body.id: evt_2, header.X-Id: "7"}
    object: the path in the event that names the object, the same in both

or `none:` with the reason why the sender's two updates cannot be told apart.
"""

from dataclasses import dataclass
from functools import cache

from provider_cases import PAYLOADS, Case, recordings
from tampering import with_value

from bridge import providers
from bridge.providers.placing import with_body
from bridge.providers.source import Source, parse
from bridge.providers.view import View
from bridge.strict import yaml
from bridge.strict.paths import change, change_each, elements

KINDS = ("header", "query", "body", "item")


@dataclass(frozen=True, kw_only=True)
class Updates:
    """Two requests about one object; or `none`, why there are none."""

    none: str = ""
    case: Case | None = None
    second: object = None
    object: tuple[str, ...] = ()


@cache
def updates(name: str) -> Updates | None:
    """What a provider's updates.yaml says; None without one."""
    path = PAYLOADS / name / "updates.yaml"
    if not path.exists():
        return None
    node, findings = yaml.compose(path.read_text("utf-8"), str(path))
    assert not findings, findings
    said = yaml.plain(node)
    if "none" in said:
        return Updates(none=said["none"])
    case = recorded(name, said["first"])
    return Updates(
        case=case,
        second=_next(case, said["second"]),
        object=tuple(said["object"].split(".")),
    )


def recorded(name: str, file: str) -> Case:
    """A recording by its name."""
    (found,) = [one for one in recordings() if (one.name, one.file) == (name, file)]
    return found


def _next(case: Case, said):
    if isinstance(said, str):
        return recorded(case.name, said).request
    request = case.request
    for text, value in said.items():
        (place,) = parse(text, KINDS)
        request = set_to(case, request, place, value)
    return request


def holding(name: str, place: Source) -> list[Case]:
    """The recordings of a provider that have something at a place."""
    cases = [one for one in recordings() if one.name == name]
    return [
        one
        for one in cases
        if not isinstance(one.expected, dict) and values(one, place) != []
    ]


def values(case: Case, place: Source) -> list:
    """What stands at a place: one value, or one for each element of the batch."""
    view = View(case.request, content=case.provider.event.content)
    if place.kind == "item" and case.provider.event.items:
        items = elements(view.body, case.provider.event.items.path)
    else:
        items = [None if place.kind != "item" else view.body]
    found = [view.value((place,), item) for item in items]
    return [value for value in found if value is not None]


def set_to(case: Case, request, place: Source, value):
    """The request with another value at a place, in each element of a batch."""
    if place.kind == "body" and request.method == "GET":
        place = Source(kind="query", path=place.path)
    if place.kind == "item":
        way = case.provider.event.items.path

        def changed(item):
            return change(item, place.path, value)

        body = change_each(View(request).body, way, changed)
        return with_body(request, body)
    if place.kind == "body":
        return with_body(request, change(View(request).body, place.path, value))
    return with_value(request, place, str(value))


def other(value):
    """Another value of the same kind."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return f"{value}9"
        case _:
            return type(value)()


def retried(case: Case):
    """The recording with something else wherever a retry may differ."""
    request = case.request
    for place in case.provider.event.volatile:
        if found := values(case, place):
            request = set_to(case, request, place, other(found[0]))
    return request


def marked(case: Case, text: str):
    """The recording with a text where its sender marks test mode, as a flag where a flag stands there."""
    place = case.provider.event.live.source[0]
    flags = {"true": True, "false": False}
    is_text = any(isinstance(value, str) for value in values(case, place))
    value = text if is_text or place.kind == "header" else flags.get(text, text)
    return set_to(case, case.request, place, value)


VOLATILE = [
    (name, place)
    for name in providers.names()
    for place in providers.get(name).event.volatile
]
MARKING = [name for name in providers.names() if providers.get(name).event.live]
