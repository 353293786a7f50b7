"""The values of fields are checked kind by kind: the same as loading the operation's schema, which takes longer."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import INCLUDE
from vendor_contract import contracted

from bridge import vendors
from bridge.kinds import Kind, flat, made
from bridge.vendors.fields import said

OPERATIONS = tuple(contracted().values())
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.text(max_size=5)
    | st.sampled_from(["a1b2c3d4-e5f6-7890-abcd-ef1234567890", Decimal("2.0"), 2**70])
)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3)
    | st.dictionaries(st.sampled_from(["label", "key", "value", "x"]), below),
    max_leaves=6,
)


def fields_of(operation):
    """Any values for any of the operation's fields, and its examples."""
    known = operation.schema().fields
    examples = {name: st.just(it.metadata["example"]) for name, it in known.items()}
    values = {name: VALUES | example for name, example in examples.items()}
    return st.fixed_dictionaries({}, optional={**values, "unlisted": VALUES})


@settings(max_examples=20)
@given(st.data())
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_a_value_has_the_problems_that_its_schema_finds(operation, data):
    """Whatever the fields hold; the names of fields are checked apart from their values."""
    fields = data.draw(fields_of(operation))
    found = vendors.check_fields(operation, fields)
    loaded = made(operation.schema, INCLUDE).validate(fields)
    by_schema = {path: said(problem) for path, problem in flat(loaded)}
    names = vendors.check_names(operation, tuple(vendors.field_names(fields)))
    extra = {path for path in found if path.split(".")[0] == "unlisted"}
    assert {**by_schema, **names} == {
        path: found[path] for path in found if path not in extra or path in names
    }


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_a_schema_is_nothing_but_kinds(operation):
    """A field of another type, or a hook of the schema, would not be asked."""
    schema = operation.schema()
    assert all(isinstance(field, Kind) for field in schema.fields.values())
    assert not any(schema._hooks.values())
