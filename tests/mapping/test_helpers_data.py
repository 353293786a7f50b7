"""Tables, lists and documents inside text."""

from decimal import Decimal

import pytest

from bridge.mapping.expressions import (
    ExpressionError,
    Scope,
    Table,
    compile_expression,
)

TABLES = {
    "open": Table(name="open", rows={"77": "A", "x": 0}, fallback="other"),
    "closed": Table(name="closed", rows={"77": "A"}),
}


def value(source, **names):
    return compile_expression(source).evaluate(Scope(names=names, tables=TABLES))


def error(source, **names):
    with pytest.raises(ExpressionError) as caught:
        value(source, **names)
    return caught.value


@pytest.mark.parametrize("key", [77, "77", Decimal("77.0"), Decimal("7.7E+1")])
def test_lookup_takes_text_and_whole_numbers_alike(key):
    """77, "77" and 77.0 are one key: senders disagree with themselves about it."""
    assert value("k | lookup('closed')", k=key) == "A"
    assert value("k | lookup('open')", k="x") == 0


def test_lookup_without_row_is_an_error_unless_there_is_a_fallback():
    """The row `_` is said out loud; the message shows no value."""
    assert value("k | lookup('open')", k="secret") == "other"
    refused = error("k | lookup('closed')", k="secret")
    assert refused.code == "E304" and "secret" not in str(refused) + refused.help
    assert error("k | lookup('nowhere')", k="1").code == "E304"


def test_table_name_is_written_out():
    """A table out of the payload could not be checked before it runs."""
    assert error("k | lookup(k)", k="open").code == "E205"
    assert compile_expression("event.k | lookup('open')").tables == {"open"}


@pytest.mark.parametrize("key", [True, Decimal("7.5"), [1]])
def test_lookup_refuses_other_keys(key):
    """A boolean or a fraction is no key."""
    assert error("k | lookup('open')", k=key).code == "E302"


def test_where_compares_kinds():
    """The text "1" is not the number 1, and 1 is 1.0."""
    rows = [{"n": 1}, {"n": "1"}, {"n": Decimal("1.0")}, {"n": True}, {}]
    assert value("r | where('n', 1)", r=rows) == [rows[0], rows[2]]
    assert value("r | where('n', '1')", r=rows) == [rows[1]]


def test_map_names_the_item_without_the_path():
    """A gap in a list is an error that says what the item has instead."""
    refused = error("r | map('a.b')", r=[{"a": {"c": 1}}])
    assert refused.code == "E301"
    assert refused.message == "item.a.b is missing: item.a has the keys c"


def test_unique_keeps_the_first_of_each_kind():
    """Equal means equal in kind, and order stays."""
    items = ["b", "a", 1, Decimal("1.0"), "1", True, "b", None]
    assert value("l | unique", l=items) == ["b", "a", 1, "1", True, None]
    assert error("l | unique", l=[[1]]).code == "E302"


def test_order_needs_one_kind():
    """Numbers and text have no common order."""
    assert value("l | sort", l=[2, Decimal("1.5"), 1]) == [1, Decimal("1.5"), 2]
    assert value("l | sort(order='desc')", l=["a", "b"]) == ["b", "a"]
    for helper in ("sort", "min", "max"):
        assert error(f"l | {helper}", l=[1, "2"]).code == "E302"
        assert error(f"l | {helper}", l=[1, None]).code == "E307"
        assert error(f"l | {helper}", l=[True]).code == "E302"


def test_sum_is_exact():
    """Ten dimes are one dollar; nothing at all is 0."""
    assert value("l | sum", l=[Decimal("0.1")] * 10) == 1
    assert value("l | sum", l=[]) == 0
    assert error("l | sum", l=["1"]).code == "E302"


def test_ends_of_an_empty_list_are_missing():
    """An empty list has no first item, so default(…) decides."""
    for helper in ("first", "last", "min", "max"):
        assert value(f"l | {helper} | default('none')", l=[]) == "none"
        assert "empty" in error(f"l | {helper}", l=[]).message


def test_json_is_read_and_written_exactly():
    """Documents inside text survive, with their numbers."""
    text = '{"a":[1,2.50,"é",null,true],"b":{}}'
    assert value("(t | parse_json) | json", t=text) == text.replace("2.50", "2.5")
    assert value("(t | parse_json).a.1 ~ ''", t=text) == "2.50"


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", '{"a":1,"a":2}', "[" * 100, "\ud800", "'x'", "9" * 2000]
)
def test_parse_json_is_strict(text):
    """What the front door refuses in a body is refused in a text."""
    assert error("t | parse_json", t=text).code == "E302"


def test_json_refuses_what_readers_would_change():
    """A number beyond a double is sent as text or not at all."""
    assert error("l | json", l=[2**53 + 1]).code == "E308"
    assert error("[e | parse_date] | json", e=0).code == "E302"


def test_keys_values_and_items_agree():
    """The three views of a mapping are in one order."""
    mapping = {"b": 1, "a": [2]}
    assert value("m | keys", m=mapping) == ["b", "a"]
    assert value("m | values", m=mapping) == [1, [2]]
    assert value("m | items", m=mapping) == [["b", 1], ["a", [2]]]
