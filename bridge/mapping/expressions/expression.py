"""A compiled expression: what it reads, and its value for a scope. Immutable, and safe to share between events."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Literal, TypeAlias, overload

from jinja2 import nodes

from bridge.mapping.expressions import access, calls, comparisons, operators, templates
from bridge.mapping.expressions.compiler import Compiled, Compiler, Kinds
from bridge.mapping.expressions.habits import chain
from bridge.mapping.expressions.proposals import proven
from bridge.mapping.expressions.syntax import parse_bare, parse_template
from bridge.mapping.values.complaints import hyphenated, missing, near
from bridge.mapping.values.scope import Scope
from bridge.mapping.values.value import ExpressionError, Missing, Run, Span, Value
from bridge.model import Advice

_LANGUAGE = {
    **access.HANDLERS,
    **operators.HANDLERS,
    **comparisons.HANDLERS,
    **calls.HANDLERS,
}
_Operands: TypeAlias = Callable[[], tuple[tuple[str, Run], ...]]
_NULLS = frozenset({"null", "nil", "NULL", "Null"})  # as other languages write it
_BOOLEANS = ("true", "false")
_BLOCKS = {**_LANGUAGE, **templates.HANDLERS}


@dataclass(frozen=True, kw_only=True, slots=True)
class Expression:
    """One expression or template of a mapping file."""

    source: str
    # Written-out paths from free names; an index as its digits.
    paths: tuple[tuple[str, ...], ...]
    # Those asked for by default(…), coalesce or a test.
    optional_paths: tuple[tuple[str, ...], ...]
    names: frozenset[str]  # the free names, `omit` apart
    helpers: frozenset[str]  # filters and tests used
    tables: frozenset[str]  # tables that lookup is given
    gives: frozenset[type]  # the kinds of value it can give, as far as that is known
    # Of each path's first use.
    spans: Mapping[tuple[str, ...], Span] = field(repr=False)
    _run: Run = field(repr=False)
    _places: Mapping[str, Span] = field(repr=False)  # of each name's first use
    _operands: _Operands = field(repr=False)  # made when they are first asked for

    @overload
    def evaluate(
        self, scope: Scope, *, allow_missing: Literal[False] = False
    ) -> Value: ...

    @overload
    def evaluate(
        self, scope: Scope, *, allow_missing: Literal[True]
    ) -> Value | Missing: ...

    def evaluate(self, scope: Scope, *, allow_missing: bool = False) -> Value | Missing:
        """The value: Json, an aware datetime, or OMIT. Raises ExpressionError E3xx, and nothing else.

        A value that is not there is E301, or with `allow_missing` a Missing that knows its path.
        """
        try:
            value: Value | Missing = self._run(scope)
        except ExpressionError as error:
            raise error.within(self.source)
        if isinstance(value, Missing) and not allow_missing:
            raise missing(value).within(self.source)
        return value

    def explain(self, scope: Scope) -> tuple[tuple[str, Value | Missing], ...]:
        """What a condition looked at, each as it is written, with its value.

        An operand that cannot be evaluated is left out: the condition may have been decided before it.
        """
        return _values(self._operands(), scope)

    def read(self, scope: Scope) -> tuple[tuple[str, Value | Missing], ...]:
        """Every path that stands in it, as it is written, with its value; the names of its own loops apart."""
        found = (
            (self.source[slice(*span)], access.reader(path[0], path[1:], span))
            for path, span in self.spans.items()
        )
        return _values(found, scope)


def compile_expression(source: str, *, kinds: Kinds = ()) -> Expression:
    """A bare expression, as `when` takes it. Raises ExpressionError E2xx.

    `kinds` are what some paths give, by which more is refused; what it does is the same.
    """
    return proven(partial(_bare, kinds=kinds), source)


def _bare(source: str, kinds: Kinds) -> Expression:
    tree = parse_bare(source)
    compiler = Compiler(tree, _LANGUAGE, kinds=kinds)
    code = compiler.compile(tree.body[0])
    return _expression(compiler, code, cache(partial(_operands, source)))


def compile_template(
    source: str, *, blocks: bool = False, into: str = "text"
) -> Expression:
    """Text with {{ … }}. Raises ExpressionError E2xx.

    Exactly one {{ … }} and nothing else keeps its value's type; anything around it makes text. `blocks` allows
    {% if %} and {% for %}. `into` html escapes every inserted value, `into` path what is put between other text: it is
    one segment, or a part of one.
    """
    return proven(partial(_text, blocks=blocks, into=into), source)


def _text(source: str, blocks: bool, into: str) -> Expression:
    tree = parse_template(source)
    compiler = Compiler(tree, _BLOCKS if blocks else _LANGUAGE, into=into)
    code = templates.template(compiler, tree.body)
    return _expression(compiler, code, tuple)


def _values(
    parts: Iterable[tuple[str, Run]], scope: Scope
) -> tuple[tuple[str, Value | Missing], ...]:
    """The values of parts of an expression; one that cannot be evaluated is left out."""
    seen: dict[str, Value | Missing] = {}
    for text, run in parts:
        try:
            seen[text] = run(scope)
        except Exception:  # a Lazy name raises what its maker raises
            continue
    return tuple(seen.items())


def check_names(
    expression: Expression, allowed: Collection[str]
) -> list[ExpressionError]:
    """E203 for each name that is not allowed, at its first use."""
    errors = []
    for name in sorted(expression.names.difference(allowed)):
        place = expression._places[name]
        help = _named_right(name, expression.source, place, allowed)
        error = ExpressionError("E203", f"unknown name '{name}'", help=help)
        errors.append(error.at(place).within(expression.source))
    return errors


def _named_right(name: str, source: str, place: Span, allowed: Collection[str]) -> str:
    """What an unknown name was meant to be, and the names that there are."""
    choices = f"he names here are {', '.join(sorted(allowed))}"
    hyphen = hyphenated(source, place)
    if name == "now" and "meta" in allowed:
        return Advice(f"write meta.received_at. T{choices}", "meta.received_at")
    if name in _NULLS:
        return Advice(f"write none for null. T{choices}", "none")
    if name.lower() in _BOOLEANS:
        return Advice(f"it is written {name.lower()}. T{choices}", name.lower())
    if isinstance(hyphen, Advice):
        return Advice(f"{hyphen}. T{choices}", *hyphen.instead, span=hyphen.span)
    followed = source[place[1] : place[1] + 1] in (".", "[")
    named = "item" if followed and "index" in allowed and "item" in allowed else ""
    guess = near(
        name, [one for one in allowed if one != "index"] if followed else allowed
    )
    if not guess and named:
        return Advice(
            f"without as: NAME, an item of for_each is called item. T{choices}", "item"
        )
    return f"{guess} T{choices}" if guess else f"t{choices}"


def _expression(compiler: Compiler, code: Compiled, operands: _Operands) -> Expression:
    return Expression(
        source=compiler.tree.source,
        paths=tuple(compiler.paths),
        optional_paths=tuple(path for path, asked in compiler.paths.items() if asked),
        names=frozenset(compiler.names),
        helpers=frozenset(compiler.helpers),
        tables=frozenset(compiler.tables),
        gives=code.gives,
        spans=compiler.spans,
        _run=code.run,
        _places=compiler.names,
        _operands=operands,
    )


def _operands(source: str) -> tuple[tuple[str, Run], ...]:
    """What a condition compares or asks, compiled each by itself."""
    tree = parse_bare(source)
    compiler = Compiler(tree, _LANGUAGE)
    return tuple(
        (tree.text(node), compiler.compile(node).run)
        for node in _looked_at(tree.body[0])
    )


def _looked_at(node: nodes.Node) -> Iterator[nodes.Node]:
    match node:
        case nodes.And() | nodes.Or():
            for part in chain(node, type(node)):
                yield from _looked_at(part)
        case nodes.Not() | nodes.Test():
            yield from _looked_at(node.node)
        case nodes.Compare():
            for part in (node.expr, *(operand.expr for operand in node.ops)):
                yield from _looked_at(part)
        case nodes.Const() | nodes.List():
            return
        case _:
            yield node
