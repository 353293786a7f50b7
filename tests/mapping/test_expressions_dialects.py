"""Helpers, tests and methods as other languages call them: what is proposed is what to write here."""

import pytest

from bridge.mapping.expressions import ExpressionError, compile_expression, dialects
from bridge.mapping.functions import FILTERS, TESTS


def proposed(source):
    """The expression with the proposal put in."""
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source)
    error = caught.value
    start, end = error.help.span or (error.start, error.end)
    [text] = error.help.instead
    return f"{source[:start]}{text}{source[end:]}"


@pytest.mark.parametrize(
    ("source", "right"),
    [
        ("event.a | startswith('x')", "event.a is startswith('x')"),
        (
            "event.a.startsWith('x') and event.b",
            "event.a is startswith('x') and event.b",
        ),
        ("event.a.trim().endswith('x')", "event.a | trim is endswith('x')"),
        ("not event.a | starts_with('x')", "not event.a is startswith('x')"),
        ("event.a is not starts_with('x')", "not event.a is startswith('x')"),
        ("event.a | regex_match('x+')", "event.a is match('x+')"),
        ("event.a | regex_search('x+')", "event.a | search('x+')"),
        ("event.a is regex('x+')", "event.a is search('x+')"),
        ("event.a.includes('x')", "'x' in event.a"),
        ("event.a is not contains('x')", "not 'x' in event.a"),
        ("event.a is in ['x', 'y']", "event.a in ['x', 'y']"),
        ("event.a.substring(0, 4)", "event.a[0:4]"),
        ("event.a.slice(0, 2).toUpperCase()", "event.a[0:2] | upper"),
        ("event.a | substr(2, 4) | upper", "event.a[2:2 + 4] | upper"),
        ("event.a | trim | left(3)", "(event.a | trim)[:3]"),
        ("right(event.card, 4)", "event.card[-4:]"),
        ("event.a | strptime('%d/%m/%Y')", "event.a | parse_date('%d/%m/%Y')"),
        ("event.a | date_diff(event.b, 'hours')", "event.a | diff(event.b, 'hours')"),
        ("event.a | timestamp", "event.a | epoch"),
        ("event.a | day_of_week == 1", "event.a | weekday == 1"),
        ("event.a | year == 2026", "event.a | datetime('%Y') | number == 2026"),
        ("event.a | thousands", "event.a | format_number"),
        (
            "event.a | number_format(2, ',', '.')",
            "event.a | round(2) | format_number(',', '.')",
        ),
        ("event.a | items2dict", "event.a | to_mapping('key', 'value')"),
        ("event.a | key_by('id')", "event.a | to_mapping('id')"),
        ("event.a | selectattr('s', 'equalto', 1)", "event.a | where('s', 1)"),
        ("event.a | striptags", "event.a | strip_tags"),
        ("event.a | safe", "event.a | clean_html"),
        ("event.a | append('x')", "event.a ~ 'x'"),
        ("event.a | append('x') | upper", "(event.a ~ 'x') | upper"),
        ("2 * event.a | add(1)", "2 * (event.a + 1)"),
        ("event.a.concat('x') | upper", "(event.a ~ 'x') | upper"),
        ("event.a is divisibleby(3)", "event.a % 3 == 0"),
        ("event.a | ternary('x', 'y')", "'x' if event.a else 'y'"),
    ],
)
def test_name_of_another_language_says_what_to_write(source, right):
    """The proposal, put in where it belongs, is the expression of this language."""
    assert proposed(source) == right


@pytest.mark.parametrize(
    "source",
    [
        "event.a | groupby('x')",
        "re.match('a', event.a)",
        "event.a | left",
        "event.a | truncate_words",
    ],
)
def test_what_has_no_counterpart_proposes_no_text_that_fails(source):
    """Where nothing says the same, no text is made up."""
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source)
    if getattr(caught.value.help, "instead", ()):
        compile_expression(proposed(source))


def test_names_lead_to_what_there_is():
    """Each name leads to a helper that exists, and none is one itself; each text compiles."""
    for other, name in dialects._RENAMED.items():
        assert name in FILTERS and other not in FILTERS
        assert dialects.renamed(other.upper()) == name
    for (other, count), text in dialects._SAID.items():
        assert other not in FILTERS or other in TESTS
        arguments = ["1"] * count if "[" in text or "%" in text else ["'a'"] * count
        try:
            compile_expression(dialects.said(other, "event.a", arguments))
        except ExpressionError as error:
            assert error.code == "E205", text  # arithmetic with text
