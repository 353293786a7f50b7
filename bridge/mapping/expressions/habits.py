"""What people write from habit where this language says it otherwise, with the text that says the same here.

Knows syntax trees and the names of helpers; compiles nothing.
"""

import re
from typing import Final

from jinja2 import nodes

from bridge.mapping.expressions.compiler import Compiled, Compiler
from bridge.mapping.expressions.dialects import renamed, said
from bridge.mapping.functions import FILTERS
from bridge.mapping.values.value import ExpressionError
from bridge.model import Advice

JOIN: Final = "join text with ~"
# What a helper may follow without brackets around it.
_TIGHT = re.compile(
    r"(?:[\w.]+(?:\[[^\]]*\][\w.]*)*|'[^']*'|\(.*\))(?: *\| *\w+(?:\([^()]*\))?)*",
    re.DOTALL,
)
_OPERATORS: Final = frozenset("+-*/%~")
_PLACE = re.compile("%[sd]")
_LEAD = re.compile(r"\s*(?:\||\bis(?:\s+not)?)\s*\Z")  # what stands before a name
_CLOSE = re.compile(r"\s*(?:\(\s*)?\)")
_VALUES = (nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Filter)

# Tests of other languages, and what says the same here: of a value, and of its contrary.
_COMPARED: Final = {
    **dict.fromkeys(("none", "null", "nil"), ("== none", "!= none")),
    **dict.fromkeys(("empty", "blank"), ("is not present", "is present")),
    "undefined": ("is not defined", "is defined"),
    "true": ("== true", "!= true"),
    "false": ("== false", "!= false"),
}


def chain(node: nodes.Node, kind: type[nodes.BinExpr]) -> list[nodes.Node]:
    """The operands of `a and b and c`, which Jinja nests."""
    operands: list[nodes.Node] = []
    while isinstance(node, kind):
        operands.append(node.right)
        node = node.left
    return [node, *reversed(operands)]


def joined(compiler: Compiler, node: nodes.BinExpr) -> str:
    """What to write where text was to be joined by the sign that joins it elsewhere; "" for other arithmetic."""
    parts: list[str] = []
    if isinstance(node, nodes.Add):
        parts = [*map(compiler.tree.text, chain(node, nodes.Add))]
    elif isinstance(node, nodes.Mod) and isinstance(node.left, nodes.Const):
        parts = _filled(compiler, str(node.left.value), node.right)
    else:
        return ""
    right = " ~ ".join(parts)
    span = compiler.tree.span(node)
    return Advice(f"{JOIN}: {right}", right, span=span, plain=JOIN) if parts else JOIN


def _filled(compiler: Compiler, text: str, node: nodes.Node) -> list[str]:
    """`'a %s' % b` as the parts to join; none for forms that say more than where a value goes."""
    values = node.items if isinstance(node, nodes.Tuple) else [node]
    pieces = _PLACE.split(text)
    if len(pieces) != len(values) + 1 or "%" in "".join(pieces):
        return []
    given = [*map(compiler.tree.text, values), ""]
    pairs = zip(map(_literal, pieces), given, strict=True)
    return [part for pair in pairs for part in pair if part]


def _literal(text: str) -> str:
    return repr(text) if text else ""


def instead(
    compiler: Compiler, node: nodes.And | nodes.Or, parts: list[nodes.Node]
) -> str:
    """What `a or 'x'`, `a == 'x' or 'y'` and `a != 'x' and 'y'` mean; "" for anything else that is no condition."""
    text = compiler.tree.text
    right = ""
    if isinstance(node, nodes.Or) and all(
        isinstance(one, _VALUES) for one in parts[:-1]
    ):
        value, *others = map(text, parts)
        helper = "coalesce" if others[1:] else "default"
        right = f"{value} | {helper}({', '.join(others)})"
    elif any(isinstance(one, nodes.Const) for one in parts[1:]):
        sign, word = ("eq", "in") if isinstance(node, nodes.Or) else ("ne", "not in")
        said = _listed(compiler, parts, sign, word)
        right = (" or " if word == "in" else " and ").join(said)
    if not right:
        return ""
    return Advice(f"write {right}", right, span=compiler.tree.span(node))


