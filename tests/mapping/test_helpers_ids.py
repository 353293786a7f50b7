"""Identifiers: one canonical form or a refusal."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.expressions import ExpressionError, Scope, compile_expression
from bridge.mapping.functions.ids import REGIONS


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


@pytest.mark.parametrize(
    ("number", "country", "e164"),
    [
        ("56912345678", "CL", "+56912345678"),
        ("56 9 1234-5678", "CL", "+56912345678"),
        (56912345678, "CL", "+56912345678"),
        ("0056912345678", "CL", "+56912345678"),
        ("5511900000000", "BR", "+5511900000000"),
        ("011 44 7000 000000", "US", "+447000000000"),
        ("04915123456789", "DE", "+494915123456789"),
    ],
)
def test_e164_keeps_what_begins_with_its_country_s_code(number, country, e164):
    """Without the + as with it, although nobody is known to have the number: as long as one who has it, it can be."""
    assert value("n | e164(c)", n=number, c=country) == e164


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("912345678", "CL"),  # a national number that nobody is known to have
        ("5691234567", "CL"),  # a digit is missing
        ("569123456789", "CL"),  # one is too many
        (
            "8412345678",
            "VN",
        ),  # a national number with one digit too many begins with the code of its country
        ("5512345678", "BR"),  # so does the area code 55
        ("56912345678", None),  # the code of which country?
        ("56912345678", "AR"),
        ("+12530000", None),  # as long as what is dialled within a town
        ("+569123", "CL"),
        ("4915123456789", "DE"),  # a mobile number, or one of an area 4915
    ],
)
def test_e164_takes_no_national_number_for_an_international_one(number, country):
    """What is not as long as a number with its country's code is only taken where it is known to be in use, and what
    may be either is refused."""
    assert code(f"n | e164{country and '(c)' or ''}", n=number, c=country) == "E309"


def test_e164_of_every_country_s_own_numbers():
    """With or without the code of its country, each example is the same number, and never another one."""
    kinds = phonenumbers.PhoneNumberType
    scope_of = compile_expression("n | e164(c)").evaluate
    for region in sorted(REGIONS):
        for kind in (kinds.MOBILE, kinds.FIXED_LINE):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is None:
                continue
            own = phonenumbers.national_significant_number(number)
            whole = f"+{number.country_code}{own}"
            for text in (own, whole, whole[1:]):
                names = {"n": text, "c": region}
                try:
                    found = scope_of(Scope(names=names))
                except ExpressionError:
                    assert text == whole[1:], (region, text)
                else:
                    assert found == whole, (region, text)


@given(
    region=st.sampled_from(sorted(REGIONS)),
    rest=st.text("0123456789", min_size=3, max_size=12),
)
def test_a_valid_national_number_is_read_as_one(region, rest):
    """Also where it begins with the digits of its country's code; any other text is that number, or none."""
    country = phonenumbers.country_code_for_region(region)
    digits = f"{country}{rest}"
    national = phonenumbers.PhoneNumber(
        country_code=country, national_number=int(digits)
    )
    try:
        found = value("n | e164(c)", n=digits, c=region)
    except ExpressionError:
        found = ""
    if phonenumbers.is_valid_number_for_region(national, region):
        whole = phonenumbers.parse(f"+{digits}")
        assert found == f"+{country}{digits}" or (
            not found and phonenumbers.is_valid_number(whole)
        )
    elif found != f"+{digits}" and found:
        assert phonenumbers.is_valid_number(phonenumbers.parse(found))


def test_help_for_a_number_fits_what_is_known_of_it():
    """It never says to name a country that is named, or that the number names itself."""
    for text, asked, wanted in (
        ("912345678", "e164", "add its country"),
        ("912345678", "e164('CL')", "write it with + and the country code"),
        ("+551187654321000", "e164", ""),
    ):
        with pytest.raises(ExpressionError) as caught:
            value(f"n | {asked}", n=text)
        assert wanted in caught.value.help and bool(caught.value.help) == bool(wanted)


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
