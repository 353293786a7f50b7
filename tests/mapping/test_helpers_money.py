"""Money is exact, and a unit is never guessed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.expressions import ExpressionError, Scope, compile_expression
from bridge.model import Money


def value(source, money=None, **names):
    return compile_expression(source).evaluate(Scope(names=names, money=money))


def code(source, money=None, **names):
    with pytest.raises(ExpressionError) as caught:
        value(source, money, **names)
    return caught.value.code


@pytest.mark.parametrize(
    ("units", "currency", "amount"),
    [
        (1999, "usd", "19.99"),
        (150000, "clp", "150000"),
        (150000, "CLP", "150000"),
        (1500, "kwd", "1.500"),
        (0, "eur", "0.00"),
        (-5, "eur", "-0.05"),
        (10**60 + 1, "usd", "1" + "0" * 58 + ".01"),
    ],
)
def test_minor_units_follow_iso_4217(units, currency, amount):
    """The decimals of the currency are written out, also where they are zeros."""
    given = value("u | from_minor(c)", u=units, c=currency)
    assert isinstance(given, Decimal)
    assert f"{given:f}" == amount


def test_provider_exponent_wins_over_iso_4217():
    """Where a provider counts a currency differently, its own statement decides."""
    stripe = Money(amounts="minor", exponents={"ISK": 2})
    assert value("12345 | from_minor('isk')", stripe) == Decimal("123.45")
    assert value("123.45 | to_minor('isk')", stripe) == 12345
    assert value("12345 | from_minor('isk')") == 12345


def test_provider_may_know_a_currency_that_iso_4217_does_not():
    """A code out of the payload is looked up at the provider before it is refused."""
    money = Money(amounts="minor", exponents={"USDC": 6})
    assert value("1500000 | from_minor(c)", money, c="usdc") == Decimal("1.5")


def test_from_minor_is_refused_where_amounts_are_major():
    """Dividing a second time would send a hundredth of the amount."""
    assert code("1999 | from_minor('usd')", Money(amounts="major")) == "E302"


def test_minor_units_are_whole():
    """An amount with a fraction is in the main unit already."""
    assert code("a | from_minor('usd')", a=Decimal("19.99")) == "E308"
    assert value("a | from_minor('usd')", a=Decimal("1999.0")) == Decimal("19.99")


@pytest.mark.parametrize("currency", ["xxx", "xau", "", "usdd", "dollar", "$"])
def test_unknown_currency_is_an_error(currency):
    """Without its decimals an amount cannot be read; metals and 'no currency' have none."""
    assert code("1 | from_minor(c)", c=currency) == "E305"
    assert code("c | currency", c=currency) == "E305"


def test_unknown_currency_literal_is_found_while_compiling():
    """A misspelt literal is a finding of check, with its place and a guess."""
    with pytest.raises(ExpressionError) as caught:
        compile_expression("event.a | from_minor('clq')")
    assert (caught.value.code, caught.value.start, caught.value.end) == ("E305", 21, 26)
    assert "did you mean" in caught.value.help


@given(st.integers(-(10**18), 10**18), st.sampled_from(["usd", "clp", "kwd", "vnd"]))
def test_minor_and_back_is_the_same(units, currency):
    """to_minor undoes from_minor for every amount."""
    assert value("u | from_minor(c) | to_minor(c)", u=units, c=currency) == units


def test_to_minor_refuses_what_it_would_have_to_round():
    """A fraction of a cent is an error until a rule rounds it."""
    assert code("19.999 | to_minor('usd')") == "E308"
    assert value("19.999 | round(2) | to_minor('usd')") == 2000
    assert code("0.5 | to_minor('clp')") == "E308"


@pytest.mark.parametrize(
    ("text", "call", "amount"),
    [
        ("1.234,56", "'eur', ',', '.'", "1234.56"),
        ("1,234,567.8", "'usd', '.', ','", "1234567.80"),
        ("1,23,456.00", "'inr', '.', ','", "123456.00"),
        ("-12", "'usd'", "-12.00"),
        ("150.000", "'clp', ',', '.'", "150000"),
        ("1 000,5", "'eur', ',', ' '", "1000.50"),
        ("1234,5", "'eur', ',', '.'", "1234.50"),
    ],
)
def test_from_major_reads_written_amounts(text, call, amount):
    """The marks are named, so a text has one reading only."""
    assert f"{value(f't | from_major({call})', t=text):f}" == amount


@pytest.mark.parametrize(
    "text", ["1,234.56", "1.2345,00", "1..000", "", ".5", "12-", "１２", "1e5", "1_000"]
)
def test_from_major_refuses_other_styles(text):
    """A text that does not fit the marks is not read halfway."""
    assert code("t | from_major('eur', ',', '.')", t=text) == "E302"


def test_from_major_needs_two_different_marks():
    """With one mark for both, 1.000 would have two readings."""
    assert code("'1' | from_major('eur', '.', '.')") == "E302"
    assert code("'1' | from_major('eur', '5', '')") == "E302"
    assert code("'1,005' | from_major('eur', ',')") == "E308"


@pytest.mark.parametrize(
    ("mode", "results"),
    [
        ("half_up", ("2.68", "2", "-3")),
        ("half_even", ("2.68", "2", "-2")),
        ("half_down", ("2.67", "2", "-2")),
        ("up", ("2.68", "3", "-3")),
        ("down", ("2.67", "2", "-2")),
        ("ceiling", ("2.68", "3", "-2")),
        ("floor", ("2.67", "2", "-3")),
    ],
)
def test_rounding_modes(mode, results):
    """Each mode does what its name says, for negative numbers too."""
    given = (
        value(f"2.675 | round(2, '{mode}')"),
        value(f"2.4 | round(0, '{mode}')"),
        value(f"-2.5 | round(0, '{mode}')"),
    )
    assert given == tuple(map(Decimal, results))


def test_round_writes_its_decimals():
    """19.9 rounded to two places is 19.90, in text too."""
    assert value("(19.9 | round(2)) ~ ''") == "19.90"
    assert value("5 | round(2) | string") == "5.00"
    assert value("1234 | round(-2)") == 1200


@pytest.mark.parametrize(
    "text", ["1e5", "1,5", "0x1F", "١٢", "1_000", " 5", "", "NaN", "--1", "1."]
)
def test_number_reads_plain_digits_only(text):
    """What other readers accept by accident is refused."""
    assert code("t | number", t=text) == "E302"


def test_number_keeps_written_decimals():
    """19.90 stays 19.90; digits without a point are whole."""
    assert str(value("t | number", t="19.90")) == "19.90"
    assert type(value("t | number", t="007")) is int
    assert value("t | number", t="-3.5") == Decimal("-3.5")
    assert code("t | number", t=True) == "E302"
