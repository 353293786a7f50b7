"""The walk from a syntax tree to one nested function, and what is learnt on the way. Runs nothing.

Every kind of node has a handler that turns it into a Compiled; a node without one is not allowed here. So the table of
handlers is the language, and nothing that is not in it can run.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from jinja2 import nodes

from bridge.mapping.expressions.syntax import Tree
from bridge.mapping.values.complaints import conversion, hyphenated
from bridge.mapping.values.kinds import ANY, describe
from bridge.mapping.values.scope import Scope
from bridge.mapping.values.value import ExpressionError, Run, Span

MAX_DEPTH: Final = 20
MAX_NODES: Final = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiled:
    """A compiled node. `gives` are the kinds of value it can give; `value` is what a literal is.

    `items` are the literals of a list that is written out; () for everything else.
    """

    run: Run
    gives: frozenset[type] = ANY
    literal: bool = False
    value: Any = None
    items: tuple["Compiled", ...] = ()


# What paths from free names give, where that is known.
Kinds: TypeAlias = tuple[tuple[tuple[str, ...], frozenset[type]], ...]
Handler: TypeAlias = Callable[["Compiler", Any], Compiled]


class Compiler:
    """Compiles the nodes of one tree, and collects the paths, names, helpers and tables that they use."""

    def __init__(
        self,
        tree: Tree,
        handlers: Mapping[type[nodes.Node], Handler],
        *,
        into: str = "text",
        kinds: Kinds = (),
    ) -> None:
        self.tree = tree
        self.kinds = dict(kinds)
        self.into = into  # text, html or path: how inserted values are escaped
        # The insertion that is HTML already, and so is not escaped.
        self.inserted_html: nodes.Filter | None = None
        self.names: dict[str, Span] = {}  # free names, each with its first place
        self.paths: dict[tuple[str, ...], bool] = {}  # → it is asked for before use
        self.spans: dict[tuple[str, ...], Span] = {}  # of each path's first use
        self.helpers: set[str] = set()
        self.tables: set[str] = set()
        self.locals: list[str] = []  # the names of the loops around
        self._handlers = handlers
        self._guarded = False
        self._depth = 0
        self.nodes = 0  # compiled so far

    def compile(self, node: nodes.Node) -> Compiled:
        """The node's code. Raises ExpressionError E2xx at the node's place."""
        try:
            self.count(1)
            handler = self._handlers.get(type(node))
            if handler is None:
                raise _not_allowed(node)
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise ExpressionError(
                    "E206", f"the expression is deeper than {MAX_DEPTH} levels"
                )
            code = handler(self, node)
        except ExpressionError as error:
            raise error.at(self.tree.span(node)) from None
        self._depth -= 1
        return code

    def count(self, nodes: int) -> None:
        """Counts nodes. Raises E206 when there are too many."""
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise ExpressionError(
                "E206",
                f"the expression has more than {MAX_NODES} parts",
                help="split it with let",
            )

    def compile_typed(
        self,
        node: nodes.Node,
        wanted: Collection[type],
        who: str,
        for_text: str = "",
    ) -> Compiled:
        """The node's code, refused (E205) when it can never give what is wanted.

        `for_text` is what to write where it gives text, if that is more than to convert it.
        """
        code = self.compile(node)
        if code.gives.isdisjoint(wanted):
            span = self.tree.span(node)
            helps = (
                for_text if for_text and kind is str else conversion(wanted, kind)
                for kind in code.gives
            )
            help = hyphenated(self.tree.source, span) if who == "'-'" else ""
            raise ExpressionError(
                "E205",
                f"{who} needs {describe(wanted)}, but this gives {describe(code.gives)}",
                help=help or next(filter(None, helps), ""),
            ).at(span)
        return code

    @contextmanager
    def guarding(self, *, asked: bool) -> Iterator[None]:
        """While paths are compiled whose absence is asked for (default, is defined), or no longer is."""
        before, self._guarded = self._guarded, asked
        yield
        self._guarded = before

    @property
    def guarded(self) -> bool:
        """Whether the absence of a path is provided for at this point."""
        return self._guarded

    def add_path(self, path: tuple[str, ...], name: Span, span: Span) -> None:
        """Notes a path that begins at a free name; `name` is where the name stands, `span` the whole path."""
        self.names.setdefault(path[0], name)
        self.spans.setdefault(path, span)
        self.paths[path] = self.paths.get(path, False) or self._guarded


def located(run: Run, span: Span) -> Run:
    """The same function, whose errors know their place."""

    def guarded(scope: Scope) -> Any:
        try:
            return run(scope)
        except ExpressionError as error:
            raise error.at(span)

    return guarded


_BLOCKS = "blocks are only for text and HTML fields; "
_NO_OTHER = "the only blocks are {% if %} and {% for %}"
_NOT_ALLOWED: Final[dict[type[nodes.Node], tuple[str, str]]] = {
    nodes.Pow: ("'**'", "multiply instead"),
    nodes.Tuple: ("a comma", "write a list: ['a', 'b']"),
    nodes.If: ("{% if %}", f"{_BLOCKS}use x if … else y"),
    nodes.For: ("{% for %}", f"{_BLOCKS}use | join(', ')"),
    nodes.Assign: ("{% set %}", "name a value with let"),
}


def _not_allowed(node: nodes.Node) -> ExpressionError:
    what, help = _NOT_ALLOWED.get(type(node), ("this block", _NO_OTHER))
    return ExpressionError("E204", f"{what} is not allowed here", help=help)
