"""Compiles what a rule writes as expressions, and puts what is wrong with them at its place in the file."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from bridge.mapping.expressions import (
    Expression,
    ExpressionError,
    Kinds,
    check_names,
    compile_expression,
    compile_template,
)
from bridge.mapping.findings import suggest
from bridge.mapping.findings.fixes import within
from bridge.mapping.findings.places import place_in
from bridge.mapping.reading.cut_off import Fits, anything, behind, check_value, whole
from bridge.mapping.reading.known import Known
from bridge.mapping.rules.ruleset import Constant, Formula, Keyed, Tree
from bridge.mapping.values.kinds import describe
from bridge.model import Advice, Fix
from bridge.strict.yaml import Node, plain
from bridge.strict.yaml_writing import quoted

# Rules resemble each other, and a reload changes few of them: what was compiled is shared.
_expression = lru_cache(maxsize=10_000)(compile_expression)
_template = lru_cache(maxsize=10_000)(compile_template)

_DELIMITER = re.compile(r"\{[{%#]")
# Where a text without an expression is an error, which says the same.
_NEVER_CONSTANT = frozenset({"for_each.in", "for_each.key", "idempotency_key"})
_DOUBLE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_SINGLE = re.compile(r"\$?\{ *(([A-Za-z_]\w*)(?:\.\w+)+) *\}")
INSERTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
# What a helper or test may follow without brackets around it.
TIGHT = re.compile(r"[\w.]+(?: *\| *\w+(?:\([^()]*\))?)*")
_PATH = re.compile(r"([A-Za-z_]\w*)(?:\.\w+|\[\w+\])+(?: *\| *\w+)*")

EVENT_NAMES = frozenset({"event", "headers", "meta", "omit"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Writing:
    """How a field is written: what it may hold, and how inserted values are escaped."""

    blocks: bool  # {% if %} and {% for %}
    into: str = "text"  # text, html or path
    nulls: bool = False  # null is a value
    fits: Fits = anything  # whether it takes a text, as far as that is known

    @property
    def below(self) -> "Writing":
        """How what it holds is written."""
        return replace(self, fits=anything)


@dataclass(frozen=True, kw_only=True, slots=True)
class Writer:
    """Compiles with these names allowed; what does not compile is a finding and None."""

    known: Known
    names: Collection[str] = EVENT_NAMES
    kinds: Kinds = ()  # of paths whose values are always of one kind

    def knowing(self, *names: str) -> "Writer":
        """The same with more names."""
        return replace(self, names=frozenset((*self.names, *names)))

    def expression(self, name: str, node: Node | None) -> Formula | None:
        """A bare expression, as `when` takes it."""
        if node is None:
            return None
        text = str(node.value)
        if text.lstrip().startswith("{{"):
            if not (node.quoted or node.block):
                return None  # YAML has said that it stands there without quotes
            inner = text.strip().removeprefix("{{").removesuffix("}}").strip()
            help = f"drop the delimiters: {name}: {inner}"
            message = f"'{name}' is already an expression"
            fixes = within(node, 0, len(text), inner)
            self.known.findings.add("M110", message, node.place, help, fixes)
            return None
        try:
            return self._checked(name, node, _expression(text, kinds=self.kinds))
        except ExpressionError as error:
            self._report(node, error)
            return None

    def condition(self, name: str, node: Node | None) -> Formula | None:
        """A bare expression that gives true or false."""
        formula = self.expression(name, node)
        if node and formula and bool not in formula.expression.gives:
            given = describe(formula.expression.gives)
            message = f"'{name}' must give true or false, but gives {given}"
            source = formula.expression.source.strip()
            asked = source if TIGHT.fullmatch(source) else f"({source})"
            help = f"compare it, or check: {asked} is present"
            fixes = within(node, 0, len(str(node.value)), f"{asked} is present")
            self.known.findings.add("M111", message, node.place, help, fixes)
        return formula

    def template(
        self,
        name: str,
        node: Node | None,
        *,
        blocks: bool = False,
        into: str = "text",
        fits: Fits = anything,
    ) -> Formula | Constant | None:
        """Text with {{ … }}, or a value as it is. `fits` says which text may stand there."""
        if node is None:
            return None
        text = node.value
        whole_fits = anything if _DELIMITER.search(str(text)) else fits
        check_value(name, node, self.known.findings, whole_fits)
        self._check_single_braces(name, node)
        if not isinstance(text, str) or not _DELIMITER.search(text):
            self._check_braces(name, node)
            return Constant(name=name, value=plain(node), node=node)  # type: ignore[arg-type]
        try:
            compiled = _template(text, blocks=blocks, into=into)
        except ExpressionError as error:
            self._report(node, error)
            return None
        return self._checked(name, node, compiled)

    def _check_braces(self, name: str, node: Node) -> None:
        """A warning for text that begins like a path of a known name, and is sent as it stands there."""
        found = _PATH.fullmatch(str(node.value))
        if found and found[1] in self.names and name not in _NEVER_CONSTANT:
            message = f"'{name}' is text that reads like an expression"
            read = quoted(f"{{{{ {node.value} }}}}")
            text = quoted(f"{{{{ '{node.value}' }}}}")
            help = f"write {read}, or, for text, {text}"
            self.known.findings.add(
                "W613", message, node.place, Advice(help, read, text)
            )

    def _check_single_braces(self, name: str, node: Node) -> None:
        """A warning for a path of a known name in braces that are those of other languages: it is sent as it stands."""
        text = str(node.value)
        for found in _SINGLE.finditer(_DOUBLE.sub("", text)):
            if found[2] in self.names:
                right = quoted(text.replace(found[0], f"{{{{ {found[1]} }}}}"))
                message = f"'{name}' has {found[0]} in it, which is sent as it is"
                help = Advice(f"write {right}", right)
                self.known.findings.add("W613", message, node.place, help)
                return

    def tree(self, name: str, node: Node, how: Writing) -> "Tree | None":
        """A field's value: mappings and lists of templates."""
        if isinstance(node.value, dict):
            return self._mapping(name, node, node.value, how)
        if isinstance(node.value, list):
            items = (
                self.tree(f"{name}.{at}", item, how.below)
                for at, item in enumerate(node.value)
            )
            return tuple(item for item in items if item is not None)
        if node.value is None and not how.nulls:
            message = f"'{name}' is null: a field is never sent as null"
            self.known.findings.add(
                "M102", message, node.place, "write a value, or drop the key"
            )
            return None
        return self.template(
            name, node, blocks=how.blocks, into=how.into, fits=how.fits
        )

    def _mapping(
        self, name: str, node: Node, items: Mapping[str, Node], how: Writing
    ) -> Tree:
        below = {
            key: tree
            for key, item in items.items()
            if (tree := self.tree(f"{name}.{key}", item, how.below)) is not None
        }
        if not any(map(_DELIMITER.search, below)):
            return below
        pairs = (
            (self.template(f"{name}.{key}", node.keys[key]), item)
            for key, item in below.items()
        )
        return Keyed(pairs=tuple((key, item) for key, item in pairs if key))

    def _checked(self, name: str, node: Node, expression: Expression) -> Formula | None:
        wrong = check_names(expression, self.names)
        for error in wrong:
            self._report(node, error)
        for table in expression.tables - self.known.tables.keys():
            if ("table", table) not in self.known.places:
                self._unknown_table(node, table)
        for path in expression.paths:
            if path[0] == "fetched_headers":
                check_header(path[1:], node, self.known)
        return None if wrong else Formula(name=name, expression=expression, node=node)

    def _unknown_table(self, node: Node, table: str) -> None:
        source = str(node.value)
        start = max(source.find(f"'{table}'"), source.find(f'"{table}"')) + 1
        place = place_in(node, start, start + len(table)) if start else node.place
        help = suggest(table, self.known.tables) or "write it under tables:"
        self.known.findings.add("M105", f"unknown table '{table}'", place, help)

    def _report(self, node: Node, error: ExpressionError) -> None:
        place = place_in(node, error.start, error.end)
        help, fixes = error.help, tuple[Fix, ...]()
        if error.code == "E201" and behind(node).lstrip().startswith("#"):
            template = _DELIMITER.search(str(node.value))
            help, fixes = whole(node, _template if template else _expression)
        elif isinstance(help, Advice) and error.source == str(node.value):
            fixes = within(
                node, *(help.span or (error.start, error.end)), *help.instead
            )
        self.known.findings.add(error.code, error.message, place, help, fixes)


def check_header(path: Sequence[str], node: Node, known: Known) -> None:
    """A finding for a header of an answer that is not in lower case, as all of them are."""
    if path and path[0] != path[0].lower():
        start = str(node.value).find(path[0])
        place = place_in(node, start, start + len(path[0]))
        message = "header names are lower case here"
        right = path[0].lower()
        known.findings.add("M113", message, place, Advice(f"write '{right}'", right))
