"""Arithmetic, logic, choice and concatenation, on values of the right kind only. Nothing is coerced."""

from collections.abc import Callable
from typing import Any, Final

from jinja2 import nodes

from bridge.mapping.expressions.access import literal
from bridge.mapping.expressions.compiler import Compiled, Compiler, Handler, located
from bridge.mapping.expressions.habits import JOIN, chain, instead, joined
from bridge.mapping.functions.text import as_text
from bridge.mapping.values import numbers
from bridge.mapping.values.complaints import wrong_type
from bridge.mapping.values.kinds import NUMBERS
from bridge.mapping.values.limits import MAX_TEXT, TEXT_PER_STEP, check_text
from bridge.mapping.values.scope import Scope
from bridge.mapping.values.value import ExpressionError, Missing, Number, Run

BOOLEAN: Final = frozenset({bool})
TEXT: Final = frozenset({str})
_COMPUTING: Final = 3  # steps of an operation on numbers of 100 digits
_WRITING: Final = 4  # of a number in digits
_CONDITION = "compare it, or check: is present"


def truth(value: Any, who: str) -> bool:
    """True or false itself; any other kind is an error, for nothing is "truthy" here."""
    if value is True or value is False:
        return bool(value)
    raise wrong_type(who, BOOLEAN, value, help=_CONDITION)


def condition(compiler: Compiler, node: nodes.Node, who: str) -> Run:
    """The code of a node that must give true or false."""
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
    help = joined(compiler, node)
    try:
        left = _operand(compiler, node.left, who, help)
        right = _operand(compiler, node.right, who, help)
    except ExpressionError as error:
        if isinstance(node, nodes.Add) and str(error.help).startswith(JOIN):
            error.help = help  # of `a + b + 'c'` the whole chain
        raise

    def run(scope: Scope) -> Number:
        scope.budget.spend(_COMPUTING)
        return compute(left(scope), right(scope))

    return Compiled(run=located(run, compiler.tree.span(node)), gives=NUMBERS)


def _operand(compiler: Compiler, node: nodes.Node, who: str, help: str = "") -> Run:
    """The code of a node that must give a number; `help` is what to write where it gives text."""
    inner = compiler.compile_typed(node, NUMBERS, who, for_text=help).run

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


# --- logic and choice ----------------------------------------------------------------------------------------------


def _logic(compiler: Compiler, node: nodes.And | nodes.Or) -> Compiled:
    who = "'or'" if isinstance(node, nodes.Or) else "'and'"
    decisive = isinstance(node, nodes.Or)
    parts = chain(node, type(node))
    runs = []
    for at, part in enumerate(parts):
        try:
            runs.append(condition(compiler, part, who))
        except ExpressionError as error:
            error.help = error.help or instead(compiler, node, parts) or _CONDITION
            raise

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
        if size >= TEXT_PER_STEP:
            scope.budget.charge_text(size)
        return "".join(texts)

    return run


def insertion(compiler: Compiler, node: nodes.Node) -> Run:
    """The code of a value that goes into text."""
    code = compiler.compile_typed(node, TEXT | NUMBERS, "inserting into text")
    inner = code.run

    def run(scope: Scope) -> str:
        value = inner(scope)
        if type(value) is str:
            return value
        scope.budget.spend(_WRITING)
        return as_text(value)

    return located(run, compiler.tree.span(node))


def _concat(compiler: Compiler, node: nodes.Concat) -> Compiled:
    run = join([insertion(compiler, part) for part in node.nodes])
    return Compiled(run=located(run, compiler.tree.span(node)), gives=TEXT)


HANDLERS: Final[dict[type[nodes.Node], Handler]] = {
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
    nodes.Neg: _negative,
    nodes.Pos: _positive,
    nodes.And: _logic,
    nodes.Or: _logic,
    nodes.Not: _not,
    nodes.CondExpr: _choice,
    nodes.Concat: _concat,
}
