"""What does not compile, with the exact place under the caret."""

import pytest
from jinja2 import nodes

from bridge.mapping.expressions import (
    ExpressionError,
    compile_expression,
    compile_template,
)
from bridge.mapping.expressions.syntax import parse_bare
from bridge.model import Advice

BARE = [
    # source, code, what the caret is under, part of message or help
    ("event.amount | from_mintor(event.c)", "E202", "from_mintor", "from_minor"),
    ("event.a is  not  numbr", "E202", "numbr", "number"),
    ("event.a | tojson", "E202", "tojson", "json"),
    ("event.a | foo", "E202", "foo", "the helpers are clean_html, coalesce"),
    ("event.a = 5", "E201", "=", "compare with =="),
    ("event.a && event.b", "E201", "&&", "and"),
    ("event.a | | upper", "E201", "|", "helper's name"),
    ("(event.a", "E201", "a", "expected ')'"),
    ("event.a)", "E201", ")", "unexpected ')'"),
    ("event.a == 'x", "E201", "'", "close the quotes"),
    ("event.a ~ 'a\\d'", "E201", "\\", "unknown escape"),
    ("event.a event.b", "E201", "event", "should end here"),
    ("{{ event.a }}", "E201", "{{", "drop the delimiters"),
    ("1_000 + event.a", "E201", "1_000", "digits and one decimal point"),
    ("0x1F", "E201", "0x1F", "digits and one decimal point"),
    ("event.name.upper()", "E204", "event.name.upper()", "write event.name | upper"),
    ("1 + range(10)", "E204", "range(10)", "come after a bar"),
    ("event.a ** 2", "E204", "event.a ** 2", "multiply"),
    ("event.a[1:2:3]", "E204", "event.a[1:2:3]", "[start:stop]"),
    ("event.a['x':]", "E205", "'x'", "a whole number"),
    ("(event.a | number)[:2]", "E205", "(event.a | number)", "add | string"),
    ("event.a[-1]", "E204", "event.a[-1]", "last"),
    ("event.a in ('x', 'y')", "E204", "('x', 'y')", "['a', 'b']"),
    ("{event.a: 1}", "E204", "event.a", "text in quotes"),
    ("event.a | join(*event.b)", "E204", "join", "'*'"),
    ("event.a | round('2')", "E205", "'2'", "add | number"),
    ("event.a | round(2, 'half_up', 3)", "E205", "round", "round(places=0"),
    ("event.a | round(place=2)", "E205", "round", "round(places=0"),
    ("event.a | round(2, places=2)", "E205", "round", "round(places=0"),
    ("event.a | replace('x')", "E205", "replace", "replace(old, new)"),
    ("event.a | upper('x')", "E205", "upper", "takes no arguments"),
    ("event.a is number(5)", "E205", "event.a is number(5)", "takes no arguments"),
    ("event.a | coalesce", "E205", "coalesce", "coalesce(*others)"),
    ("event.a | round > 'x' | round", "E205", "'x'", "add | number"),
    ("'a' + event.b", "E205", "'a'", "needs a number"),
    ("not 'a'", "E205", "'a'", "needs true or false"),
    ("event.a and event.b | upper", "E205", "event.b | upper", "needs true or false"),
    ("'v' | lookup(event.t)", "E205", "event.t", "must be a literal text"),
    ("event.a | round(1, 'up ')", "E302", "'up '", "half_even"),
    ("event.a | replace('', 'x')", "E302", "''", "cannot be empty"),
    ("event.a | from_minor('us')", "E305", "'us'", "ISO 4217"),
    ("event.a | date('%Q')", "E306", "'%Q'", "%Y"),
    ("1e101", "E206", "1e101", "100 digits"),
    ("9" * 101, "E206", "9" * 101, "100 digits"),
]


@pytest.mark.parametrize(
    ("source", "code", "under", "says"),
    BARE,
    ids=lambda it: str(it)[:40],
)
def test_finding_has_its_place(source, code, under, says):
    """The code, the exact span, and what to write instead."""
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source)
    error = caught.value
    assert (error.code, source[error.start : error.end]) == (code, under)
    assert says in f"{error.message} {error.help}"
    assert error.source == source


