"""Arithmetic, comparison, logic, choice and concatenation, on values of the right kind only. Nothing is coerced."""

import operator
from collections.abc import Callable
from typing import Any, Final

from jinja2 import nodes

from bridge.mapping.expressions.access import literal
from bridge.mapping.expressions.compiler import Compiled, Compiler, Handler, located
from bridge.mapping.helpers import numbers
from bridge.mapping.helpers.compare import ORDERED, check_pair, same
from bridge.mapping.helpers.complaints import wrong_type
from bridge.mapping.helpers.kinds import NUMBERS, type_of
from bridge.mapping.helpers.limits import MAX_TEXT, check_text
from bridge.mapping.helpers.scope import Scope
from bridge.mapping.helpers.text import as_text
from bridge.mapping.helpers.values import (
    OMIT,
    Missing,
    Number,
    Run,
)

BOOLEAN: Final = frozenset({bool})
TEXT: Final = frozenset({str})
_CONDITION = "compare it, or ask: is present"


def truth(value: Any, who: str) -> bool:
    """The boolean itself; any other kind is an error, for nothing is "truthy" here."""
    if value is True or value is False:
        return bool(value)
    raise wrong_type(who, BOOLEAN, value, help=_CONDITION)


def condition(compiler: Compiler, node: nodes.Node, who: str) -> Run:
    """The code of a node that must give a boolean."""
    run = compiler.compile_typed(node, BOOLEAN, who).run
    return located(lambda scope: truth(run(scope), who), compiler.tree.span(node))


# --- arithmetic ----------------------------------------------------------------------------------------------------

_ARITHMETIC: Final[dict[type[nodes.Node], tuple[str, Callable[[Any, Any], Number]]]] = {
    nodes.Add: ("'+'", numbers.add),
    nodes.Sub: ("'-'", numbers.subtract),
    nodes.Mul: ("'*'", numbers.multiply),
    nodes.Div: ("'/'", numbers.divide),
    nodes.FloorDiv: ("'//'", numbers.floor_divide),
    nodes.Mod: ("'%'", numbers.modulo),
}


def _arithmetic(compiler: Compiler, node: nodes.BinExpr) -> Compiled:
    who, compute = _ARITHMETIC[type(node)]
    left, right = _operand(compiler, node.left, who), _operand(
        compiler, node.right, who
    )
    run = located(
        lambda scope: compute(left(scope), right(scope)), compiler.tree.span(node)
    )
    return Compiled(run=run, gives=NUMBERS)


def _operand(compiler: Compiler, node: nodes.Node, who: str) -> Run:
    """The code of a node that must give a number."""
    inner = compiler.compile_typed(node, NUMBERS, who).run
    help = "join text with ~" if who == "'+'" else ""

    def run(scope: Scope) -> Any:
        value = inner(scope)
        if type(value) not in NUMBERS:
            raise wrong_type(
                who, NUMBERS, value, help=help if type(value) is str else ""
            )
        return value

    return located(run, compiler.tree.span(node))


def _negative(compiler: Compiler, node: nodes.Neg) -> Compiled:
    if isinstance(node.node, nodes.Const) and type(node.node.value) in NUMBERS:
        return literal(numbers.negative(node.node.value))
    inner = _operand(compiler, node.node, "'-'")
    run = located(
        lambda scope: numbers.negative(inner(scope)), compiler.tree.span(node)
    )
    return Compiled(run=run, gives=NUMBERS)


def _positive(compiler: Compiler, node: nodes.Pos) -> Compiled:
    return Compiled(run=_operand(compiler, node.node, "'+'"), gives=NUMBERS)


# --- comparison ----------------------------------------------------------------------------------------------------


def _equal(scope: Scope, a: Any, b: Any) -> bool:
    if type(a) is str and type(b) is str:
        return bool(a == b)
    for value in (a, b):
        if value is OMIT or type(value) is Missing:
            raise wrong_type("a comparison", ORDERED | BOOLEAN, value)
    return same(a, b, scope.budget)


def _contains(scope: Scope, item: Any, container: Any) -> bool:
    kind = type_of(container)
    if kind is list:
        scope.budget.spend(len(container))
        return any(_equal(scope, item, other) for other in container)
    if kind not in (str, dict):
        raise wrong_type("'in'", {list, str, dict}, container)
    if type(item) is not str:
        raise wrong_type("'in' before text or a mapping", TEXT, item)
    scope.budget.charge(container if kind is str else "")
    return bool(item in container)


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
    first = compiler.compile(node.expr).run
    rest = [
        (_COMPARISONS[operand.op], compiler.compile(operand.expr).run)
        for operand in node.ops
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


# --- logic and choice ----------------------------------------------------------------------------------------------


def chain(node: nodes.Node, kind: type[nodes.BinExpr]) -> list[nodes.Node]:
    """The operands of `a and b and c`, which Jinja nests."""
    operands: list[nodes.Node] = []
    while isinstance(node, kind):
        operands.append(node.right)
        node = node.left
    return [node, *reversed(operands)]


def _logic(compiler: Compiler, node: nodes.And | nodes.Or) -> Compiled:
    who = "'or'" if isinstance(node, nodes.Or) else "'and'"
    decisive = isinstance(node, nodes.Or)
    runs = [condition(compiler, part, who) for part in chain(node, type(node))]

    def run(scope: Scope) -> bool:
        if any(part(scope) is decisive for part in runs):
            return decisive
        return not decisive

    return Compiled(run=run, gives=BOOLEAN)


def _not(compiler: Compiler, node: nodes.Not) -> Compiled:
    inner = condition(compiler, node.node, "'not'")
    return Compiled(run=lambda scope: not inner(scope), gives=BOOLEAN)


def _choice(compiler: Compiler, node: nodes.CondExpr) -> Compiled:
    """`a if test else b`; without else a false test gives a missing value, as a path that leads nowhere does."""
    test = condition(compiler, node.test, "'if'")
    yes = compiler.compile(node.expr1)
    if node.expr2 is None:
        gap = Missing(
            reason="the condition is false and there is no else",
            at=compiler.tree.span(node),
        )
        return Compiled(run=lambda scope: yes.run(scope) if test(scope) else gap)
    no = compiler.compile(node.expr2)
    return Compiled(
        run=lambda scope: yes.run(scope) if test(scope) else no.run(scope),
        gives=yes.gives | no.gives,
    )


# --- text ----------------------------------------------------------------------------------------------------------


def join(parts: list[Run]) -> Run:
    """The texts of all parts as one, bounded while it grows."""

    def run(scope: Scope) -> str:
        texts, size = [], 0
        for part in parts:
            text = part(scope)
            size += len(text)
            if size > MAX_TEXT:
                check_text(size)
            texts.append(text)
        return "".join(texts)

    return run


def insertion(compiler: Compiler, node: nodes.Node) -> Run:
    """The code of a value that goes into text."""
    code = compiler.compile_typed(node, TEXT | NUMBERS, "inserting into text")
    inner = code.run
    return located(lambda scope: as_text(inner(scope)), compiler.tree.span(node))


def _concat(compiler: Compiler, node: nodes.Concat) -> Compiled:
    run = join([insertion(compiler, part) for part in node.nodes])
    return Compiled(run=located(run, compiler.tree.span(node)), gives=TEXT)


HANDLERS: Final[dict[type[nodes.Node], Handler]] = {
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
    nodes.Neg: _negative,
    nodes.Pos: _positive,
    nodes.Compare: _compare,
    nodes.And: _logic,
    nodes.Or: _logic,
    nodes.Not: _not,
    nodes.CondExpr: _choice,
    nodes.Concat: _concat,
}
