"""Slices: `text[0:4]` and `list[-3:]`, by characters or items counted from 0, or from the end where negative."""

from typing import Any, Final

from jinja2 import nodes

from bridge.mapping.expressions.compiler import Compiled, Compiler, located
from bridge.mapping.values.complaints import wrong_type
from bridge.mapping.values.kinds import NOTHING
from bridge.mapping.values.limits import check_items, check_text
from bridge.mapping.values.scope import Scope
from bridge.mapping.values.value import ExpressionError, Run, Span

_TAKES: Final = frozenset({str, list})


def sliced(
    compiler: Compiler, base: nodes.Node, part: nodes.Slice, span: Span
) -> Compiled:
    """The part from a start up to a stop, each left out or a whole number. Missing, null and omit pass it by."""
    if part.step is not None:
        help = "write [start:stop]"
        raise ExpressionError("E204", "a slice has no step here", help=help)
    code = compiler.compile_typed(base, _TAKES, "a slice")
    start, stop = _bound(compiler, part.start), _bound(compiler, part.stop)

    def run(scope: Scope) -> Any:
        value = code.run(scope)
        if type(value) in NOTHING:
            return value
        if type(value) not in _TAKES:
            raise wrong_type("a slice", _TAKES, value)
        return _cut(scope, value, slice(start(scope), stop(scope)))

    return Compiled(run=located(run, span), gives=code.gives & _TAKES)


def _bound(compiler: Compiler, node: nodes.Node | None) -> Run:
    """The code of a start or stop; None where it is left out."""
    if node is None:
        return lambda scope: None
    who, span = "a slice's end", compiler.tree.span(node)
    inner = compiler.compile_typed(node, {int}, who).run

    def run(scope: Scope) -> Any:
        value = inner(scope)
        if type(value) is not int:
            raise wrong_type(who, {int}, value)
        return value

    return located(run, span)


def _cut(scope: Scope, value: Any, part: slice) -> Any:
    """The part, which is bounded and paid for before it is made."""
    length = len(range(*part.indices(len(value))))
    if type(value) is str:
        check_text(length)
        scope.budget.charge_text(length)
    else:
        check_items(length)
        scope.budget.spend(length)
    return value[part]
