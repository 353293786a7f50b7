"""What an expression may see while it is evaluated: names, the provider's money, tables and what work is left.

A scope belongs to one event. It reads nothing by itself: no environment, no clock, no configuration.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bridge.mapping.values.allowance import Allowance
from bridge.mapping.values.limits import Budget
from bridge.mapping.values.value import (
    MISSING,
    ExpressionError,
    Missing,
    Value,
)
from bridge.model import Json, Money

_UNMADE = object()
_RUNNING = object()


class Lazy:
    """A name whose value is made at its first use, once. The callable may return a Missing, and may raise."""

    __slots__ = ("_make", "_value")

    def __init__(self, make: Callable[[], Value | Missing]) -> None:
        self._make = make
        self._value: object = _UNMADE

    def get(self) -> object:
        """The value. Raises E310 when making it needs itself."""
        if self._value is _UNMADE:
            self._value = _RUNNING
            try:
                self._value = self._make()
            finally:
                if self._value is _RUNNING:
                    self._value = _UNMADE
        elif self._value is _RUNNING:
            raise ExpressionError("E310", "this name refers to itself")
        return self._value


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A look-up table. `rows` has text keys; `fallback` is the value of the row `_`, or MISSING without one."""

    name: str
    rows: Mapping[str, Json]
    fallback: "Json | Missing" = MISSING


@dataclass(kw_only=True, slots=True)
class Scope:
    """The names and surroundings of one event's expressions; all scopes of the event share `budget` and `allowance`."""

    names: Mapping[str, Value | Lazy]
    money: Money | None = None
    zone: str = ""  # of times whose zone is not named: the rule's connection says so
    country: str = ""  # of phone numbers without one: the rule's connection says so
    tables: Mapping[str, Table] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    allowance: Allowance = field(default_factory=Allowance)  # of what is rendered

    def child(self, names: Mapping[str, Value | Lazy]) -> "Scope":
        """A scope with further names; it draws on the same budgets."""
        return Scope(
            names={**self.names, **names},
            money=self.money,
            zone=self.zone,
            country=self.country,
            tables=self.tables,
            budget=self.budget,
            allowance=self.allowance,
        )
