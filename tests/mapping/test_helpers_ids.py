"""Identifiers: one canonical form or a refusal."""

import phonenumbers
import pytest

from bridge.mapping.expressions import ExpressionError, Scope, compile_expression
from bridge.mapping.helpers.regions import REGIONS


def value(source, **names):
    return compile_expression(source).evaluate(Scope(names=names))


def code(source, **names):
    with pytest.raises(ExpressionError) as caught:
        value(source, **names)
    return caught.value.code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a1b2c3d4e5f67890abcdef1234567890",
        "{a1b2c3d4-e5f6-7890-abcd-ef1234567890}",
        "a1b2c3d4-e5f6-7890-abcd-ef123456789",
        "a1b2c3d4-e5f6-7890-abcd-ef1234567890\n",
        "g1b2c3d4-e5f6-7890-abcd-ef1234567890",
    ],
)
def test_uuid_takes_one_form(text):
    """What other readers accept as a UUID is refused here, and is not one for the test either."""
    assert code("t | uuid", t=text) == "E309"
    assert value("t is uuid", t=text) is False


@pytest.mark.parametrize(
    ("number", "country", "e164"),
    [
        ("9 8765 4321", "CL", "+56987654321"),
        ("(11) 98765-4321", "br", "+5511987654321"),
        ("+84 91 234 56 78", "CL", "+84912345678"),
        (987654321, "CL", "+56987654321"),
    ],
)
def test_e164_reads_national_numbers(number, country, e164):
    """The country says how a number without its code is read; one with a code needs none."""
    assert value("n | e164(c)", n=number, c=country) == e164


@pytest.mark.parametrize(
    "number", ["987654321", "12", "", "abc", "+999123", "+56" + "9" * 300]
)
def test_e164_refuses_what_is_no_number(number):
    """Without a country a national number is not guessed at."""
    assert code("n | e164", n=number) == "E309"


def test_unknown_country_literal_is_found_while_compiling():
    """A misspelt country is a finding of check."""
    with pytest.raises(ExpressionError, match="unknown country"):
        compile_expression("event.n | e164('XX')")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@b",
        "a b@c.de",
        "a@b..de",
        "a@-b.de",
        "é@b.de",
        "a@" + "b." * 200 + "de",
    ],
)
def test_email_refuses_what_is_no_address(text):
    """Only addresses that any system takes pass."""
    assert code("t | email", t=text) == "E309"


def test_digits_keeps_ascii_digits():
    """Digits of other scripts are not digits to the vendor."""
    assert value("t | digits", t="+56 (9) ٣ 007") == "569007"


def test_regions_are_those_that_phones_are_read_for():
    """Our own list, made to be quick to import, names just the regions that phonenumbers knows."""
    assert REGIONS == phonenumbers.SUPPORTED_REGIONS
