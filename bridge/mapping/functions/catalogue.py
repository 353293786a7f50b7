"""How a helper is described and registered. The decorator reads the function's annotations; it runs nothing.

    @helper("text", examples=(Example("event.a | upper", {"event": {"a": "x"}}, "X"), …))
    def upper(value: str) -> str: …

The first parameter, after an optional `scope`, is the value before the bar; the others are the arguments. An argument
annotated `Annotated[str, check]` is checked while compiling when it is a literal; `check` raises ExpressionError. With
LITERAL in its annotation it must be one.
"""

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from bridge.mapping.values.kinds import ANY, describe

REQUIRED: Final = object()
LITERAL: Final = object()  # marks an argument that must be known before an event comes


class Example(NamedTuple):
    """One use: the expression, the names it sees, what it gives."""

    expression: str
    names: Mapping[str, Any]
    gives: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One argument of a helper."""

    name: str
    accepts: frozenset[type]
    default: object = REQUIRED
    variadic: bool = False
    check: Callable[[Any], object] | None = None  # for literals; raises ExpressionError
    literal: bool = False  # nothing but a literal is taken

    def __str__(self) -> str:
        if self.variadic:
            return f"*{self.name}"
        return (
            self.name
            if self.default is REQUIRED
            else f"{self.name}={_literal(self.default)}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Helper:
    """One entry of the catalogue. `function` takes (scope, value, *arguments) in the order of `parameters`."""

    name: str
    group: str
    summary: str
    takes: frozenset[type]
    gives: frozenset[type]
    parameters: tuple[Parameter, ...]
    errors: tuple[str, ...]
    examples: tuple[Example, ...]
    function: Callable[..., Any]
    absent: bool  # it is given missing, null and omit too, which others pass through
    catches: bool  # it is given missing where what stands before it fails
    steps: int  # what a call takes from the event's budget, beside what its value costs
    times: int  # how often it walks over its value, as far as that costs

    @property
    def signature(self) -> str:
        """`round(places=0, mode='half_up')`, or the bare name without arguments."""
        arguments = ", ".join(map(str, self.parameters))
        return f"{self.name}({arguments})" if arguments else self.name

    @property
    def input(self) -> str:
        """What it takes, in words."""
        return describe(self.takes)

    @property
    def output(self) -> str:
        """What it gives, in words."""
        return describe(self.gives)


FILTERS: Final[dict[str, Helper]] = {}
TESTS: Final[dict[str, Helper]] = {}

_Function = typing.TypeVar("_Function", bound=Callable[..., Any])


def helper(
    group: str,
    *,
    examples: tuple[Example, Example],
    errors: tuple[str, ...] = (),
    absent: bool = False,
    catches: bool = False,
    steps: int = 0,
    times: int = 1,
) -> Callable[[_Function], _Function]:
    """Registers a function under its name (`round_` as `round`); the group `tests` is what may follow `is`.

    `steps` and `times` are measured, tests/mapping/test_helpers_cost.py says how.
    """

    def register(function: _Function) -> _Function:
        entry = _describe(
            function, group, examples, errors, absent, catches, steps, times
        )
        registry = TESTS if group == "tests" else FILTERS
        registry[entry.name] = entry
        return function

    return register


def _describe(
    function: Callable[..., Any],
    group: str,
    examples: tuple[Example, ...],
    errors: tuple[str, ...],
    absent: bool,
    catches: bool,
    steps: int,
    times: int,
) -> Helper:
    hints = typing.get_type_hints(function, include_extras=True)
    parameters = list(inspect.signature(function).parameters.values())
    scoped = parameters[0].name == "scope"
    value, *arguments = parameters[1:] if scoped else parameters
    return Helper(
        name=function.__name__.removesuffix("_"),
        group=group,
        summary=inspect.cleandoc(function.__doc__ or "").replace("\n", " "),
        takes=_kinds(hints[value.name]),
        gives=_kinds(hints["return"]),
        parameters=tuple(_parameter(item, hints[item.name]) for item in arguments),
        errors=errors,
        examples=examples,
        function=function if scoped else _unscoped(function),
        absent=absent,
        catches=catches,
        steps=steps,
        times=times,
    )


def _unscoped(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda scope, *values: function(*values)


def _parameter(parameter: inspect.Parameter, hint: Any) -> Parameter:
    extras = [
        extra
        for part in (hint, *typing.get_args(hint))
        for extra in getattr(part, "__metadata__", ())
    ]
    unset = parameter.default is inspect.Parameter.empty
    return Parameter(
        name=parameter.name,
        accepts=_kinds(hint),
        default=REQUIRED if unset else parameter.default,
        variadic=parameter.kind is inspect.Parameter.VAR_POSITIONAL,
        check=next(filter(callable, extras), None),
        literal=LITERAL in extras,
    )


def _kinds(hint: Any) -> frozenset[type]:
    """The kinds of values an annotation stands for: `int | Decimal`, `list[Any]`, `object` for any."""
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        return _kinds(typing.get_args(hint)[0])
    if origin in (dict, list):
        return frozenset({origin})
    if typing.get_args(hint):
        return frozenset[type]().union(*map(_kinds, typing.get_args(hint)))
    if hint in (str, int, Decimal, bool, datetime, type(None)):
        return frozenset({hint})
    return ANY


def _literal(value: object) -> str:
    return "none" if value is None else repr(value)
