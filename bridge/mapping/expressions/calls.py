"""`value | helper(…)` and `value is test`: arguments are matched and literal ones checked here, before any event comes.

A helper is called with values of the kinds that it takes. Missing, null and omit pass it by, unless it is one that
asks for them (default, coalesce, the tests).
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias, cast

from jinja2 import nodes

from bridge.did_you_mean import question
from bridge.kinds import type_of
from bridge.mapping.expressions.access import literal
from bridge.mapping.expressions.compiler import Compiled, Compiler, Handler, located
from bridge.mapping.expressions.dialects import renamed
from bridge.mapping.expressions.habits import called, told
from bridge.mapping.functions import FILTERS, TESTS, Helper
from bridge.mapping.functions.catalogue import REQUIRED, Parameter
from bridge.mapping.values.complaints import near, wrong_type
from bridge.mapping.values.kinds import ANY, NOTHING
from bridge.mapping.values.limits import size
from bridge.mapping.values.scope import Scope
from bridge.mapping.values.value import MISSING, ExpressionError, Run

_ALIKE: Final = 0.65  # `title` is no `items`
_Used: TypeAlias = nodes.Filter | nodes.Test
_MADE: Final = frozenset({str, list})  # made anew by the helpers that give them


def _filter(compiler: Compiler, node: nodes.Filter) -> Compiled:
    place = compiler.tree.word(node)
    try:
        helper = _find(compiler, node, FILTERS, "helper")
        _refuse_escaped_html(compiler, node)
        value = _subject(compiler, helper, node.node)
        arguments = _bind(compiler, helper, node)
    except ExpressionError as error:
        raise error.at(place)
    compiler.helpers.add(helper.name)
    if helper.name == "lookup":
        compiler.tables.add(arguments[0].value)
    return Compiled(
        run=located(_call(helper, value, arguments), place), gives=helper.gives
    )


def _refuse_escaped_html(compiler: Compiler, node: nodes.Filter) -> None:
    """Raises E205 for HTML that would be escaped like any value, since it is not what is inserted."""
    inserted = node is compiler.inserted_html or compiler.into != "html"
    if node.name == "clean_html" and not inserted:
        help = "write it at the end: … | default('') | clean_html"
        raise ExpressionError("E205", "'clean_html' must come last here", help=help)


def _test(compiler: Compiler, node: nodes.Test) -> Compiled:
    try:
        helper = _find(compiler, node, TESTS, "test")
    except ExpressionError as error:
        raise error.at(compiler.tree.word(node))
    if not helper.parameters and (node.args or node.kwargs):
        raise ExpressionError(
            "E205", f"'is {helper.name}' takes no arguments", help="join tests with and"
        )
    arguments = _bind(compiler, helper, node)
    compiler.helpers.add(helper.name)
    value = _subject(compiler, helper, node.node)
    run = _call(helper, value, arguments)
    if helper.parameters:  # the others answer for every value
        run = located(run, compiler.tree.word(node))
    return Compiled(run=run, gives=helper.gives)


def _find(
    compiler: Compiler, node: _Used, registry: dict[str, Helper], what: str
) -> Helper:
    name = node.name
    if name in registry:
        return registry[name]
    guess = told(compiler, node)
    if not guess and (known := renamed(name)) in registry:
        guess = question(known)
    guess = guess or near(name, registry, _ALIKE)
    choices = f"the {what}s are {', '.join(sorted(registry))}"
    raise ExpressionError("E202", f"unknown {what} '{name}'", help=guess or choices)


def _subject(compiler: Compiler, helper: Helper, node: nodes.Node | None) -> Run:
    """The value before the bar, whose absence is provided for where the helper takes it.

    Jinja leaves it out in a filter block alone, which is not part of the language.
    """
    with compiler.guarding(asked=compiler.guarded or helper.absent):
        who = f"'{helper.name}'"
        return compiler.compile_typed(cast(nodes.Node, node), helper.takes, who).run


def _call(helper: Helper, value: Run, arguments: Sequence[Compiled]) -> Run:
    function = helper.function
    if helper.absent:
        runs = [argument.run for argument in arguments]
        if helper.catches:
            value = _caught(value)
        return lambda scope: function(
            scope, value(scope), *[run(scope) for run in runs]
        )
    apply = _apply(helper, arguments)
    takes, steps, times = helper.takes - NOTHING, helper.steps, helper.times
    makes = helper.gives <= _MADE

    def call(scope: Scope) -> Any:
        subject = value(scope)
        kind = type(subject)
        if kind not in takes:
            if kind in NOTHING:
                return subject
            if type_of(subject) not in takes:
                raise wrong_type(f"'{helper.name}'", takes, subject)
        budget = scope.budget
        budget.charge(subject, times)
        if steps:
            budget.spend(steps)
        result = apply(scope, subject)
        if makes and (length := size(result)):
            budget.spend(length)
        return result

    return call


def _caught(value: Run) -> Run:
    """A value that is missing where it fails; not where the event's budget is spent, which is no fault of the value."""

    def run(scope: Scope) -> Any:
        try:
            return value(scope)
        except ExpressionError:
            if scope.budget.left < 0:
                raise
            return MISSING

    return run


