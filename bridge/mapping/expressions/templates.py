"""Templates: text with insertions, {% if %} and {% for %}. Every part gives text, whose length is bounded as it grows.

In HTML every inserted value is escaped, and in a path what stands between other text. `{{ x | html }}` in HTML is
escaped once, not twice; nothing turns it off but `{{ x | clean_html }}`, which gives harmless HTML.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from jinja2 import nodes

from bridge.mapping.expressions.access import literal
from bridge.mapping.expressions.compiler import Compiled, Compiler, Handler, located
from bridge.mapping.expressions.operators import TEXT, condition, insertion, join
from bridge.mapping.functions.markup import ESCAPING, escape
from bridge.mapping.values.complaints import wrong_type
from bridge.mapping.values.limits import MAX_TEXT, check_text
from bridge.mapping.values.scope import Scope
from bridge.mapping.values.value import ExpressionError, Run
from bridge.strict.outgoing import segment


def template(compiler: Compiler, body: list[nodes.Node]) -> Compiled:
    """A template's code: exactly one {{ … }} keeps the type of its value, everything else makes text."""
    only = _only_insertion(body)
    if only is None:
        return Compiled(run=_sequence(compiler, body), gives=TEXT)
    code = compiler.compile(_unescaped(compiler, only))
    if compiler.into != "html" or only is compiler.inserted_html:
        return code
    run = located(
        lambda scope: _html_value(scope, code.run(scope)), compiler.tree.span(only)
    )
    return Compiled(run=run, gives=code.gives)


def _only_insertion(body: list[nodes.Node]) -> nodes.Node | None:
    if len(body) == 1 and isinstance(body[0], nodes.Output):
        parts = body[0].nodes
        if len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData):
            return parts[0]
    return None


def _unescaped(compiler: Compiler, node: nodes.Node) -> nodes.Node:
    """What is escaped here anyway: the value before a last `| html`. A last `| clean_html` is noted: it never is."""
    compiler.inserted_html = None
    if compiler.into != "html" or not isinstance(node, nodes.Filter):
        return node
    if node.name == "clean_html":
        compiler.inserted_html = node
    if node.name != "html":
        return node
    compiler.helpers.add("html")
    return node.node or node


def _html_value(scope: Scope, value: Any) -> Any:
    if isinstance(value, str):
        scope.budget.charge_text(len(value), ESCAPING)
        return escape(value)
    if isinstance(value, list | dict):
        raise wrong_type("an HTML field", TEXT, value)
    return value


def _sequence(compiler: Compiler, body: list[nodes.Node]) -> Run:
    """The text of everything between two block tags, or of the whole template."""
    parts: list[Run] = []
    for node in body:
        if isinstance(node, nodes.Output):
            parts += [_part(compiler, part) for part in node.nodes]
        else:
            parts.append(compiler.compile(node).run)
    return join(parts) if parts else literal("").run


def _part(compiler: Compiler, node: nodes.Node) -> Run:
    if isinstance(node, nodes.TemplateData):
        return literal(node.data).run
    text = insertion(compiler, _unescaped(compiler, node))
    escaping = _ESCAPES.get(compiler.into)
    if escaping is None or node is compiler.inserted_html:
        return text
    walks, escaped = escaping

    def run(scope: Scope) -> str:
        written = text(scope)
        scope.budget.charge_text(len(written), walks)
        return escaped(written)

    return located(run, compiler.tree.span(node))


def _segment(text: str) -> str:
    """The text as a part of one path segment; bounded before it grows."""
    check_text(3 * len(text))
    try:
        return segment(text)
    except UnicodeEncodeError:
        return text  # half a character, which the path's own check refuses


# how often the text is walked over, and what does it
_ESCAPES: Final[dict[str, tuple[int, Callable[[str], str]]]] = {
    "html": (ESCAPING, escape),
    "path": (ESCAPING, _segment),
}


def _if(compiler: Compiler, node: nodes.If) -> Compiled:
    branches = [
        (condition(compiler, part.test, "'if'"), _sequence(compiler, part.body))
        for part in (node, *node.elif_)
    ]
    otherwise = _sequence(compiler, node.else_)

    def run(scope: Scope) -> str:
        for test, body in branches:
            if test(scope):
                return str(body(scope))
        return str(otherwise(scope))

    return Compiled(run=run, gives=TEXT)


def _for(compiler: Compiler, node: nodes.For) -> Compiled:
    if node.recursive:
        raise ExpressionError("E204", "a recursive loop is not allowed here")
    items = compiler.compile_typed(node.iter, {list}, "'for'").run
    otherwise = _sequence(compiler, node.else_)
    names = _targets(compiler, node.target)
    compiler.locals += names
    before = compiler.nodes
    test = condition(compiler, node.test, "'if'") if node.test else None
    body = _sequence(compiler, node.body)
    parts = compiler.nodes - before
    del compiler.locals[-len(names) :]

    def run(scope: Scope) -> str:
        texts, size = [], 0
        for inner in _turns(scope, items(scope), names):
            scope.budget.spend(parts)
            if test is None or test(inner):
                text = body(inner)
                size += len(text)
                if size > MAX_TEXT:
                    check_text(size)
                texts.append(text)
        return "".join(texts) if texts else str(otherwise(scope))

    return Compiled(run=located(run, compiler.tree.span(node.iter)), gives=TEXT)


def _targets(compiler: Compiler, node: nodes.Node) -> list[str]:
    """The loop's own names: one for each item, or several if the items are lists of as many values."""
    parts = node.items if isinstance(node, nodes.Tuple) else [node]
    names = [part.name for part in parts if isinstance(part, nodes.Name)]
    if len(set(names)) != len(parts) or "omit" in names:
        raise ExpressionError(
            "E204",
            "a loop needs different plain names",
            help="for key, value in x | items",
        ).at(compiler.tree.span(node))
    return names


def _turns(scope: Scope, items: Any, names: list[str]) -> Iterator[Scope]:
    """The scope of each turn: one scope, whose names are set anew, since nothing outlives its turn."""
    if not isinstance(items, list):
        help = "loop over its pairs: | items" if isinstance(items, dict) else ""
        raise wrong_type("'for'", {list}, items, help=help)
    scope.budget.charge(items)
    local = dict(scope.names)
    inner = replace(scope, names=local)
    for item in items:
        if len(names) == 1:
            local[names[0]] = item
        else:
            local.update(zip(names, _pair(item, len(names)), strict=True))
        yield inner


def _pair(item: Any, length: int) -> list[Any]:
    """An item that several names stand for."""
    if isinstance(item, list) and len(item) == length:
        return item
    raise ExpressionError(
        "E302", f"'for' needs items that are lists of {length} values"
    )


HANDLERS: Final[dict[type[nodes.Node], Handler]] = {nodes.If: _if, nodes.For: _for}
