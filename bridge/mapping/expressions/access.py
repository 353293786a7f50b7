"""Names, paths and literals. A path reads mapping keys and list indexes, and nothing else of any object."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from jinja2 import nodes

from bridge.kinds import type_of
from bridge.mapping.expressions.compiler import Compiled, Compiler, Handler, located
from bridge.mapping.expressions.slices import sliced
from bridge.mapping.values.complaints import wrong_type
from bridge.mapping.values.kinds import ANY, SENT
from bridge.mapping.values.paths import ABSENT, child, follow, index_of
from bridge.mapping.values.scope import Lazy, Scope
from bridge.mapping.values.value import (
    OMIT,
    ExpressionError,
    Missing,
    Run,
    Span,
)


def literal(value: Any) -> Compiled:
    """The code of a value that is known already."""
    return Compiled(
        run=lambda scope: value,
        gives=frozenset({type(value)}),
        literal=True,
        value=value,
    )


def _const(compiler: Compiler, node: nodes.Const) -> Compiled:
    return literal(node.value)


def _list(compiler: Compiler, node: nodes.List) -> Compiled:
    items = [_item(compiler, item) for item in node.items]
    runs = [item.run for item in items]
    return Compiled(
        run=lambda scope: [run(scope) for run in runs],
        gives=frozenset({list}),
        items=tuple(items) if all(item.literal for item in items) else (),
    )


def _dict(compiler: Compiler, node: nodes.Dict) -> Compiled:
    runs = []
    for pair in node.items:
        key = getattr(pair.key, "value", None)
        if not isinstance(key, str):
            raise ExpressionError(
                "E204", "a key in brackets must be text in quotes"
            ).at(compiler.tree.span(pair.key))
        runs.append((key, _item(compiler, pair.value).run))
    return Compiled(
        run=lambda scope: {key: run(scope) for key, run in runs},
        gives=frozenset({dict}),
    )


def _item(compiler: Compiler, node: nodes.Node) -> Compiled:
    """An item of a literal list or mapping: it must exist, be it null."""
    code = compiler.compile(node)

    def run(scope: Scope) -> Any:
        value = code.run(scope)
        if value is OMIT or type(value) is Missing:
            raise wrong_type("an item", code.gives, value)
        return value

    return replace(code, run=located(run, compiler.tree.span(node)))


def _access(
    compiler: Compiler, node: nodes.Name | nodes.Getattr | nodes.Getitem
) -> Compiled:
    """A name, or as much of a path as is written out; an index that is computed starts a new path."""
    span = compiler.tree.span(node)
    base, keys = _unwind(node)
    compiler.count(len(keys))
    if isinstance(base, nodes.Name):
        return _path(compiler, base, keys, span)
    if not keys:
        return _computed(compiler, base)
    inner = compiler.compile(base).run
    return Compiled(run=lambda scope: _extend(inner(scope), keys, span))


def _unwind(node: Any) -> tuple[Any, tuple[str, ...]]:
    """What a chain of keys starts from, and the keys that are literals."""
    keys: list[str] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        key = node.attr if isinstance(node, nodes.Getattr) else _literal_key(node.arg)
        if key is None:
            break
        keys.append(key)
        node = node.node
    return node, tuple(reversed(keys))


def _literal_key(node: nodes.Node) -> str | None:
    value = node.value if isinstance(node, nodes.Const) else None
    return str(value) if type(value) in (str, int) else None


def _path(
    compiler: Compiler, base: nodes.Name, keys: tuple[str, ...], span: Span
) -> Compiled:
    name, start = base.name, base.lineno
    if name in compiler.locals:
        return Compiled(run=reader(name, keys, span))
    if name == "omit" and not keys:
        return literal(OMIT)
    path = (name, *keys)
    compiler.add_path(path, (start, start + len(name)), span)
    # A name of `let` may hold omit, but nothing does inside.
    unknown = SENT if keys else ANY
    gives = compiler.kinds.get(path, unknown)
    return Compiled(run=reader(name, keys, span), gives=gives)


def reader(name: str, keys: tuple[str, ...], span: Span) -> Run:
    """A path's code. The hot path: most fields are one of these. Everything unusual is left to `_walk`."""
    steps = tuple((key, index_of(key)) for key in keys)

    def read(scope: Scope) -> Any:
        value: Any = scope.names.get(name, ABSENT)
        if type(value) is Lazy:
            value = value.get()
        for key, index in steps:
            if type(value) is dict:
                value = value.get(key, ABSENT)
            elif type(value) is list and index is not None and index < len(value):
                value = value[index]
            else:
                return _walk(scope, name, keys, span)
        if value is ABSENT or type(value) is Missing:
            return _walk(scope, name, keys, span)
        return value

    return read


def _walk(scope: Scope, name: str, keys: tuple[str, ...], span: Span) -> Any:
    """The same path again, step by step, to say where it ends."""
    value: Any = scope.names.get(name, ABSENT)
    if value is ABSENT:
        return Missing((name, *keys), at=span)
    value = value.get() if type(value) is Lazy else value
    return _extend(value, keys, span, (name,))


def _extend(
    value: Any, keys: tuple[str, ...], span: Span, base: tuple[str, ...] = ("(…)",)
) -> Any:
    if isinstance(value, Missing):
        return value.used_at(span)
    found = follow(value, keys)
    if isinstance(found, Missing):
        found.path = base + found.path
        found.found += len(base)
        found.at = span
    return found


def _computed(compiler: Compiler, node: Any) -> Compiled:
    """`x[y]`: the key is text, or a whole number that is not negative."""
    if not isinstance(node, nodes.Getitem):
        return compiler.compile(node)
    if isinstance(node.arg, nodes.Slice):
        return sliced(compiler, node.node, node.arg, compiler.tree.span(node))
    base, key = compiler.compile(node.node), compiler.compile(node.arg)
    span = compiler.tree.span(node)
    if key.literal and not isinstance(key.value, str):
        raise ExpressionError(
            "E204", "an index counts from 0", help="use | last for the last item"
        )

    def run(scope: Scope) -> Any:
        return _look_up(base.run(scope), key.run(scope), span)

    return Compiled(run=located(run, span))


def _look_up(value: Any, key: Any, span: Span) -> Any:
    if type_of(key) not in _KEYS:
        raise wrong_type("a key", _KEYS, key)
    if isinstance(value, Missing):
        return value.used_at(span)
    found = child(value, str(key)) if isinstance(value, Mapping | list) else ABSENT
    if found is ABSENT:
        # The key came out of the payload, so the message does not show it.
        return Missing(reason="there is nothing at this computed key", at=span)
    return found


_KEYS: Final = frozenset({str, int})

HANDLERS: Final[dict[type[nodes.Node], Handler]] = {
    nodes.Const: _const,
    nodes.List: _list,
    nodes.Dict: _dict,
    nodes.Name: _access,
    nodes.Getattr: _access,
    nodes.Getitem: _access,
}