@pytest.mark.parametrize(
    ("source", "code", "under", "says"),
    [
        ("{{ event.a", "E201", "a", "expected }}"),
        ("{{ }}", "E207", "{{", "nothing between"),
        ("{{ event.a, event.b }}", "E204", ",", "a comma"),
        ("{% if event.a %}x{% endif %}", "E204", "if", "x if … else y"),
        ("x {% for a in event.b %}{% endfor %}", "E204", "for", "join"),
        ("a\rb", "E201", None, "carriage return"),
        ("x {{ event.a }} {#", "E201", None, "end of comment"),
        ("{% raw %} {{ x }}", "E201", "{{", "end of raw"),
        ("a\n\n  {{ event.x }}{{- event.a | uper }}", "E202", "uper", "upper"),
    ],
)
def test_finding_in_a_template_has_its_place(source, code, under, says):
    """Offsets count through text, line breaks and stripped white space."""
    with pytest.raises(ExpressionError) as caught:
        compile_template(source)
    error = caught.value
    assert error.code == code
    assert under is None or source[error.start : error.end].startswith(under)
    assert says in f"{error.message} {error.help}"


@pytest.mark.parametrize(
    "block",
    [
        "{% set x = 1 %}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% block b %}{% endblock %}",
        "{% call f() %}{% endcall %}",
        "{% filter upper %}x{% endfilter %}",
        "{% with a = 1 %}{% endwith %}",
        "{% autoescape false %}{{ event.a }}{% endautoescape %}",
        "{% for a in event.b recursive %}{% endfor %}",
        "{% for omit in event.b %}{% endfor %}",
        "{% for a, a in event.b %}{% endfor %}",
    ],
)
def test_other_blocks_are_refused(block):
    """Only plain if and for are blocks here, whatever a field allows."""
    with pytest.raises(ExpressionError) as caught:
        compile_template(block, blocks=True, into="html")
    assert caught.value.code == "E204"


@pytest.mark.parametrize(
    "block", ["{% do x %}", "{% break %}", "{% endif %}", "{% if %}"]
)
def test_unknown_blocks_are_refused(block):
    """What Jinja does not know either is a finding too, and no exception of another kind."""
    with pytest.raises(ExpressionError, match="cannot read this"):
        compile_template(block, blocks=True)


@pytest.mark.parametrize("source", ["", "  ", "\n"])
def test_empty_is_a_finding(source):
    """Nothing is not an expression: a field that is not set is left out."""
    for compile_it in (compile_expression, compile_template):
        with pytest.raises(ExpressionError) as caught:
            compile_it(source)
        assert caught.value.code == "E207"


@pytest.mark.parametrize(
    ("source", "kind", "text"),
    [
        ("a or  b and c ", nodes.And, "b and c"),
        ("( a or b ) and c", nodes.Or, "( a or b )"),
        ("((a or b)) and c", nodes.Or, "((a or b))"),
        ("x and a < (b)", nodes.Compare, "a < (b)"),
        ("a and not  b.c", nodes.Not, "not  b.c"),
        ("a ~ b.c | upper ~ 'd'", nodes.Concat, "a ~ b.c | upper ~ 'd'"),
        ("1 + (a if b else c.d)", nodes.CondExpr, "(a if b else c.d)"),
        ("[a if b ]", nodes.CondExpr, "a if b"),
        ("a + b * -c | number", nodes.Mul, "b * -c | number"),
        ("(a.b[0]) | upper", nodes.Getitem, "(a.b[0])"),
        ("a is defined and b", nodes.Test, "a is defined"),
    ],
)
def test_every_part_knows_its_text(source, kind, text):
    """From its first character to its last, the outermost brackets around it included."""
    tree = parse_bare(source)
    assert tree.text(next(tree.body[0].find_all(kind), tree.body[0])) == text


