"""What expressions give: exact, typed, and never guessed."""

from decimal import Decimal

import pytest

from bridge.mapping.expressions import (
    MISSING,
    OMIT,
    ExpressionError,
    Lazy,
    Missing,
    Scope,
    compile_expression,
)

EVENT = {
    "a": 5,
    "d": Decimal("19.90"),
    "name": "José",
    "list": [1, "two", {"x": 3}],
    "null": None,
    "yes": True,
    "empty": "",
    "order": {"items": "the key", "keys": [], "odd key": 1, "0": "zero"},
}


def value(source, **names):
    return compile_expression(source).evaluate(Scope(names=names or {"event": EVENT}))


def error(source, **names):
    with pytest.raises(ExpressionError) as caught:
        value(source, **names)
    return caught.value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("event.order.items", "the key"),
        ("event['order']['odd key']", 1),
        ("event.order['0']", "zero"),
        ("event.order[0]", "zero"),
        ("event.list[0]", 1),
        ("event.list.2.x", 3),
        ("event['list'][event.list[0]]", "two"),
        ("(event.list | last).x", 3),
        ("event.null", None),
    ],
)
def test_paths_read_keys_and_indexes(source, expected):
    """A point, brackets or a number: keys of mappings and indexes of lists."""
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("0.1 + 0.2", "0.3"),
        ("19.90 * 3", "59.70"),
        ("10 / 4", "2.5"),
        ("7 // 2", "3"),
        ("-7 // 2", "-4"),
        ("-7.0 // 2", "-4"),
        ("7 // -2.0", "-4"),
        ("-7 % 3", "2"),
        ("-7.5 % 2", "0.5"),
        ("7.5 % -2", "-0.5"),
        ("-(event.a)", "-5"),
        ("+event.d", "19.90"),
        ("2 - 3 - 4", "-5"),
        ("1e2 + 1", "101"),
        ("12345678901234567890123456789 + 0.1", "12345678901234567890123456789.1"),
        ("-12345678901234567890123456789.1", "-12345678901234567890123456789.1"),
        ("9007199254740993 * 1", "9007199254740993"),
    ],
)
def test_arithmetic_is_exact(source, expected):
    """Decimals come from their digits, and no context of the machine rounds them."""
    assert str(value(source)) == expected


def test_whole_numbers_stay_whole():
    """Ints stay ints but in a division, which always gives a Decimal."""
    assert type(value("event.a * 2 + 1")) is int
    assert type(value("event.a / 5")) is Decimal
    assert str(value("1 / 3")) == "0." + "3" * 100


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("1 / 0", "E308"),
        ("1 % (event.a - 5)", "E308"),
        ("(1 / 3) * (1 / 3)", "E308"),
        ("event.a + event.name", "E302"),
        ("event.a * event.yes", "E302"),
        ("event.a + event.null", "E307"),
        ("event.a + event.nothing", "E301"),
        ("event.a + o", "E302"),
    ],
)
def test_arithmetic_refuses(source, code):
    """Nothing is converted or rounded silently."""
    assert error(source, event=EVENT, o=OMIT).code == code


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("'1' == 1", False),
        ("1 == 1.0", True),
        ("event.yes == 1", False),
        ("event.null == none", True),
        ("event.a != none", True),
        ("[1, [true]] == [1.0, [true]]", True),
        ("[1] == [true]", False),
        ("{'a': 1} == {'a': true}", False),
        ("{'a': 1} == {'b': 1}", False),
        ("1 < event.a <= 5", True),
        ("1 < event.a < 5", False),
        ("'a' < 'b'", True),
        ("1 in [true, '1']", False),
        ("1.0 in [1]", True),
        ("'x' in event.name", False),
        ("'Jos' in event.name", True),
        ("'items' in event.order", True),
        ("'x' not in ['y']", True),
    ],
)
def test_comparison_is_typed(source, expected):
    """Equal means equal in kind, at every depth."""
    assert value(source) is expected


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("event.a < '6'", "E302"),
        ("event.a < true", "E302"),
        ("event.list < [1]", "E302"),
        ("event.null > 0", "E307"),
        ("event.nothing == 1", "E301"),
        ("1 in event.nothing", "E301"),
        ("1 in event.a", "E302"),
        ("1 in event.name", "E302"),
        ("1 in event.order", "E302"),
        ("o == 1", "E302"),
    ],
)
def test_comparison_refuses(source, code):
    """What has no order, or is not there, is an error and never false."""
    assert error(source, event=EVENT, o=OMIT).code == code


def test_logic_takes_booleans_only():
    """Nothing is truthy: text, 0 and null are not conditions."""
    assert value("event.yes and not (event.a > 9) or event.nothing") is True
    assert value("event.a > 9 and event.nothing") is False
    for source in ("event.name and true", "false or event.a", "not event.empty"):
        assert error(source).code == "E302"
    assert error("event.null or true").code == "E307"
    assert error("event.nothing and true").code == "E301"


