"""What is written as YAML is read back as the same typed value, by this project's reader and by any other."""

from decimal import Decimal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.strict.yaml import compose, plain
from bridge.strict.yaml_writing import key_written, written

TEXTS = st.text(max_size=60) | st.from_regex(r"[a-zA-Z0-9:#\[\]{}&*!|>'\"%@`~ .,+?-]+")
NUMBERS = st.integers(-(10**30), 10**30) | st.decimals(
    allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda below: st.lists(below, max_size=4)
    | st.dictionaries(TEXTS, below, max_size=4),
    max_leaves=12,
)


def typed(value):
    """With every scalar's kind, since Python takes True for 1; integral decimals are numbers like any other."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    kind = "number" if type(value) in (int, Decimal) else type(value).__name__
    return kind, value


@pytest.mark.parametrize(
    "around, whole",
    [
        ("a: {}\n", lambda value: {"a": value}),
        ("a: [{}, 1]\n", lambda value: {"a": [value, 1]}),
        ("- {{ a: {}, b: 1 }}\n", lambda value: [{"a": value, "b": 1}]),
        ("a:\n  - b: {}  # why\n", lambda value: {"a": [{"b": value}]}),
    ],
)
@settings(max_examples=40)
@given(value=VALUES)
def test_any_value_is_read_back_wherever_it_stands(around, whole, value):
    """As a block's value, in a list, in a mapping, and before a comment; without a finding."""
    node, findings = compose(around.format(written(value)), "a.yaml")
    assert findings == []
    assert typed(plain(node)) == typed(whole(value))


@given(text=TEXTS)
def test_other_readers_read_the_same_text(text):
    """YAML 1.1, which an editor may use, takes none of it for a number, a time or a boolean."""
    assert yaml.safe_load(f"a: {written(text)}") == {"a": text}


@given(key=TEXTS)
def test_keys_are_read_back(key):
    """Whatever a sender has called its fields."""
    node, findings = compose(f"{{ {key_written(key)}: 1 }}", "a.yaml")
    assert (plain(node), findings) == ({key: 1}, [])


@pytest.mark.parametrize(
    "value, text",
    [
        ("007", '"007"'),
        (7, "7"),
        (Decimal("19.90"), "19.90"),
        ("no", '"no"'),
        ("true", '"true"'),
        (True, "true"),
        (None, "null"),
        ("", '""'),
        ("a\nb", '"a\\nb"'),
        ("Concluído", "Concluído"),
        ("a: b", '"a: b"'),
        ("2026-03-17 10:50:30", '"2026-03-17 10:50:30"'),
        ("\x1b\u2028", '"\\x1b\\u2028"'),
        ({"a": [1, {}]}, "{ a: [1, {}] }"),
        ([], "[]"),
    ],
)
def test_form(value, text):
    """Numbers plain, text in quotes where it could be taken for something else, all on one line."""
    assert written(value) == text


@pytest.mark.parametrize(
    "value", [10**200, Decimal("1E-120"), 1.5, "\ud800", {1: 2}, {"k" * 1100: 1}]
)
def test_what_cannot_be_read_back_is_refused(value):
    """A number of too many digits would come back as text; the message names no value."""
    with pytest.raises(ValueError) as caught:
        written(value)
    assert "k" * 9 not in str(caught.value)
