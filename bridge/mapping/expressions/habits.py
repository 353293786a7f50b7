"""What people write from habit where this language says it otherwise, with the text that says the same here.

Knows syntax trees and the names of helpers; compiles nothing.
"""

import re
from typing import Final

from jinja2 import nodes

from bridge.mapping.expressions.compiler import Compiled, Compiler
from bridge.mapping.helpers import FILTERS
from bridge.mapping.helpers.values import ExpressionError
from bridge.model import Advice

JOIN: Final = "join text with ~"
# What a helper may follow without brackets around it.
_TIGHT = re.compile(
    r"(?:[\w.]+(?:\[[^\]]*\][\w.]*)*|'[^']*'|\(.*\))(?: *\| *\w+(?:\([^()]*\))?)*",
    re.DOTALL,
)
_PLACE = re.compile("%[sd]")
_VALUES = (nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Filter)

# What people who know Jinja or Python write first.
ALSO_KNOWN_AS: Final = {
    "count": "length",
    "d": "default",
    "decimal": "number",
    "e": "html",
    "escape": "html",
    "float": "number",
    "int": "number",
    "len": "length",
    "size": "length",
    "str": "string",
    "strip": "trim",
    "strftime": "datetime",
    "tojson": "json",
    "text": "string",
}

# Tests of other languages, and what says the same here: of a value, and of its contrary.
COMPARED: Final = {
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
    help = "helpers follow a bar: value | helper(…)"
    if right := _right(compiler, node, compiler.tree.span(node)[0]):
        help = write(right, *compiler.tree.span(node), plain=help)
    raise ExpressionError("E204", "a call is not allowed here", help=help)


def _right(compiler: Compiler, node: nodes.Call, start: int) -> str:
    """A call that starts there, and those that it holds, in our words; "" for one of which nothing is known."""
    arguments = [_in_words(compiler, one) for one in node.args]
    match node.node:
        case nodes.Name(name="now") if not arguments:
            return "meta.received_at"
        case nodes.Name(name=name) if _known(name) and arguments:
            return _piped(arguments[0], name, arguments[1:])
        case nodes.Getattr(attr=name) as method if _known(name):
            value = compiler.tree.source[start : method.lineno]
            if isinstance(method.node, nodes.Call):
                value = _right(compiler, method.node, start) or value
            return _piped(value, name, arguments)
    return ""


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
    found = ALSO_KNOWN_AS.get(name, name)
    return found if found in FILTERS else ""


def _piped(value: str, name: str, arguments: list[str]) -> str:
    given = f"({', '.join(arguments)})" if arguments else ""
    value = value if _TIGHT.fullmatch(value) else f"({value})"
    return f"{value} | {_known(name)}{given}"
