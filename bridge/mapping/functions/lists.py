"""Helpers for lists. A path argument is dotted text, `metadata.id`; every item costs a step of the event's budget."""

from decimal import Decimal
from typing import Annotated, Any

from bridge.mapping.functions.catalogue import LITERAL, Example, helper
from bridge.mapping.values import numbers, paths
from bridge.mapping.values.compare import identity, ranks, same
from bridge.mapping.values.complaints import missing, wrong_type
from bridge.mapping.values.kinds import NUMBERS, is_present
from bridge.mapping.values.limits import size
from bridge.mapping.values.scope import Scope
from bridge.mapping.values.value import ExpressionError, Missing, Number

_LINES = {"event": {"lines": [{"id": "a", "n": 2}, {"id": "b", "n": 1}, {"id": "a"}]}}


def known_order(order: str) -> None:
    """Raises E302 for an order other than asc and desc."""
    if order not in ("asc", "desc"):
        raise ExpressionError("E302", "unknown order", help="use 'asc' or 'desc'")


Path = Annotated[str, paths.split, LITERAL]  # messages show it
Order = Annotated[str, known_order]


@helper(
    "data",
    examples=(
        Example("['a', 'b'] | first", {}, "a"),
        Example(
            "event.lines | first | default('none')", {"event": {"lines": []}}, "none"
        ),
    ),
)
def first(value: list[Any]) -> Any:
    """The first item; missing when there is none."""
    return value[0] if value else Missing(reason="the list is empty: no first item")


@helper(
    "data",
    examples=(
        Example("['a', 'b'] | last", {}, "b"),
        Example("(event.lines | last).id", _LINES, "a"),
    ),
)
def last(value: list[Any]) -> Any:
    """The last item; missing when there is none."""
    return value[-1] if value else Missing(reason="the list is empty: no last item")


@helper(
    "data",
    examples=(
        Example("'abc' | length", {}, 3),
        Example("event.lines | length", _LINES, 3),
    ),
)
def length(value: str | list[Any] | dict[str, Any]) -> int:
    """How many characters, items or keys."""
    return len(value)


@helper(
    "data",
    times=2,
    errors=("E301",),
    examples=(
        Example("event.lines | map('id')", _LINES, ["a", "b", "a"]),
        Example("event.lines | select('n') | map('n')", _LINES, [2, 1]),
    ),
)
def map_(scope: Scope, value: list[Any], path: Path) -> list[Any]:
    """What each item has at the path. An item without it is an error: | select(path) first."""
    return _needed(scope, value, path)


@helper(
    "data",
    times=2,
    examples=(
        Example("event.lines | select('n') | length", _LINES, 2),
        Example("'T1,,T2,' | split(',') | select", {}, ["T1", "T2"]),
    ),
)
def select(scope: Scope, value: list[Any], path: Path | None = None) -> list[Any]:
    """The items in which the path is present; without a path the items that are present themselves."""
    steps = _steps(scope, value, path)
    return [item for item in value if is_present(paths.follow(item, steps))]


@helper(
    "data",
    times=3,
    examples=(
        Example("event.lines | where('id', 'b') | map('n')", _LINES, [1]),
        Example("event.lines | where('n', '2')", _LINES, []),
    ),
)
def where(scope: Scope, value: list[Any], path: Path, equals: Any) -> list[Any]:
    """The items whose value at the path equals the given one, of the same kind: "1" is not 1."""
    steps, budget = _steps(scope, value, path), scope.budget
    return [item for item in value if same(paths.follow(item, steps), equals, budget)]


@helper(
    "data",
    times=4,
    errors=("E301", "E302"),
    examples=(
        Example(
            "(event.fields | to_mapping('name', 'value')).email",
            {"event": {"fields": [{"name": "email", "value": "a@b.cl"}]}},
            "a@b.cl",
        ),
        Example("(event.lines | to_mapping('id')).b.n", _LINES, 1),
    ),
)
def to_mapping(
    scope: Scope, value: list[Any], key: Path, values: Path | None = None
) -> dict[str, Any]:
    """The list as a mapping: the key is what an item has at the path `key`, the value what it has at the path `values`,
    else the whole item. Of items with the same key the last one counts. 77, 77.0 and "77" are the same key.
    """
    keys = [_name(found) for found in _needed(scope, value, key)]
    found = _needed(scope, value, values) if values else value
    return dict(zip(keys, found, strict=True))