PROPOSALS = {
    "'a' ~ event.b + 'c'": "'a' ~ event.b ~ 'c'",
    "event.a + '-x'": "event.a ~ '-x'",
    "event.a or 'x'": "event.a | default('x')",
    "event.a | first or 0": "event.a | first | default(0)",
    "event.t == 'a' or 'b'": "event.t in ['a', 'b']",
    "event.a is none": "event.a == none",
    "event['a b'] is not null": "event['a b'] != none",
    "event.a.b is empty": "event.a.b is not present",
    "(event.a | trim) is not blank": "(event.a | trim) is present",
    "event.a is undefined": "event.a is not defined",
    "event.a is true": "event.a == true",
    "len(event.a)": "event.a | length",
    "str(event.a)": "event.a | string",
    "int(event['a'])": "event['a'] | number",
    "event.a.strip()": "event.a | trim",
    "event.a.b.replace('a', 'b')": "event.a.b | replace('a', 'b')",
    "now()": "meta.received_at",
    "event.a + event.b + 'c'": "event.a ~ event.b ~ 'c'",
    "'no %s' % event.a": "'no ' ~ event.a",
    "'%s/%s' % (event.a, event.b)": "event.a ~ '/' ~ event.b",
    "event.a or event.b or 'x'": "event.a | coalesce(event.b, 'x')",
    "event.t == 'a' or 'b' or 'c'": "event.t in ['a', 'b', 'c']",
    "event.u == 1 or event.t == 'a' or 'b'": "event.u == 1 or event.t in ['a', 'b']",
    "event.t != 'a' and 'b'": "event.t not in ['a', 'b']",
    "event.a ? 'b' : 'c'": "'b' if event.a else 'c'",
    "event.a ? 'b' : event.c == ':' ? 1 : 2": "'b' if event.a else 1 if event.c == ':' else 2",
    "event.a ?? event.b ?? 'c'": "event.a | default(event.b) | default('c')",
    "event.a.lower().strip()": "event.a | lower | trim",
    "str(event.a + 1)": "(event.a + 1) | string",
    "event.a contains 'b'": "'b' in event.a",
    "[x.id for x in event.a]": "event.a | map('id')",
}


@pytest.mark.parametrize("source", PROPOSALS)
def test_what_is_proposed_can_be_written(source):
    """The help has the text to write, which makes of the whole an expression."""
    with pytest.raises(ExpressionError) as raised:
        compile_expression(source)
    [text], span = raised.value.help.instead, raised.value.help.span
    start, end = span or (raised.value.start, raised.value.end)
    assert f"{source[:start]}{text}{source[end:]}" == PROPOSALS[source]
    assert text.strip() in raised.value.help
    compile_expression(PROPOSALS[source])


NOT_PROPOSED = {
    "event.a + 'x' - 1": "join text with ~",
    "'%.2f' % event.a": "join text with ~",
    "event.a | lenght(3)": "the nearest is 'length'",
    "event.a ? 'b'": "choose with: x if condition else y",
    "[x for x in event.a if x.b]": "make a list of another with | map(path), | select(path) or | where(path, value)",
}


@pytest.mark.parametrize("source", NOT_PROPOSED)
def test_what_would_not_compile_is_not_proposed(source):
    """A text that does not mend what is wrong is advice without a text to write."""
    with pytest.raises(ExpressionError) as raised:
        compile_expression(source)
    assert raised.value.help == NOT_PROPOSED[source]
    assert not isinstance(raised.value.help, Advice)


def test_another_mistake_elsewhere_hides_no_proposal():
    """Two mistakes apart from each other are told one after the other, each with its text."""
    with pytest.raises(ExpressionError, match="trm") as raised:
        compile_expression("event.a | uper | trm")
    assert raised.value.help == "did you mean 'trim'?"


@pytest.mark.parametrize(
    ("source", "end"),
    [
        ("{% if event.a == 1 %}x", "{% endif %}"),
        ("{% for x in event.a %}{% if x == 1 %}y{% endif %}", "{% endfor %}"),
        ("{{ event.a | upper", "}}"),
    ],
)
def test_what_is_not_closed_is_told(source, end):
    """A block or brace that is left open is told by its end, which then makes the text whole."""
    with pytest.raises(ExpressionError) as raised:
        compile_template(source, blocks=True)
    assert raised.value.help == f"close it with {end}"
    compile_template(source + end, blocks=True)


@pytest.mark.parametrize(
    "source", ["event.a is prime", "foo(event.a)", "event.a.foo()"]
)
def test_nothing_is_proposed_that_is_not_there(source):
    """A test or function that the language has no other word for gets no guess."""
    with pytest.raises(ExpressionError) as raised:
        compile_expression(source)
    assert "write" not in raised.value.help
    assert "did you mean" not in raised.value.help
