"""The evaluation of one rule for one event: values out of its formulas, each step kept, each error with its place.

Every formula of a rule is evaluated here and nowhere else, so that a trace is complete and no ExpressionError escapes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bridge.mapping.expressions import (
    MISSING,
    ExpressionError,
    Lazy,
    Missing,
    Scope,
    Value,
    kind_of,
)
from bridge.mapping.findings.places import place_in
from bridge.mapping.rules.ruleset import Constant, ForEach, Formula, Rule
from bridge.model import Diagnostic, Event

_SHOWN = 60  # characters of a compared text that a reason shows


class RuleError(ExpressionError):
    """A rule that cannot be evaluated for an event, with the place in its file.

    It is an ExpressionError because names of `let` are evaluated inside other expressions, and fail there.
    """

    def __init__(self, diagnostic: Diagnostic, step: "Step | None" = None) -> None:
        super().__init__(diagnostic.code, diagnostic.message, help=diagnostic.help)
        self.diagnostic = diagnostic
        self.step = step  # the formula that could not be evaluated, where one was


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One formula that was evaluated, and its value: the raw material of `bridge try`."""

    formula: Formula
    value: "Value | Missing"
    scope: Scope = field(repr=False)

    def read(self) -> "tuple[tuple[str, Value | Missing], ...]":
        """Every path in the formula as it is written, with the value it had: what `value` was made of."""
        return self.formula.expression.read(self.scope)


@dataclass(kw_only=True, slots=True)
class Evaluation:
    """What is evaluated, and the steps taken so far."""

    rule: Rule
    event: Event
    environment: str
    steps: list[Step] = field(default_factory=list)

    def with_let(self, scope: Scope) -> Scope:
        """A scope with the rule's own names, each evaluated when it is first used, and its connection's country."""
        names = dict(scope.names)
        within = Scope(
            names=names,
            money=scope.money,
            zone=str(self.rule.options.get("timezone", "")),
            country=str(self.rule.options.get("country", "")),
            tables=scope.tables,
            budget=scope.budget,
            allowance=scope.allowance,
        )
        for name, written in self.rule.let.items():
            names[name] = self._named(written, within)
        return within

    def value(self, formula: Formula | Constant, scope: Scope) -> Value:
        """The value; missing is an error."""
        if isinstance(formula, Constant):
            return formula.value
        try:
            value = formula.expression.evaluate(scope)
        except ExpressionError as error:
            raise self._located(error, formula, scope) from None
        self.steps.append(Step(formula=formula, value=value, scope=scope))
        return value

    def optional(self, formula: Formula, scope: Scope) -> "Value | Missing":
        """The value, or a Missing."""
        try:
            value = formula.expression.evaluate(scope, allow_missing=True)
        except ExpressionError as error:
            raise self._located(error, formula, scope) from None
        self.steps.append(Step(formula=formula, value=value, scope=scope))
        return value

    def truth(self, formula: Formula, scope: Scope) -> bool:
        """The value of a condition, which must be true or false."""
        value = self.value(formula, scope)
        if isinstance(value, bool):
            return value
        message = f"'{formula.name}' must give true or false, but gave {kind_of(value)}"
        raise self.error("E320", message, formula, "compare it, or check: is present")

    def account(self, formula: Formula, scope: Scope, said: str) -> str:
        """`inv.amount_paid > 0 is false: inv.amount_paid is 0`: for the operator, who needs the values."""
        source = formula.expression.source
        compared = formula.expression.explain(scope)
        parts = [f"{text} is {shown(value)}" for text, value in compared]
        parts = [part for part in parts if part != f"{source} is {said}"]
        return f"{source} is {said}" + (f": {', '.join(parts)}" if parts else "")

    def text(self, formula: Formula | Constant, scope: Scope) -> str:
        """The value of a key, which must be text or a whole number."""
        value = self.value(formula, scope)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        given = "empty text" if value == "" else kind_of(value)
        message = f"'{formula.name}' needs text or a whole number, but got {given}"
        raise self.error("E302", message, formula)

    def items(self, each: ForEach, scope: Scope) -> list[Value]:
        """The list of for_each, within its limit."""
        value = self.value(each.items, scope)
        if not isinstance(value, list):
            message = f"'for_each.in' needs a list, but got {kind_of(value)}"
            pairs = "add | items: each item is then a list of key and value"
            help = pairs if isinstance(value, Mapping) else "add | split(',')"
            raise self.error("E321", message, each.items, help)
        if len(value) > each.limit:
            message = f"'for_each.in' gave more than {each.limit:,} items"
            raise self.error("E303", message, each.items)
        return list(value)

    def item_key(self, each: ForEach, scope: Scope, item: Value, index: int) -> str:
        """What tells an item apart: its key, else the item where it is text or a whole number, else its index."""
        if each.key:
            return self.text(each.key, scope)
        plain = isinstance(item, str | int) and not isinstance(item, bool)
        return str(item if plain else index)

    def moment(self, formula: Formula, scope: Scope) -> datetime | None:
        """A time; null stays None."""
        value = self.value(formula, scope)
        if value is None or isinstance(value, datetime):
            return value
        message = f"'{formula.name}' needs a time, but got {kind_of(value)}"
        raise self.error("E323", message, formula, "add | parse_date")

    def error(
        self, code: str, message: str, formula: Formula | Constant, help: str = ""
    ) -> RuleError:
        """An error about the whole value of a formula."""
        place = formula.node.place
        return RuleError(Diagnostic(code=code, message=message, place=place, help=help))

    def _named(self, formula: Formula | Constant, scope: Scope) -> "Value | Lazy":
        if isinstance(formula, Constant):
            return formula.value
        return Lazy(lambda: self.optional(formula, scope))

    def _located(
        self, error: ExpressionError, formula: Formula, scope: Scope
    ) -> RuleError:
        """The error at its place in the file, which a name of `let` has already found for itself."""
        if isinstance(error, RuleError):
            return error
        place = place_in(formula.node, error.start, error.end)
        found = Diagnostic(
            code=error.code, message=error.message, place=place, help=error.help
        )
        return RuleError(found, Step(formula=formula, value=MISSING, scope=scope))


def shown(value: object) -> str:
    """A compared value in a reason: short, on one line, lists and mappings by size only."""
    match value:
        case Missing():
            return "missing"
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        case str():
            cut = value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"
            return ascii(cut) if not cut.isprintable() else f"'{cut}'"
        case list():
            return f"a list of {len(value)}"
        case Mapping():
            return f"a mapping of {len(value)}"
        case _:
            return str(value)
