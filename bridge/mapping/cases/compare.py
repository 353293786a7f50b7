"""A rendered call against what a test expects of it. Comparison is typed: "1" is not 1, true is not 1, 1 is 1.0."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from bridge.errors import Malformed
from bridge.mapping.expressions import Budget, same
from bridge.mapping.findings.places import place_at
from bridge.mapping.rules.evaluate import Step
from bridge.mapping.rules.route import Trial
from bridge.model import Call, Delivery, Json, Place
from bridge.strict import json
from bridge.strict.yaml import Node, plain


class Absent:
    """The type of ABSENT: nothing stands there at all."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = Absent()
Keys: TypeAlias = tuple[str | int, ...]  # keys of mappings and indexes of lists


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One value of a call that is not as expected, and the expression that made it."""

    key: str  # of the test: body, body_contains, path, method or headers
    keys: Keys  # from there
    expected: object  # ABSENT: it should not be there
    actual: object  # ABSENT: it is not there
    place: Place  # of what the test expects
    made_by: Step | None  # the formula of the field, where one made it

    @property
    def path(self) -> str:
        """Where in the call: body.amount, body.0.sub_status, path, headers.x-api-type …"""
        return _dotted((_part(self.key), *self.keys))


def compare_call(expected: Node, rendered: Delivery, trial: Trial) -> list[Difference]:
    """Everything in which a call differs from a mapping of body, body_contains, path, method and headers.

    Other keys of the mapping are not about the call itself.
    """
    actual = _parts(rendered.call)
    found = []
    for key, node in (
        expected.value.items() if isinstance(expected.value, dict) else ()
    ):
        part = _part(key)
        if part not in actual:
            continue
        whole = key == "body"
        for path, wanted, got in _differ(plain(node), actual[part], whole=whole):
            found.append(
                Difference(
                    key=key,
                    keys=path,
                    expected=wanted,
                    actual=got,
                    place=place_at(node, _dotted(path)) if path else node.place,
                    made_by=_maker(path, rendered, trial) if part == "body" else None,
                )
            )
    return found


def seen(call: Call) -> dict[str, Json]:
    """What a test may expect of a call: its whole body, or where it goes when it has none."""
    parts = _parts(call)
    names = ("method", "path") if call.body is None else ("body",)
    return {name: parts[name] for name in names}


def _part(key: str) -> str:
    """The part of a call that a key of a test is about."""
    return key.removesuffix("_contains")


def _parts(call: Call) -> dict[str, Json]:
    return {
        "body": _body(call),
        "path": call.path,
        "method": call.method,
        "headers": {name.lower(): value for name, value in call.headers},
    }


def _body(call: Call) -> Json:
    """The body's JSON value, else its text; null without one."""
    if not call.body:
        return None
    try:
        return json.loads(call.body)
    except Malformed:
        return call.body.decode("utf-8", "replace")


def _differ(
    wanted: object, got: object, *, whole: bool, path: Keys = ()
) -> Iterator[tuple[Keys, object, object]]:
    """Paths with the value expected and found; with `whole` also keys that nobody expected."""
    pairs: list[tuple[str | int, object, object]]
    if isinstance(wanted, dict) and isinstance(got, dict):
        keys = wanted | got if whole else wanted
        pairs = [(key, wanted.get(key, ABSENT), got.get(key, ABSENT)) for key in keys]
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        pairs = [
            (at, one, other)
            for at, (one, other) in enumerate(zip(wanted, got, strict=True))
        ]
    else:
        if not same(wanted, got, Budget()):
            yield path, wanted, got
        return
    for key, one, other in pairs:
        yield from _differ(one, other, whole=whole, path=(*path, key))


def _dotted(path: Keys) -> str:
    return ".".join(map(str, path))


def _maker(path: Keys, rendered: Delivery, trial: Trial) -> Step | None:
    """The step that made the value at a path of the body, as far as names tell."""
    steps: dict[str, list[Step]] = {}
    for step in trial.steps:
        steps.setdefault(step.formula.name, []).append(step)
    name = next((name for name in _names(path, rendered) if name in steps), "")
    if not name:
        return None
    # With for_each every item has taken the same steps: the n-th call is made by the n-th of them.
    calls = [id(one) for one in trial.decision.rendered]
    return steps[name][calls.index(id(rendered)) % len(steps[name])]


def _names(path: Keys, rendered: Delivery) -> Iterator[str]:
    """The names of formulas that may have made the value, the most likely one first.

    If the rule writes the body itself, that is the formula of the value or one around it. Vendors put fields into a
    body of their own, so there it is the field whose name has the most keys in common with the path's end.
    """
    if isinstance(rendered.fields.get("body"), dict | list):
        for end in range(len(path), -1, -1):
            yield _dotted(("fields", "body", *path[:end]))
    else:
        for start in range(len(path)):
            yield _dotted(("fields", *path[start:]))
