"""Texts that people take for the same are the same, whichever of Unicode's spellings their letters with marks have."""

import time
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.expressions import (
    Budget,
    ExpressionError,
    Scope,
    compile_expression,
)

ONE, TWO = "Jos\u00e9 Nu\u00f1ez", "Jose\u0301 Nun\u0303ez"
SAME = [
    "v == w",
    "not (v != w)",
    "v in [1, w]",
    "v in 'x' ~ w ~ 'y'",
    "v in {}",
    "[v, w] | unique | length == 1",
    "[v] == [w]",
    "l | where('name', w) | length == 1",
    "v | nfc == (w | nfc)",
]


def give(source, **names):
    return compile_expression(source).evaluate(Scope(names=names))


@pytest.mark.parametrize("source", SAME)
@pytest.mark.parametrize(("v", "w"), [(ONE, TWO), (TWO, ONE)])
def test_two_spellings_are_one_text(source, v, w):
    """Conditions, lists, `where` and `unique` take either spelling for the other."""
    if source == "v in {}":
        assert give("v in m", v=v, m={w: 1}) is True
        return
    assert give(source, v=v, w=w, l=[{"name": v}, {"name": "x"}]) is True


@pytest.mark.parametrize(
    ("v", "w"),
    [
        ("Jose", "Jos\u00e9"),
        ("\u0430", "a"),
        ("\ufb01", "fi"),
        ("a", "A"),
        ("a ", "a\u00a0"),
    ],
)
def test_other_letters_stay_apart(v, w):
    """Only what Unicode calls canonically equal is: no accent, alphabet, ligature, case or blank is dropped."""
    assert give("v == w", v=v, w=w) is False
    assert give("[v, w] | unique | length", v=v, w=w) == 2


@given(st.text(max_size=60), st.sampled_from(["NFC", "NFD"]))
def test_nfc_is_what_unicode_says(text, form):
    """Every text gives its composed form, whichever form it came in."""
    assert give("v | nfc", v=normalize(form, text)) == normalize("NFC", text)


@pytest.mark.parametrize("source", ["v == w", "v in l", "l | unique | length"])
def test_composing_is_paid_for(source):
    """Marks take the square of their number to put in order: a whole budget of them takes no longer than any other."""
    texts = [f"a{chr(0x315) * n}{chr(0x300) * (490 - n)}" for n in range(1, 300)]
    names = {"v": "a" + "\u0315\u0300" * 249, "w": texts[0], "l": texts}
    expression = compile_expression(source)
    scope = Scope(names=names, budget=Budget())
    started = time.process_time()
    with pytest.raises(ExpressionError):
        for _ in range(100_000):
            expression.evaluate(scope)
            assert time.process_time() - started < 2


def test_nfc_takes_no_run_of_marks():
    """A letter with more than 30 marks is refused before it is composed; with 30 it is taken."""
    assert give("v | nfc", v="a" + "\u0315" * 30)
    with pytest.raises(ExpressionError) as raised:
        give("v | nfc", v="a" + "\u0315\u0300" * 30_000)
    assert raised.value.code == "E303"


FAILS = ["v | e164('CL')", "v | number", "v | uuid", "v | parse_json", "v.x | number"]


@pytest.mark.parametrize("source", FAILS)
def test_what_fails_on_optional_data_has_a_stand_in(source):
    """or_else gives the other value where what stands before it fails, is missing or null."""
    for value in ("?", None, ""):
        assert give(f"{source} | or_else('-')", v=value) == "-"
    assert give(f"{source} | or_else(omit)", v="?") is not None


def test_what_does_not_fail_is_kept():
    """A value that can be read passes by, also an empty one and false."""
    assert give("v | number | or_else(0)", v="5") == 5
    assert give("v | trim | or_else('x')", v=" ") == ""
    assert give("(v == 2) | or_else(true)", v=1) is False


def test_a_spent_budget_is_no_stand_in():
    """or_else does not hide that an event takes too much work: nothing goes on with a value made up for that."""
    source = "l | map('x') | or_else('-')"
    budget = Budget(50)
    names = {"l": [{"x": n} for n in range(1_000)]}
    with pytest.raises(ExpressionError) as raised:
        compile_expression(source).evaluate(Scope(names=names, budget=budget))
    assert raised.value.code == "E303"
