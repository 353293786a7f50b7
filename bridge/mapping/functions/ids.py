"""Helpers for identifiers: each gives one canonical form, or refuses with E309. Never guesses a missing part."""

import re
from typing import TYPE_CHECKING, Annotated, Final

from bridge.mapping.functions.catalogue import Example, helper
from bridge.mapping.values.limits import check_text
from bridge.mapping.values.scope import Scope
from bridge.mapping.values.value import ExpressionError

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

# The regions that have telephone numbers of their own, as phonenumbers has them: its own list comes with metadata that
# takes long to import.
REGIONS: Final = frozenset("""
    AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN
    BO BQ BR BS BT BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE
    DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM
    GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE
    KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH
    MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ
    OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI
    SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT TV TW
    TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
    """.split())
UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?P<domain>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63})"
)
_LONGEST_EMAIL = 254
_LONGEST_PHONE = 60  # characters
_PHONE = re.compile(r"\+?[0-9()./ \u00a0\u2010-\u2015-]{3,40}")
_SIGNS = re.compile(r"[^+0-9]")
_MEXICO = re.compile(r"\+521([0-9]{10})")
_BRAZIL = re.compile(r"\+55([1-9][0-9])([6-9][0-9]{7})")
_NO_DIGITS = bytes(set(range(128)) - set(b"0123456789"))


def known_country(country: str) -> str:
    """The code in upper case. Raises E309 for a region without a telephone numbering plan."""
    if country.upper() not in REGIONS:
        raise ExpressionError(
            "E309", "unknown country", help="write its two letters, such as 'CL'"
        )
    return country.upper()


Country = Annotated[str, known_country]


@helper(
    "ids",
    errors=("E309",),
    examples=(
        Example(
            "'A1B2C3D4-E5F6-7890-ABCD-EF1234567890' | uuid",
            {},
            "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
        ),
        Example(
            "event.id | uuid",
            {"event": {"id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890"}},
            "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
        ),
    ),
)
def uuid(value: str) -> str:
    """A UUID in its canonical form: five groups of hexadecimal digits in lower case."""
    if not UUID.fullmatch(value):
        raise ExpressionError(
            "E309",
            "this is not a UUID",
            help="a UUID has 8-4-4-4-12 hexadecimal digits",
        )
    return value.lower()


@helper(
    "ids",
    steps=80,
    errors=("E309",),
    examples=(
        Example("'9 8765 4321' | e164('CL')", {}, "+56987654321"),
        Example(
            "event.phone | e164", {"event": {"phone": "+56987654321"}}, "+56987654321"
        ),
    ),
)
def e164(scope: Scope, value: str | int, country: Country | None = None) -> str:
    """A telephone number as + and digits. A number that does not begin with its own +code is one of `country`, else of
    the `country` of the rule's connection; it may begin with the code of that country without the +.
    """
    import phonenumbers  # its metadata is heavy

    named = country or scope.country
    region = known_country(named) if named else None
    text = str(value).strip() if len(str(value)) <= _LONGEST_PHONE else ""
    text = _modern(text, region)
    try:
        parsed = phonenumbers.parse(text, region) if _PHONE.fullmatch(text) else None
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or not _takes(parsed, text):
        raise ExpressionError(
            "E309", "this is not a valid telephone number", help=_help(text, region)
        )
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _takes(number: "PhoneNumber", text: str) -> bool:
    """Whether a number can be dialled. What is known to be in use lags behind, so one that has its country's code is
    taken where it can be one; without a + only where it is as long as a subscriber's, as no national number is then.
    """
    import phonenumbers

    kinds = phonenumbers.PhoneNumberType
    own = phonenumbers.national_significant_number(number)
    digits = _SIGNS.sub("", text)
    if text.startswith("+"):
        return _possible(number, kinds.UNKNOWN)
    if digits.endswith(f"{number.country_code}{own}"):
        return _possible(number, kinds.MOBILE) or _possible(number, kinds.FIXED_LINE)
    if not phonenumbers.is_valid_number(number):
        return False
    return digits != own or not _begins_with_its_code(number, own)


def _possible(number: "PhoneNumber", kind: int) -> bool:
    """Whether a number is as long as one of this kind, its area code included."""
    import phonenumbers

    found = phonenumbers.is_possible_number_for_type_with_reason(number, kind)
    return bool(found == phonenumbers.ValidationResult.IS_POSSIBLE)


def _begins_with_its_code(number: "PhoneNumber", own: str) -> bool:
    """Whether a national number is also valid as one that begins with its country's code: nobody knows which it is."""
    import phonenumbers

    code = str(number.country_code)
    if not own.startswith(code):
        return False
    other = phonenumbers.PhoneNumber(
        country_code=number.country_code, national_number=int(own[len(code) :] or 0)
    )
    return bool(phonenumbers.is_valid_number(other))


def _help(text: str, region: str | None) -> str:
    if text.startswith("+"):
        return ""
    if region:
        return "write it with + and the country code"
    return "add its country: | e164('CL')"


def _modern(text: str, region: str | None) -> str:
    """WhatsApp's old forms as they are dialled today: Mexico without its 1, Brazil with the 9 of mobile numbers.

    WhatsApp writes them without the +, which counts where the country is named.
    """
    plain = _SIGNS.sub("", text)
    whole = plain if plain.startswith("+") else f"+{plain}"
    if (whole == plain or region == "MX") and (found := _MEXICO.fullmatch(whole)):
        return f"+52{found[1]}"
    if (whole == plain or region == "BR") and (found := _BRAZIL.fullmatch(whole)):
        return f"+55{found[1]}9{found[2]}"
    return text


@helper(
    "ids",
    steps=10,
    errors=("E309",),
    examples=(
        Example("' Ana@Example.COM ' | email", {}, "Ana@example.com"),
        Example("event.mail | email", {"event": {"mail": "a@b.cl"}}, "a@b.cl"),
    ),
)
def email(value: str) -> str:
    """An e-mail address without spaces around it and with its domain in lower case."""
    address = value.strip()
    found = _EMAIL.fullmatch(address) if len(address) <= _LONGEST_EMAIL else None
    if found is None:
        raise ExpressionError("E309", "this is not an e-mail address")
    return address[: found.start("domain")] + found["domain"].lower()


@helper(
    "ids",
    steps=2,
    errors=("E303",),
    examples=(
        Example("'12.345.678-9' | digits", {}, "123456789"),
        Example("event.ref | digits", {"event": {"ref": "INV-007"}}, "007"),
    ),
)
def digits(value: str | int) -> str:
    """The digits 0 to 9 of a text, in order; still text, so leading zeros stay."""
    if isinstance(value, str):
        check_text(len(value))
    return str(value).encode("ascii", "ignore").translate(None, _NO_DIGITS).decode()
