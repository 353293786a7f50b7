"""Comparison, on values of the right kind only. Nothing is coerced, so what can never be equal is refused at once."""

import operator
import re
from collections.abc import Callable
from typing import Any, Final

from jinja2 import nodes

from bridge.kinds import type_of
from bridge.mapping.expressions.compiler import Compiled, Compiler, Handler, located
from bridge.mapping.values.compare import ORDERED, alike, check_pair, composed, same
from bridge.mapping.values.complaints import wrong_type
from bridge.mapping.values.kinds import NUMBERS, describe
from bridge.mapping.values.scope import Scope
from bridge.mapping.values.value import OMIT, ExpressionError, Missing
from bridge.model import Advice

BOOLEAN: Final = frozenset({bool})
TEXT: Final = frozenset({str})
_DIGITS = re.compile(r"-?[0-9]{1,99}(\.[0-9]{1,99})?")
_NEVER = {
    "eq": "'==' is never true",
    "ne": "'!=' is always true",
    "in": "'in' is never true",
    "notin": "'not in' is always true",
}


def _equal(scope: Scope, a: Any, b: Any) -> bool:
    if type(a) is str and type(b) is str:
        return alike(a, b, scope.budget)
    for value in (a, b):
        if value is OMIT or type(value) is Missing:
            raise wrong_type("a comparison", ORDERED | BOOLEAN, value)
    return same(a, b, scope.budget)


def _contains(scope: Scope, item: Any, container: Any) -> bool:
    kind = type_of(container)
    if kind is list:
        scope.budget.spend(2 * len(container))
        return any(_equal(scope, item, other) for other in container)
    if kind not in (str, dict):
        raise wrong_type("'in'", {list, str, dict}, container)
    if type(item) is not str:
        raise wrong_type("'in' before text or a mapping", TEXT, item)
    scope.budget.charge(item)
    if kind is dict:
        return item in container or _named(scope, item, container)
    scope.budget.charge(container)
    return composed(item, scope.budget) in composed(container, scope.budget)


def _named(scope: Scope, name: str, container: dict[str, Any]) -> bool:
    """Whether a mapping has a name in another spelling of its letters."""
    if name.isascii():
        return False
    scope.budget.spend(len(container))
    return any(alike(name, key, scope.budget) for key in container)


def _order(sign: str, compare: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    def run(scope: Scope, a: Any, b: Any) -> bool:
        if type(a) is not type(b) or type(a) not in NUMBERS:
            check_pair(f"'{sign}'", a, b, scope.budget)
        return compare(a, b)

    return run


_COMPARISONS: Final[dict[str, Callable[[Scope, Any, Any], bool]]] = {
    "eq": _equal,
    "ne": lambda scope, a, b: not _equal(scope, a, b),
    "in": _contains,
    "notin": lambda scope, a, b: not _contains(scope, a, b),
    "lt": _order("<", operator.lt),
    "lteq": _order("<=", operator.le),
    "gt": _order(">", operator.gt),
    "gteq": _order(">=", operator.ge),
}


def _compare(compiler: Compiler, node: nodes.Compare) -> Compiled:
    codes = [compiler.compile(node.expr)]
    for at, operand in enumerate(node.ops):
        codes.append(compiler.compile(operand.expr))
        _refuse_never(compiler, node, at, codes[-2], codes[-1])
    first = codes[0].run
    rest = [
        (_COMPARISONS[operand.op], code.run)
        for operand, code in zip(node.ops, codes[1:], strict=True)
    ]

    def run(scope: Scope) -> bool:
        left = first(scope)
        for holds, operand in rest:
            right = operand(scope)
            if not holds(scope, left, right):
                return False
            left = right
        return True

    return Compiled(run=located(run, compiler.tree.span(node)), gives=BOOLEAN)


def _refuse_never(
    compiler: Compiler, node: nodes.Compare, at: int, left: Compiled, right: Compiled
) -> None:
    """Refuses (E205) a value of known kinds beside literals of others, which it can never be equal to."""
    sign, written_at = node.ops[at].op, node.ops[at].expr
    value, literals = left, right.items
    if sign in ("eq", "ne"):
        value, literals = (right, (left,)) if left.literal else (left, (right,))
        if left.literal:
            written_at = node.ops[at - 1].expr if at else node.expr
    if sign not in _NEVER or value.literal or not all(it.literal for it in literals):
        return
    written = _kinds(*literals)
    if written and written <= ORDERED | BOOLEAN and written.isdisjoint(_kinds(value)):
        given = describe(value.gives)
        message = f"{_NEVER[sign]}: {given} is compared with {describe(written)}"
        help = f"compare with {given}"
        if right_texts := _written_right(value, [it.value for it in literals]):
            said = ", ".join(right_texts)
            text = f"[{said}]" if sign in ("in", "notin") else said
            without = " without quotes" if value.gives <= NUMBERS else ""
            span = compiler.tree.span(written_at)
            help = Advice(f"write {said}{without}", text, span=span, plain=help)
        raise ExpressionError("E205", message, help=help)


def _kinds(*codes: Compiled) -> frozenset[type]:
    """What these can give; every number counts as both kinds, for 1 equals 1.0."""
    gives = frozenset().union(*(code.gives for code in codes))
    return gives if gives.isdisjoint(NUMBERS) else gives | NUMBERS


def _written_right(value: Compiled, literals: list[Any]) -> list[str]:
    """How literals of the other kind are written, where that is all there is to it."""
    if value.gives <= NUMBERS and all(_DIGITS.fullmatch(str(it)) for it in literals):
        return [*map(str, literals)]
    if value.gives <= TEXT and all(type(it) in NUMBERS for it in literals):
        return [*map(repr, map(str, literals))]
    return []


HANDLERS: Final[dict[type[nodes.Node], Handler]] = {nodes.Compare: _compare}
