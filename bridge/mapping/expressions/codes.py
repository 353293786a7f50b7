"""What each code of an expression error means, with a wrong and a right example. Read by `bridge explain`."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """One code, explained. `wrong` and `right` are expressions or templates as one writes them."""

    title: str
    cause: str
    wrong: str
    right: str


CODES: Final[dict[str, Explanation]] = {
    "E201": Explanation(
        title="the expression cannot be read",
        cause="Brackets, quotes, operators or delimiters do not match.",
        wrong="event.amount = 5",
        right="event.amount == 5",
    ),
    "E202": Explanation(
        title="unknown helper or test",
        cause="Only the helpers of the catalogue can follow `|`, and only its tests can follow `is`.",
        wrong="event.amount | from_mintor('usd')",
        right="event.amount | from_minor('usd')",
    ),
    "E203": Explanation(
        title="unknown name",
        cause="An expression sees event, headers, meta, omit, the names of let and the name of for_each.",
        wrong="evnt.data.id",
        right="event.data.id",
    ),
    "E204": Explanation(
        title="not allowed here",
        cause="Expressions have paths, operators, helpers and tests. Calls, powers and most blocks do not exist.",
        wrong="event.name.upper()",
        right="event.name | upper",
    ),
    "E205": Explanation(
        title="wrong arguments or kinds",
        cause="A helper has wrong arguments, or an operator can never get the kind of value that it needs.",
        wrong="event.amount | round('2')",
        right="event.amount | round(2)",
    ),
    "E206": Explanation(
        title="too large or too deep",
        cause="An expression has at most 500 parts in 20 levels, and a number at most 100 digits.",
        wrong="not not not not not not not not not not not not not not not not not not not not event.paid",
        right="not event.paid",
    ),
    "E207": Explanation(
        title="empty expression",
        cause="There is nothing to evaluate. A field that is not set is left out of the file.",
        wrong='comment: "{{ }}"',
        right='comment: "{{ event.note }}"',
    ),
    "E301": Explanation(
        title="missing value",
        cause="The path does not exist in this event. The message says how far it exists, and which keys are there.",
        wrong="event.data.note",
        right="event.data.note | default(omit)",
    ),
    "E302": Explanation(
        title="wrong kind of value",
        cause="Nothing is converted silently: text is not a number, and only true and false are conditions.",
        wrong='event.count > 5   # where count is "7"',
        right="(event.count | number) > 5",
    ),
    "E303": Explanation(
        title="limit exceeded",
        cause="A number over 100 digits, a text over 65,536 characters, a list over 10,000 items, or too much work.",
        wrong="event.log | upper",
        right="event.log | truncate(1000) | upper",
    ),
    "E304": Explanation(
        title="not in the table",
        cause="The table has no row for this key and no row `_` for all others, or the table does not exist.",
        wrong="substatus: { 1: PS, 2: PS }",
        right="substatus: { 1: PS, 2: PS, _: ES }",
    ),
    "E305": Explanation(
        title="unknown currency",
        cause="Neither ISO 4217 nor the provider says how many decimals this currency has.",
        wrong="event.amount | from_minor('dollar')",
        right="event.amount | from_minor('usd')",
    ),
    "E306": Explanation(
        title="not a time, format or zone",
        cause="A time is epoch seconds or milliseconds or RFC 3339 text; without an offset it needs a zone.",
        wrong="'2024-05-03 10:00' | parse_date",
        right="'2024-05-03 10:00' | parse_date(tz='America/Santiago')",
    ),
    "E307": Explanation(
        title="null where a value is needed",
        cause="The path exists and holds null.",
        wrong="'Note: ' ~ event.note",
        right="'Note: ' ~ (event.note | default('none'))",
    ),
    "E308": Explanation(
        title="not exact",
        cause="Numbers are exact: only / and round may round, and an amount has no more decimals than its currency.",
        wrong="19.999 | to_minor('usd')",
        right="19.999 | round(2) | to_minor('usd')",
    ),
    "E309": Explanation(
        title="not a telephone number, e-mail address, UUID or country",
        cause="The text does not have the form that the helper makes canonical.",
        wrong="'987654321' | e164",
        right="'987654321' | e164('CL')",
    ),
    "E310": Explanation(
        title="defined by itself",
        cause="The value of a name in let refers to that name.",
        wrong='let: { a: "{{ b }}", b: "{{ a }}" }',
        right='let: { a: "{{ event.a }}", b: "{{ a }}" }',
    ),
    "E311": Explanation(
        title="not a pattern",
        cause="Patterns are regular expressions without backreferences or look-around, of at most 200 characters.",
        wrong="event.ref is match('INV-[0-9')",
        right="event.ref is match('INV-[0-9]+')",
    ),
}