def _apply(helper: Helper, arguments: Sequence[Compiled]) -> Any:
    """The helper's function with its arguments put in; literals are put in once."""
    function = helper.function
    if not arguments:
        return function
    if all(argument.literal for argument in arguments):
        values = tuple(argument.value for argument in arguments)
        return lambda scope, subject: function(scope, subject, *values)
    runs = [argument.run for argument in arguments]
    return lambda scope, subject: function(
        scope, subject, *[run(scope) for run in runs]
    )


def _bind(compiler: Compiler, helper: Helper, node: _Used) -> list[Compiled]:
    """One code per parameter, in their order."""
    if node.dyn_args or node.dyn_kwargs:
        raise ExpressionError("E204", "'*' before an argument is not allowed here")
    named: dict[Any, Any] = {pair.key: pair.value for pair in node.kwargs}
    given = list(node.args)
    codes: list[Compiled] = []
    for parameter in helper.parameters:
        if parameter.variadic:
            codes += _variadic(compiler, helper, parameter, given)
            given = []
        elif given and parameter.name not in named:
            codes.append(_argument(compiler, helper, parameter, given.pop(0)))
        elif parameter.name in named and not given:
            codes.append(
                _argument(compiler, helper, parameter, named.pop(parameter.name))
            )
        elif parameter.default is REQUIRED or given:
            raise _misfit(helper)
        else:
            codes.append(literal(parameter.default))
    if given or named or _doubled(node):
        raise _misfit(helper)
    return codes


def _doubled(node: _Used) -> bool:
    keys = [pair.key for pair in node.kwargs]
    return len(keys) != len(set(keys))


def _misfit(helper: Helper) -> ExpressionError:
    if not helper.parameters:
        return ExpressionError("E205", f"'{helper.name}' takes no arguments")
    return ExpressionError(
        "E205",
        f"wrong arguments for '{helper.name}'",
        help=f"it is {helper.signature}",
    )


def _variadic(
    compiler: Compiler, helper: Helper, parameter: Parameter, given: Iterable[Any]
) -> list[Compiled]:
    """Further choices: the absence of each is provided for by the next."""
    *earlier, last = given or [None]
    if last is None:
        raise _misfit(helper)
    with compiler.guarding(asked=True):
        codes = [_argument(compiler, helper, parameter, node) for node in earlier]
    return [*codes, _argument(compiler, helper, parameter, last)]


def _argument(
    compiler: Compiler, helper: Helper, parameter: Parameter, node: nodes.Node
) -> Compiled:
    who = f"'{parameter.name}' of '{helper.name}'"
    span = compiler.tree.span(node)
    free = helper.absent and parameter.accepts == ANY  # stands in for a value
    with compiler.guarding(asked=compiler.guarded and free):
        code = compiler.compile_typed(node, parameter.accepts, who)
    if code.literal:
        _check_literal(parameter, code.value, span)
    elif parameter.literal:
        raise ExpressionError("E205", f"{who} must be a literal text").at(span)
    if code.literal or free:
        return code
    accepts, inner = parameter.accepts, code.run

    def run(scope: Scope) -> Any:
        value = inner(scope)
        if type(value) not in accepts and type_of(value) not in accepts:
            raise wrong_type(who, accepts, value)
        scope.budget.charge(value)
        return value

    return Compiled(run=located(run, span))


def _check_literal(parameter: Parameter, value: object, span: tuple[int, int]) -> None:
    if parameter.check is None or value is None:
        return
    try:
        parameter.check(value)
    except ExpressionError as error:
        raise error.at(span)


HANDLERS: Final[dict[type[nodes.Node], Handler]] = {
    nodes.Call: called,
    nodes.Filter: _filter,
    nodes.Test: _test,
}