def _listed(
    compiler: Compiler, parts: list[nodes.Node], sign: str, word: str
) -> list[str]:
    """The parts of a chain, where literals behind a comparison belong to it; none where one has no comparison."""
    text = compiler.tree.text
    said: list[str] = []
    subject, choices = "", list[str]()
    for part in parts:
        match part:
            case nodes.Const() if choices:
                choices.append(text(part))
                said[-1] = f"{subject} {word} [{', '.join(choices)}]"
            case nodes.Const():
                return []
            case nodes.Compare(ops=[nodes.Operand(op=op, expr=nodes.Const() as first)]):
                subject = text(part.expr)
                choices = [text(first)] if op == sign else []
                said.append(text(part))
            case _:
                choices = []
                said.append(text(part))
    return said


def called(compiler: Compiler, node: nodes.Call) -> Compiled:
    """Refuses `len(x)`, `x.upper()` and `now()`, with what says the same here."""
    help = "helpers come after a bar: value | helper(…)"
    start, end = compiler.tree.span(node)
    if right := _right(compiler, node, start):
        right = _bracketed(right, compiler.tree.source, start, end)
        help = write(right, start, end, plain=help)
    raise ExpressionError("E204", "a call is not allowed here", help=help)


def _right(compiler: Compiler, node: nodes.Call, start: int) -> str:
    """A call that starts there, and those that it holds, in our words; "" for one of which nothing is known."""
    arguments = [_in_words(compiler, one) for one in node.args]
    match node.node:
        case nodes.Name(name="now") if not arguments:
            return "meta.received_at"
        case nodes.Name(name=name) if _known(name) and arguments:
            return _piped(arguments[0], name, arguments[1:])
        case nodes.Name(name=name) if arguments:
            return said(name, arguments[0], arguments[1:])
        case nodes.Getattr(attr=name) as method:
            value = compiler.tree.source[start : method.lineno]
            if isinstance(method.node, nodes.Call):
                value = _right(compiler, method.node, start) or value
            if instead := said(name, value, arguments):
                return instead
            return _piped(value, name, arguments) if _known(name) else ""
    return ""


def told(compiler: Compiler, node: nodes.Filter | nodes.Test) -> str:
    """What is written here for a helper or test of another language; "" where nothing is known of it."""
    tree, name = compiler.tree, compiler.tree.word(node)
    first = node.node
    while isinstance(first, nodes.Filter | nodes.Test):
        first = first.node
    if first is None or node.kwargs:
        return ""
    start = tree.span(first)[0]
    value = _LEAD.sub("", tree.source[start : name[0]])
    end = tree.span(node.args[-1])[1] if node.args else name[1]
    if closed := _CLOSE.match(tree.source, end):
        end = closed.end()
    right = said(node.name, value, [*map(tree.text, node.args)])
    if isinstance(node, nodes.Test):
        negated = tree.negated(node)
        if meant := _COMPARED.get(node.name.lower()):
            right = f"{value} {meant[negated]}"
        elif right and negated:
            right = f"not {right}"
    if not right:
        return ""
    return write(_bracketed(right, tree.source, start, end), start, end)


def _bracketed(right: str, source: str, start: int, end: int) -> str:
    """The text in brackets where what stands beside it would take a part of it."""
    before, after = source[:start].rstrip()[-1:], source[end:].lstrip()[:1]
    loose = not _TIGHT.fullmatch(right)
    taken = before in _OPERATORS or after in _OPERATORS | {"|", "[", "."}
    return f"({right})" if loose and taken else right


def _in_words(compiler: Compiler, node: nodes.Node) -> str:
    if not isinstance(node, nodes.Call):
        return compiler.tree.text(node)
    start = compiler.tree.span(node)[0]
    return _right(compiler, node, start) or compiler.tree.text(node)


def write(right: str, start: int, end: int, plain: str = "") -> Advice:
    """The help whose text stands for a part of the source."""
    return Advice(f"write {right}", right, span=(start, end), plain=plain)


def _known(name: str) -> str:
    """The helper that is meant by a name, "" for none."""
    return name if name in FILTERS else renamed(name)


def _piped(value: str, name: str, arguments: list[str]) -> str:
    given = f"({', '.join(arguments)})" if arguments else ""
    value = value if _TIGHT.fullmatch(value) else f"({value})"
    return f"{value} | {_known(name)}{given}"
