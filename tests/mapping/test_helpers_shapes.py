"""Lists made into mappings, and numbers written as people write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.expressions import ExpressionError, Scope, compile_expression

HUBSPOT = [{"name": "email", "value": "a@b.cl"}, {"name": "city", "value": None}]
WOOCOMMERCE = [
    {"id": 1, "key": "_ticket", "value": "T-1"},
    {"id": 2, "key": "color", "value": "red"},
    {"id": 3, "key": "_ticket", "value": "T-2"},
]


def value(source, **names):
    return compile_expression(source).evaluate(Scope(names=names))


def refusal(source, **names):
    with pytest.raises(ExpressionError) as caught:
        value(source, **names)
    return caught.value


def test_list_of_names_and_values_is_a_mapping():
    """A form's fields are reached by name; null is a value, an unknown name is missing."""
    source = "(l | to_mapping('name', 'value'))"
    assert value(source, l=HUBSPOT) == {"email": "a@b.cl", "city": None}
    assert value(f"{source}.email", l=HUBSPOT) == "a@b.cl"
    assert value(f"{source}.phone | default('-')", l=HUBSPOT) == "-"
    assert value(f"{source}['zip code'] is defined", l=HUBSPOT) is False
    assert value("[] | to_mapping('name')") == {}


def test_last_of_equal_keys_counts():
    """As in JSON, what comes later is what is meant."""
    assert value("(l | to_mapping('key', 'value'))._ticket", l=WOOCOMMERCE) == "T-2"
    assert value("(l | to_mapping('key'))._ticket.id", l=WOOCOMMERCE) == 3


def test_keys_are_text_and_whole_numbers():
    """77, 77.0 and "77" are one key, as in tables; pairs are taken by their places."""
    items = [{"k": {"id": one}} for one in (77, Decimal("77.0"), "77")]
    assert list(value("l | to_mapping('k.id')", l=items)) == ["77"]
    assert value("m | items | to_mapping('0', '1') == m", m={"a": 1, "b": [2]}) is True


@pytest.mark.parametrize("key", [None, True, Decimal("1.5"), ["a"], {"a": 1}])
def test_what_is_no_key_is_refused(key):
    """Nothing is made into text to be a key."""
    assert refusal("l | to_mapping('k')", l=[{"k": key}]).code in ("E302", "E307")


@pytest.mark.parametrize("source", ["l | to_mapping('k')", "l | to_mapping('a', 'k')"])
def test_item_without_the_path_says_how_to_leave_it_out(source):
    """An item that has no key, or no value, is an error whose help is the helper that drops it."""
    error = refusal(source, l=[{"a": "x", "k": 1}, {"a": "y"}])
    assert error.code == "E301"
    assert error.help.endswith("| select('k')")
    assert value(
        source.replace("l |", "l | select('k') |"), l=[{"a": "x", "k": 1}, {"a": "y"}]
    )


@given(st.dictionaries(st.text(), st.integers()))
def test_mapping_is_made_again_of_its_items(mapping):
    """items and to_mapping are each other's reverse."""
    assert value("m | items | to_mapping('0', '1')", m=mapping) == mapping


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("1234567.89 | format_number", "1,234,567.89"),
        ("1234567.89 | format_number(',', '.')", "1.234.567,89"),
        ("1234567 | format_number(style='indian')", "12,34,567"),
        ("123456789 | format_number(style='indian')", "12,34,56,789"),
        (
            "1234567.5 | round(2) | format_number('.', '\u2019')",
            "1\u2019234\u2019567.50",
        ),
        ("1234567 | format_number(',', ' ')", "1 234 567"),
        ("1234.5 | format_number(',', '')", "1234,5"),
        ("999 | format_number", "999"),
        ("1000 | format_number", "1,000"),
        ("0 | format_number", "0"),
        ("-1000.10 | format_number", "-1,000.10"),
        ("-100 | format_number(style='indian')", "-100"),
        ("0.5 | format_number(',', '.')", "0,5"),
    ],
)
def test_numbers_have_the_marks_of_their_readers(source, written):
    """Groups of three, or of two before the last three; the decimals are those of the number."""
    assert value(source) == written


@given(
    st.decimals(-(10**12), 10**12, places=2),
    st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'"), (",", "")]),
    st.sampled_from(["thousands", "indian"]),
)
def test_what_is_written_is_read_as_the_same_number(number, marks, style):
    """from_major with the same marks gives the number back."""
    decimal, group = marks
    names = {"n": number, "d": decimal, "g": group, "s": style}
    source = "n | format_number(d, g, s) | from_major('usd', d, g)"
    assert value(source, **names) == number


@pytest.mark.parametrize(
    ("source", "help"),
    [
        ("'1234' | format_number", "add | number"),
        ("1 | format_number(style='lakh')", "'indian'"),
        ("1 | format_number('.', '.')", ""),
        ("1 | format_number('', ',')", ""),
        ("1 | format_number(',', '0')", ""),
    ],
)
def test_wrong_marks_are_refused(source, help):
    """Marks that readers could not tell apart, digits, and text that is no number yet."""
    error = refusal(source)
    assert error.code in ("E302", "E205")
    assert help in error.help
