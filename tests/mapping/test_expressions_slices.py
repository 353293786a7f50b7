"""Slices of texts and lists: a part by places, bounded and paid for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.expressions import (
    OMIT,
    Budget,
    ExpressionError,
    Scope,
    compile_expression,
)

ENDS = st.none() | st.integers(-12, 12) | st.integers()


def value(source, **names):
    return compile_expression(source).evaluate(Scope(names=names))


def refusal(source, **names):
    with pytest.raises(ExpressionError) as caught:
        value(source, **names)
    return caught.value


@given(st.text(max_size=10) | st.lists(st.integers(), max_size=10), ENDS, ENDS)
def test_slice_is_that_of_python(whole, start, stop):
    """From start up to stop, from the end where negative, and never beyond what is there; computed or written."""
    names = {"w": whole, "a": start, "b": stop}
    source = f"w[{'' if start is None else 'a'}:{'' if stop is None else 'b'}]"
    assert value(source, **names) == whole[start:stop]
    if all(end is None or abs(end) < 10**99 for end in (start, stop)):
        written = f"w[{'' if start is None else start}:{'' if stop is None else stop}]"
        assert value(written, **names) == whole[start:stop]


def test_slices_stand_in_paths():
    """A slice goes on as a path, as an argument and before a helper."""
    event = {
        "items": [{"id": "a1"}, {"id": "b2"}, {"id": "c3"}],
        "card": "4242424242421234",
    }
    assert value("event.items[1:][0].id", event=event) == "b2"
    assert value("event.items[0:2] | map('id') | join('-')", event=event) == "a1-b2"
    assert value("'*' ~ event.card[-4:]", event=event) == "*1234"
    assert value("event.card[:4][1:] == '242'", event=event) is True
    assert value("event.items[(event.items | length) - 1:] | length", event=event) == 1


@pytest.mark.parametrize("absent", ["e.none", "e.a.b"])
def test_absence_passes_a_slice_by(absent):
    """Missing and null are provided for by one default at the end, as behind helpers."""
    assert value(f"{absent}[0:4] | default('x')", e={"none": None}) == "x"
    assert value("o[0:4]", o=OMIT) is OMIT


@pytest.mark.parametrize(
    ("source", "code", "help"),
    [
        ("e.n[0:2]", "E302", "add | string"),
        ("e.m[0:2]", "E302", ""),
        ("e.t[e.t:]", "E302", "add | number"),
        ("e.t[:e.d]", "E302", ""),
        ("e.t[e.x:]", "E301", "default"),
        ("e.t[0]", "E301", "[0:1]"),
    ],
)
def test_what_cannot_be_cut_says_what_to_do(source, code, help):
    """A number is no text, a mapping has no places, and one character is a slice of one."""
    event = {"n": 12345, "m": {"a": 1}, "t": "text", "d": True}
    error = refusal(source, e=event)
    assert error.code == code
    assert help in error.help


def test_slices_are_bounded_and_paid_for():
    """A loop over slices of a text ends with the budget; a slice too long is refused before it is made."""
    assert refusal("t[1:]", t="x" * 70_000).code == "E303"
    assert value("t[-60_000:]".replace("_", ""), t="x" * (1 << 20)) == "x" * 60_000
    assert refusal("l[1:]", l=[0] * 10_002).code == "E303"
    budget = Budget()
    compile_expression("t[:51200]").evaluate(
        Scope(names={"t": "x" * 60_000}, budget=budget)
    )
    assert Budget().left - budget.left >= 200
