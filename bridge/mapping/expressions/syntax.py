"""Text → Jinja's syntax tree, with places. Jinja reads, and does nothing else: nothing is compiled or rendered by it.

The lexer puts offsets where Jinja has line numbers (see lexer.py), so every node and every syntax error has its place.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import TOKEN_EOF
from jinja2.parser import Parser

from bridge.mapping.expressions.hints import hint
from bridge.mapping.expressions.lexer import stream
from bridge.mapping.values.limits import MAX_TEXT
from bridge.mapping.values.value import ExpressionError, Span

_TOKEN = re.compile(r"\w+|[^\w\s]+|\Z")
_IS = re.compile(r"is\s+(not\s+)?")
_NOTHING = re.compile(r"\{\{-?\s*-?\}\}")
_WORDS = {
    "'end of print statement'": "}}",
    "'end of statement block'": "%}",
    "end of template": "end",
    "Expected": "expected",
    "Encountered unknown tag": "unknown tag",
    "Unexpected": "unexpected",
}


class Tree:
    """A parsed source. `body` is a template's content, or the one expression of a bare source."""

    __slots__ = ("source", "body", "spans")

    def __init__(
        self, source: str, body: list[nodes.Node], spans: dict[nodes.Node, Span]
    ) -> None:
        self.source, self.body, self.spans = source, body, spans

    def span(self, node: nodes.Node) -> Span:
        """Where an expression stands, with its brackets; for any other node the word it begins with."""
        if node in self.spans:
            start, end = self.spans[node]
            return start, start + len(self.source[start:end].rstrip())
        if isinstance(node, nodes.Not):
            return node.lineno, self.span(node.node)[1]
        if ends := _ends(node):
            return self.span(ends[0])[0], self.span(ends[1])[1]
        return _word(self.source, node.lineno or 0)

    def word(self, node: nodes.Node) -> Span:
        """The name of a helper or test where it is used."""
        start = node.lineno
        if isinstance(node, nodes.Test):
            lead = _IS.match(self.source, start)
            start = lead.end() if lead else start
        return _word(self.source, start)

    def negated(self, node: nodes.Test) -> bool:
        """Whether it is an `is not`."""
        lead = _IS.match(self.source, node.lineno)
        return bool(lead and lead[1])

    def text(self, node: nodes.Node) -> str:
        """An expression as it was written."""
        start, end = self.span(node)
        return self.source[start:end]


def parse_bare(source: str) -> Tree:
    """A source that is one expression without delimiters. Raises ExpressionError E201, E206 or E207."""
    if source.lstrip().startswith("{{"):
        raise _error(
            "E201",
            "this takes an expression without {{ and }}",
            source,
            0,
            "drop the delimiters",
        )
    return _parse(source, _one_expression, bare=True)


def parse_template(source: str) -> Tree:
    """A source that is text with {{ … }} and {% … %}. Raises ExpressionError E201, E206 or E207."""
    return _parse(source, lambda parser: parser.subparse(), bare=False)


def _parse(
    source: str, read: "Callable[[_Parser], list[nodes.Node]]", *, bare: bool
) -> Tree:
    _check_source(source)
    try:
        parser = _Parser(source, bare=bare)
        body = read(parser)
    except TemplateSyntaxError as error:
        raise _unreadable(error, source) from None
    except RecursionError:
        raise _error("E206", "the expression is nested too deeply", source, 0) from None
    return Tree(source, body, parser.spans)


def _check_source(source: str) -> None:
    if not source.strip():
        raise _error("E207", "the expression is empty", source, 0)
    if len(source) > MAX_TEXT:
        raise _error(
            "E206", f"the text is longer than {MAX_TEXT:,} characters", source, 0
        )
    if "\r" in source:
        where = source.index("\r")
        raise _error(
            "E201",
            "a template cannot contain a carriage return",
            source,
            where,
            "write {{ '\\r' }}",
        )


_ENVIRONMENT = Environment()
_Expr = TypeVar("_Expr", bound=nodes.Expr)


class _Parser(Parser):
    """Jinja's parser; `spans` says where each operand stands, the outermost brackets around it included.

    What operators make of operands is found from these when it is asked for, which is seldom.
    """

    def __init__(self, source: str, *, bare: bool) -> None:
        # Jinja reads an empty text: the tokens are ours.
        super().__init__(_ENVIRONMENT, "")
        self.stream = stream(source, bare=bare)
        self.spans: dict[nodes.Node, Span] = {}

    def note(self, node: _Expr, start: int) -> _Expr:
        """Notes where an expression starts and where the next token does; Tree.span drops white space between."""
        self.spans[node] = (start, self.stream.current.lineno)
        return node

    def parse_unary(self, with_filter: bool = True) -> nodes.Expr:
        start = self.stream.current.lineno
        return self.note(super().parse_unary(with_filter), start)

    def parse_primary(self, with_namespace: bool = False) -> nodes.Expr:
        start = self.stream.current.lineno
        return self.note(super().parse_primary(with_namespace), start)

    def parse_postfix(self, node: nodes.Expr) -> nodes.Expr:
        start = self.spans[node][0] if node in self.spans else node.lineno
        return self.note(super().parse_postfix(node), start)


def _ends(node: nodes.Node) -> tuple[nodes.Node, nodes.Node] | None:
    """The first and the last operand of what an operator makes."""
    match node:
        case nodes.BinExpr():
            return node.left, node.right
        case nodes.Compare():
            return node.expr, node.ops[-1].expr
        case nodes.Concat():
            return node.nodes[0], node.nodes[-1]
        case nodes.CondExpr():
            return node.expr1, node.expr2 or node.test
    return None


def _one_expression(parser: _Parser) -> list[nodes.Node]:
    expression = parser.parse_expression()
    if parser.stream.current.type is not TOKEN_EOF:
        raise TemplateSyntaxError(
            "the expression should end here", parser.stream.current.lineno
        )
    return [expression]


def _unreadable(error: TemplateSyntaxError, source: str) -> ExpressionError:
    """Jinja's first sentence, in the words of its users."""
    offset = min(max(error.lineno, 0), len(source))
    message = (error.message or "").split(". ")[0].rstrip(".")
    for theirs, ours in _WORDS.items():
        message = message.replace(theirs, ours)
    if empty := _NOTHING.search(source):
        message, help = "there is nothing between {{ and }}", "as in {{ event.id }}"
        return _error("E207", message, source, empty.start(), help)
    word = source[slice(*_word(source, offset))]
    help = hint(source, offset, word, f"{error.message}\n{message}")
    return _error("E201", f"cannot read this: {message}", source, offset, help)


def _error(
    code: str, message: str, source: str, offset: int, help: str = ""
) -> ExpressionError:
    error = ExpressionError(code, message, help=help).at(_word(source, offset))
    return error.within(source)


def _word(source: str, offset: int) -> Span:
    """The word or sign at an offset, white space before it skipped; at the end the last sign that is there."""
    start, end = _TOKEN.search(source, offset).span()  # type: ignore[union-attr]  # \Z always matches
    last = len(source.rstrip())
    return (start, end) if start < end else (max(last - 1, 0), last)
