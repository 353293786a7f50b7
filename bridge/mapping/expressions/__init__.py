"""Expressions: the small language of mapping files. Compiled once, evaluated for every event, bounded by construction.

    compile_expression("event.data.amount > 0")      → Expression, for `when`, `hold_if`, paths
    compile_template("Paid {{ event.amount }}")      → Expression, for fields
    expression.evaluate(Scope(names={"event": …}))   → a value, or ExpressionError

Jinja reads the text; syntax.py gives its tree places and exact numbers; access.py, operators.py, calls.py and
templates.py turn each kind of node into a closure; what has no handler there is not in the language. Values are never
rendered to text and parsed back, no attribute is ever read, and no code is generated.
"""

from bridge.mapping.expressions.codes import CODES, Explanation
from bridge.mapping.expressions.compiler import Kinds
from bridge.mapping.expressions.expression import (
    Expression,
    check_names,
    compile_expression,
    compile_template,
)
from bridge.mapping.values.allowance import Allowance, TooMuch
from bridge.mapping.values.compare import same
from bridge.mapping.values.kinds import is_present, kind_of
from bridge.mapping.values.limits import Budget, TooLong, while_others_wait
from bridge.mapping.values.scope import Lazy, Scope, Table
from bridge.mapping.values.value import (
    MISSING,
    OMIT,
    ExpressionError,
    Missing,
    Omit,
    Value,
)

__all__ = [
    "CODES",
    "MISSING",
    "OMIT",
    "Allowance",
    "Budget",
    "Explanation",
    "Expression",
    "ExpressionError",
    "Kinds",
    "Lazy",
    "Missing",
    "Omit",
    "Scope",
    "Table",
    "TooLong",
    "TooMuch",
    "Value",
    "check_names",
    "compile_expression",
    "compile_template",
    "is_present",
    "kind_of",
    "same",
    "while_others_wait",
]
