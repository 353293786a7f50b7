"""Any payload through any expression: a value or an ExpressionError, and nothing else."""

from datetime import datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.mapping.expressions import (
    OMIT,
    Budget,
    ExpressionError,
    Scope,
    Table,
    compile_expression,
    compile_template,
)
from bridge.mapping.functions import FILTERS
from bridge.model import Money

NUMBERS = st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
NUMBERS |= st.sampled_from(
    [10**400, Decimal("1E+900"), Decimal("-0"), Decimal("0E-900")]
)
TEXTS = st.text() | st.sampled_from(
    [
        "{{7*7}}",
        "2024-05-03T10:00:00Z",
        "1e5",
        "+569",
        "usd",
        "\ud800",
        "a,b",
        "{}",
        "%Y",
    ]
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from("abc") | st.text(max_size=3), inner, max_size=4
        )
    ),
    max_leaves=8,
)
TABLES = {"t": Table(name="t", rows={"1": "x"}, fallback=None)}

BARE = [
    "a + b",
    "a - b",
    "a * b",
    "a / b",
    "a // b",
    "a % b",
    "-a",
    "a ~ b",
    "a < b",
    "a >= b",
    "a == b",
    "a != b",
    "a in b",
    "a not in b",
    "a and b",
    "a or not b",
    "a if b else a",
    "a[b]",
    "a[1:2]",
    "a[-2:]",
    "a[b:a]",
    "a.a.b",
    "a[0].a",
    "[a, b]",
    "{'x': a, 'y': [b]}",
    "a is present and b is uuid",
    "a | default(b)",
    "a | coalesce(b, a.a)",
]
PATHS = {
    "path": "'a'",
    "key": "'a'",
    "values": "'b'",
    "table": "'t'",
    "pattern": "'a+b'",
}


def _uses():
    """Each helper bare, and with its arguments out of the payload where they may be."""
    for name, helper in FILTERS.items():
        required = [p for p in helper.parameters if "=" not in str(p)]
        arguments = [PATHS.get(p.name, "b") for p in required]
        yield f"a | {name}({', '.join(arguments)})"
        if len(helper.parameters) > len(required):
            arguments = [PATHS.get(p.name, "b") for p in helper.parameters]
            yield f"a | {name}({', '.join(arguments)})"


def outcome(expression, names, money=None):
    """The value, or None for an error that is fit to be shown."""
    scope = Scope(names=names, tables=TABLES, money=money, budget=Budget(5_000))
    try:
        value = expression.evaluate(scope)
    except ExpressionError as error:
        assert error.code.startswith("E3") and error.message and error.source
        assert 0 <= error.start < error.end <= len(error.source)
        return None
    assert isinstance(value, str | int | Decimal | list | dict | datetime | None) or (
        value is OMIT
    )
    return value


EXPRESSIONS = [compile_expression(source) for source in (*BARE, *_uses())]


@settings(max_examples=300)
@given(st.sampled_from(EXPRESSIONS), JSON, JSON, st.sampled_from(["minor", "major"]))
def test_any_payload_gives_a_value_or_an_error(expression, a, b, amounts):
    """Whatever a sender writes, evaluation ends in a value of the language or a finding with a place."""
    outcome(expression, {"a": a, "b": b}, Money(amounts=amounts))
    expression.explain(Scope(names={"a": a}))


@given(JSON)
def test_any_payload_through_templates(payload):
    """The same for blocks, with and without HTML."""
    sources = [
        "<p>{{ a }}</p>",
        "{{ a }}",
        "{% if a is present %}{{ a }}{% endif %}",
        "{% for x in a %}{{ x }},{% else %}{{ a }}{% endfor %}",
        "{% for k, v in a | items %}{{ k }}={{ v }};{% endfor %}",
    ]
    for html in (False, True):
        for source in sources:
            template = compile_template(
                source, blocks=True, into="html" if html else "text"
            )
            outcome(template, {"a": payload})


@given(JSON)
def test_a_path_gives_the_value_itself(payload):
    """What passes through a field is the very value that was parsed."""
    expression = compile_template("{{ event.x }}")
    assert expression.evaluate(Scope(names={"event": {"x": payload}})) is payload


@given(
    st.text(max_size=60) | st.text(alphabet="{}%|.()[]'\"ab 1+-~,:=<>#\\", max_size=40)
)
def test_any_source_compiles_or_is_a_finding(source):
    """Whatever a person types, compiling ends in an expression or a finding with a place."""
    for make in (
        compile_expression,
        lambda text: compile_template(text, blocks=True, into="html"),
    ):
        try:
            make(source)
        except ExpressionError as error:
            assert error.source == source and error.message
            assert 0 <= error.start <= error.end <= len(source)


@given(
    st.decimals(-(10**40), 10**40, places=5), st.decimals(-(10**40), 10**40, places=5)
)
def test_sums_of_decimals_are_exact(a, b):
    """Adding and taking away again gives the same digits, far beyond a double."""
    value = compile_expression("a + b - b").evaluate(Scope(names={"a": a, "b": b}))
    assert value == a


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**10))
def test_floor_division_agrees_for_ints_and_decimals(a, b):
    """Whole or with a point, // rounds down and % has the divisor's sign."""
    b = -b if a % 2 else b
    names = {"a": a, "b": b, "d": Decimal(f"{a}.0"), "e": Decimal(f"{b}.00")}
    scope = Scope(names=names)
    assert compile_expression("a // b == d // e").evaluate(scope) is True
    assert compile_expression("a % b == d % e").evaluate(scope) is True
    assert compile_expression("(d // e) * e + d % e == d").evaluate(scope) is True