def _name(found: Any) -> str:
    """What a text or whole number is called as a key."""
    if type(found) is str:
        return found
    whole = numbers.whole(found) if type(found) in NUMBERS else None
    if whole is None:
        raise wrong_type("a key of to_mapping", {str, int}, found)
    return str(whole)


@helper(
    "data",
    times=3,
    errors=("E302",),
    examples=(
        Example("[1, 2, 1] | unique", {}, [1, 2]),
        Example("event.lines | map('id') | unique", _LINES, ["a", "b"]),
    ),
)
def unique(scope: Scope, value: list[Any]) -> list[Any]:
    """The items without repetitions, each where it came first. Lists and mappings cannot be told apart this way."""
    scope.budget.spend(sum(map(size, value)))
    seen: dict[object, Any] = {}
    for item in value:
        seen.setdefault(identity(item, scope.budget), item)
    return list(seen.values())


@helper(
    "data",
    times=3,
    errors=("E301", "E302"),
    examples=(
        Example("[3, 1, 2] | sort", {}, [1, 2, 3]),
        Example(
            "event.lines | select('n') | sort('n') | map('id')", _LINES, ["b", "a"]
        ),
    ),
)
def sort(
    scope: Scope, value: list[Any], path: Path = "", order: Order = "asc"
) -> list[Any]:
    """The items in order, by themselves or by what they have at the path; 'desc' turns it round."""
    known_order(order)
    found = ranks("sort", _needed(scope, value, path), scope.budget)
    places = sorted(range(len(value)), key=found.__getitem__, reverse=order == "desc")
    return [value[place] for place in places]


@helper(
    "data",
    times=3,
    errors=("E301", "E302", "E303"),
    examples=(
        Example("[0.1, 0.2] | sum", {}, Decimal("0.3")),
        Example("event.lines | select('n') | sum('n')", _LINES, 3),
    ),
)
def sum_(scope: Scope, value: list[Any], path: Path = "") -> Number:
    """The exact sum of numbers, or of what the items have at the path; 0 for no items."""
    total: Number = 0
    for amount in _needed(scope, value, path):
        if type(amount) not in NUMBERS:
            raise wrong_type("sum", NUMBERS, amount)
        total = numbers.add(total, amount)
    return total


@helper(
    "data",
    times=2,
    errors=("E301", "E302"),
    examples=(
        Example("[3, 1, 2] | min", {}, 1),
        Example("event.lines | map('id') | min", _LINES, "a"),
    ),
)
def min_(scope: Scope, value: list[Any]) -> Any:
    """The smallest number, first text or earliest time; missing for no items."""
    found = ranks("min", value, scope.budget)
    if not found:
        return Missing(reason="the list is empty: no smallest item")
    return value[min(range(len(found)), key=found.__getitem__)]


@helper(
    "data",
    times=2,
    errors=("E301", "E302"),
    examples=(
        Example("[3, 1, 2] | max", {}, 3),
        Example("event.lines | map('id') | max", _LINES, "b"),
    ),
)
def max_(scope: Scope, value: list[Any]) -> Any:
    """The largest number, last text or latest time; missing for no items."""
    found = ranks("max", value, scope.budget)
    if not found:
        return Missing(reason="the list is empty: no largest item")
    return value[max(range(len(found)), key=found.__getitem__)]


def _steps(scope: Scope, value: list[Any], path: str | None) -> tuple[str, ...]:
    """The path's keys, () for no path. Pays for following them in every item."""
    steps = paths.split(path) if path else ()
    scope.budget.spend(len(steps) * len(value))
    return steps


def _needed(scope: Scope, value: list[Any], path: str) -> list[Any]:
    """What each item has at the path, the items themselves for no path. Raises E301 for one that has nothing there."""
    steps = _steps(scope, value, path)
    return [_need(item, steps) for item in value] if steps else value


def _need(item: Any, steps: tuple[str, ...]) -> Any:
    found = paths.follow(item, steps)
    if isinstance(found, Missing):
        keys = ("item", *found.path)
        error = missing(Missing(keys, found=found.found + 1, there=found.there))
        path = ".".join(steps)
        error.help = f"keep the items that have it first: | select('{path}')"
        raise error
    return found
