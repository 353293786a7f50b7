"""The catalogue as a whole: complete, described, and each example true."""

import re
from pathlib import Path

import pytest

from bridge.mapping import expressions, functions, values
from bridge.mapping.expressions import (
    CODES,
    OMIT,
    Scope,
    Table,
    compile_expression,
)
from bridge.mapping.functions import FILTERS, TESTS

SPECIFIED = set("""
    from_minor to_minor from_major round number currency format_number
    upper lower trim replace split join truncate string html clean_html strip_tags nfc or_else default coalesce
    uuid e164 email digits
    date datetime parse_date plus diff epoch weekday month hour
    lookup keys values items first last length map select where unique sort sum min max json parse_json sha256
    to_mapping match search
    """.split())
TABLES = {
    "substatus": Table(name="substatus", rows={"1": "PS", "2": "PS"}, fallback="ES")
}
HELPERS = [*FILTERS.values(), *TESTS.values()]
EXAMPLES = [example for helper in HELPERS for example in helper.examples]


def test_catalogue_is_the_specified_one():
    """A helper is neither forgotten nor added in passing."""
    assert set(FILTERS) == SPECIFIED
    assert set(TESTS) == set(
        "defined present number string mapping uuid startswith endswith match search".split()
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda it: it.expression)
def test_example_is_true(example):
    """Each example gives the value it claims, of the same type."""
    scope = Scope(names=example.names, tables=TABLES)
    given = compile_expression(example.expression).evaluate(scope)
    assert given == example.gives
    assert type(given) is type(example.gives)


@pytest.mark.parametrize("helper", HELPERS, ids=lambda it: f"{it.group}.{it.name}")
def test_entry_is_described(helper):
    """Each entry has what the docs page and the editor show: summary, kinds, examples with it, known codes."""
    assert helper.summary.endswith(".")
    assert helper.input and helper.output
    assert set(helper.errors) <= set(CODES)
    assert all(helper.name in example.expression for example in helper.examples)


def test_signature_is_written_as_called():
    """A signature names the arguments with their defaults as the language writes them."""
    assert FILTERS["round"].signature == "round(places=0, mode='half_up')"
    assert FILTERS["e164"].signature == "e164(country=none)"
    assert FILTERS["coalesce"].signature == "coalesce(*others)"
    assert FILTERS["upper"].signature == "upper"


@pytest.mark.parametrize("name", sorted(SPECIFIED - {"default", "coalesce", "or_else"}))
@pytest.mark.parametrize("given", ["null", "nothing", "omitted"])
def test_absence_passes_through(name, given):
    """Missing, null and omit pass every helper by, so that one default(…) at the end is enough."""
    required = [p for p in FILTERS[name].parameters if "=" not in str(p)]
    arguments = {"currency": "'usd'", "length": "5", "equals": "1", "start": "1"}
    written = ", ".join(arguments.get(p.name, "'x'") for p in required)
    source = f"{given} | {name}({written}) | default('there')"
    scope = Scope(names={"null": None, "omitted": OMIT})
    value = compile_expression(source).evaluate(scope)
    assert value == (OMIT if given == "omitted" else "there")


def test_codes_are_explained():
    """Every code that the language raises has an entry for `bridge explain`."""
    raised = set()
    for package in (expressions, functions, values):
        for file in Path(package.__file__).parent.glob("*.py"):
            if file.name != "codes.py":
                raised |= set(re.findall(r'"(E[23]\d\d)"', file.read_text()))
    assert raised == set(CODES)