def test_choice_needs_a_condition():
    """An inline if takes a boolean; without else a false one gives a missing value."""
    assert value("'big' if event.a > 3 else 'small'") == "big"
    assert value("('big' if event.a > 9) | default('small')") == "small"
    assert "no else" in error("'big' if event.a > 9").message
    assert error("1 if event.a").code == "E302"
    assert value("1 if event.a > 9 else omit") is OMIT


def test_missing_names_the_longest_path_and_its_keys():
    """The message is enough to repair the path, and shows no value."""
    missing = error("event.order.item.x")
    assert missing.message == (
        "event.order.item is missing: event.order has the keys items, keys, odd key, 0"
    )
    assert missing.help.startswith("did you mean 'items'?")
    assert error("event.name.first").message.endswith("event.name is text")
    assert error("event.list.3").message.endswith("event.list is a list of 3")
    assert error("event.null.x").message.endswith("event.null is null")
    assert error("other.x").message == "other is missing: there is no such name"
    assert error("(event.order | items | first)[7]").message.endswith("is a list of 2")


def test_missing_is_an_error_only_where_it_is_used():
    """It passes helpers and names by until something needs it."""
    source = "event.a.b.c | upper | default('x')"
    assert value(source) == "x"
    assert value("event.a.b.c is defined") is False
    missing = compile_expression("event.b").evaluate(
        Scope(names={"event": {}}), allow_missing=True
    )
    assert isinstance(missing, Missing) and missing.path == ("event", "b")


def test_missing_let_keeps_its_own_path():
    """A name that is missing because of its own expression says which path was to blame."""
    let = compile_expression("event.data.object")
    outer = Scope(names={"event": {"data": {"obj": 1}}})
    inner = outer.child({"inv": Lazy(lambda: let.evaluate(outer, allow_missing=True))})
    used = compile_expression("inv.amount > 0")
    with pytest.raises(ExpressionError) as caught:
        used.evaluate(inner)
    assert "event.data.object is missing: event.data has the keys obj" in str(
        caught.value
    )
    assert (caught.value.source, caught.value.start, caught.value.end) == (
        "inv.amount > 0",
        0,
        10,
    )
    assert compile_expression("inv.x is present").evaluate(inner) is False
    assert repr(MISSING) == "missing"


def test_keys_in_messages_are_harmless():
    """Senders choose keys: a message stays one short printable line."""
    keys = {"a\x1b[31m\nb": 1, "k" * 5000: 2, **{f"key{n}": n for n in range(500)}}
    message = error("event.x", event=keys).message
    assert message.isprintable() and len(message) < 400
    assert "and 490 more" in message


def test_lazy_names_are_made_once_and_not_of_themselves():
    """A let that is not used costs nothing; one that needs itself is an error."""
    made = []
    scope = Scope(names={})
    scope = scope.child({"x": Lazy(lambda: made.append(1) or 7)})
    assert made == []
    assert compile_expression("x + x").evaluate(scope) == 14
    assert made == [1]
    names = {}
    names["y"] = Lazy(lambda: compile_expression("y").evaluate(Scope(names=names)))
    assert error("y", **names).code == "E310"


def test_concatenation_writes_numbers_plainly():
    """Digits as they were written, no exponent; what has no plain text form is refused."""
    assert (
        value("event.name ~ ' ' ~ event.d ~ '/' ~ 1e3 ~ '/' ~ event.a")
        == "José 19.90/1000/5"
    )
    for source, code in [
        ("'x' ~ event.yes", "E302"),
        ("'x' ~ event.list", "E302"),
        ("'x' ~ event.order", "E302"),
        ("'x' ~ event.null", "E307"),
        ("'x' ~ event.nothing", "E301"),
    ]:
        assert error(source).code == code


@pytest.mark.parametrize(
    "text",
    ["{{7*7}}", "007", "1e5", "+56912345678", "no", "[1]", "null", "${x}", "{% x %}"],
)
def test_payload_text_stays_text(text):
    """Nothing is ever parsed back from text."""
    assert value("event.x", event={"x": text}) == text


def test_run_time_errors_have_their_place():
    """The caret is under the helper, operand or path that failed."""
    for source, under in [
        ("event.a > 1 and (event.name | uuid) == 'x'", "uuid"),
        ("event.a > 1 and event.name", "event.name"),
        ("1 + event.name", "event.name"),
        ("event.a | from_minor(event.nothing)", "event.nothing"),
        ("event.name | replace(event.a, 'x')", "event.a"),
        ("[event.a, event.nothing]", "event.nothing"),
        ("'' ~ (event.list)", "(event.list)"),
    ]:
        caught = error(source)
        assert source[caught.start : caught.end] == under
