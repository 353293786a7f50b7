"""JSON is read and written exactly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import Malformed
from bridge.strict import json

numbers = st.integers(min_value=-(2**53), max_value=2**53) | st.decimals(
    allow_nan=False,
    allow_infinity=False,
    places=2,
    min_value=-(10**12),
    max_value=10**12,
)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_is_written_is_read_again(value):
    """Every value comes back equal, surrogates and control characters included."""
    assert json.loads(json.dumps(value)) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw):
    """Nothing but Malformed is ever raised for a body."""
    try:
        json.loads(raw)
    except Malformed:
        pass


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"a":1,"a":2}', "json_duplicate_key"),
        (b"[NaN]", "json_number"),
        (b"[-Infinity]", "json_number"),
        (b"[1e1001]", "json_number"),
        (b'{"n":1e99999999999999999999}', "json_number"),
        (b"1" * 1_001, "json_number"),
        (b"[" * 65 + b"]" * 65, "json_depth"),
        (b"[" * 100_000, "json_depth"),
        (b'{"a":' * 100_000, "json_depth"),
        (b"\xef\xbb\xbf{}", "json_syntax"),
        ('{"a":1}'.encode("utf-16"), "json_encoding"),
        (b'"\xed\xa0\x80"', "json_encoding"),
        (b"", "json_syntax"),
        (b"{} {}", "json_syntax"),
        (b'"\n"', "json_syntax"),
    ],
)
def test_what_cannot_be_exact_is_refused(raw, reason):
    """Ambiguous, unbounded or non-JSON documents are refused with their machine name."""
    with pytest.raises(Malformed) as error:
        json.loads(raw)
    assert error.value.reason == reason


def test_depth_counts_brackets_outside_text_only():
    """Brackets inside text are no nesting; 64 levels are allowed."""
    assert json.loads(b'["' + b"[" * 200 + b'\\"[[["]') == ["[" * 200 + '"[[[']
    assert json.loads(b"[" * 64 + b"]" * 64)


def test_numbers_keep_their_digits():
    """Decimals are not floats, and an integral one is sent as an integer."""
    assert json.loads(b"0.1") == Decimal("0.1")
    assert json.dumps([Decimal("19.90"), Decimal("150000.00"), Decimal("1E+3")]) == (
        b"[19.9,150000,1000]"
    )


@pytest.mark.parametrize(
    "value",
    [
        Decimal("NaN"),
        Decimal("0.12345678901234567890"),
        2**53 + 1,
        1.5,
        {1: 2},
        object(),
        10**400,
    ],
)
def test_what_json_cannot_carry_is_refused(value):
    """Floats, other types, and numbers that a double would change never reach a vendor."""
    with pytest.raises(ValueError):
        json.dumps(value)


odd = st.recursive(
    values
    | st.decimals()
    | st.integers()
    | st.sampled_from([b"x", {1}, object(), 1.5]),
    lambda inner: st.lists(inner, max_size=3)
    | st.tuples(inner)
    | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=10,
)


@given(odd)
def test_what_can_be_written_is_known_before_it_is_written(value):
    """require_json refuses exactly what dumps refuses, in the same words: nothing is written to find that out."""

    def said(function):
        try:
            function(value)
        except ValueError as error:
            return str(error)

    assert said(json.require_json) == said(json.dumps)
