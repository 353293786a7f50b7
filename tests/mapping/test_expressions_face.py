"""What the rest of the rule language builds on: what an expression reads, explains and needs."""

from pathlib import Path

import pytest

from bridge.mapping.expressions import (
    CODES,
    ExpressionError,
    Lazy,
    Missing,
    Scope,
    check_names,
    compile_expression,
    compile_template,
)


def test_paths_are_all_that_is_read():
    """Every written-out path, in order, an index as its digits; a computed key ends a path."""
    source = "event.lines[0].id ~ (event['odd key'] | default(headers.x)) ~ event.map[event.key].deep"
    expression = compile_expression(source)
    assert expression.paths == (
        ("event", "lines", "0", "id"),
        ("event", "odd key"),
        ("headers", "x"),
        ("event", "map"),
        ("event", "key"),
    )
    assert expression.names == {"event", "headers"}
    assert expression.helpers == {"default"}


@pytest.mark.parametrize(
    ("source", "optional"),
    [
        ("event.a | default(event.b)", ["a"]),
        ("event.a | coalesce(event.b, event.c)", ["a", "b"]),
        ("event.a | coalesce(event.b, event.c) | default(1)", ["a", "b", "c"]),
        ("event.a is defined and event.b > 0", ["a"]),
        ("event.a is present", ["a"]),
        ("event.a | upper | trim | default('x')", ["a"]),
        ("event.a | from_minor(event.b) | default(1)", ["a"]),
        ("event.a ~ event.b", []),
        ("event.a if event.a is defined else event.b", ["a"]),
    ],
)
def test_optional_paths_are_those_asked_for(source, optional):
    """A path whose absence is provided for is not worth a warning."""
    paths = compile_expression(source).optional_paths
    assert sorted(path[1] for path in paths) == optional


def test_names_are_the_free_ones():
    """omit belongs to the language, and a loop's name to its loop."""
    source = "{% for line in inv.lines %}{{ line.id }}{{ x }}{% endfor %}{{ y | default('') }}"
    assert compile_template(source, blocks=True).names == {"inv", "x", "y"}
    assert compile_template("{{ a | default(omit) }}").names == {"a"}


def test_unknown_names_are_findings_with_a_guess():
    """One finding per name, at its first use, with the valid choices."""
    expression = compile_expression("(evnt.a) > evnt.b and zzz")
    first, second = check_names(expression, {"event", "headers", "meta"})
    assert (first.code, first.start, first.end) == ("E203", 1, 5)
    assert first.help == "did you mean 'event'? The names here are event, headers, meta"
    assert (second.start, second.end) == (22, 25)
    assert second.help == "the names here are event, headers, meta"
    assert check_names(compile_expression("event.a"), {"event"}) == []


@pytest.mark.parametrize(
    ("source", "looked_at"),
    [
        ("event.a > 0", {"event.a": 5}),
        ("event.a > 9 and event.b == 'x'", {"event.a": 5, "event.b": None}),
        (
            "not (event.a == 5 or event.c is defined)",
            {"event.a": 5, "event.c": Missing},
        ),
        ("(event.a * 2) < event.d", {"(event.a * 2)": 10, "event.d": 7}),
        ("event.t | lower in ['x', 'y']", {"event.t | lower": "x"}),
        ("event.yes", {"event.yes": True}),
        ("event.a > 1 and event.b + 1 > 2", {"event.a": 5}),
    ],
)
def test_explain_shows_what_was_compared(source, looked_at):
    """Each operand as it is written, with its value; one that fails is left out."""
    event = {"a": 5, "b": None, "d": 7, "t": "X", "yes": True}
    scope = Scope(names={"event": event})
    shown = dict(compile_expression(source).explain(scope))
    assert {
        text: Missing if isinstance(value, Missing) else value
        for text, value in shown.items()
    } == looked_at


def test_explain_survives_names_that_raise():
    """What a condition never reached may fail in ways of its own."""

    def fail():
        raise LookupError

    scope = Scope(names={"a": True, "b": Lazy(fail)})
    assert compile_expression("a or b").explain(scope) == (("a", True),)


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("event.a > 1", {bool}),
        ("not event.a", {bool}),
        ("event.a is defined", {bool}),
        ("event.a ~ 'x'", {str}),
        ("event.a | split(',')", {list}),
        ("'x' if event.a > 1 else true", {str, bool}),
        ("5", {int}),
    ],
)
def test_kinds_are_known_where_they_are(source, kinds):
    """A `when` that can never be true or false is found before it runs."""
    assert compile_expression(source).gives == kinds


def test_unknown_kinds_are_any():
    """A path may give anything."""
    gives = compile_expression("event.a").gives
    assert {bool, str, int, list, dict} < gives


def test_expressions_keep_no_state():
    """One compiled expression serves all events."""
    expression = compile_expression("event.a + 1")
    given = [expression.evaluate(Scope(names={"event": {"a": n}})) for n in (1, 2, 1)]
    assert given == [2, 3, 2]


@pytest.mark.parametrize("code", ["E201", "E202", "E204", "E205"])
def test_wrong_examples_are_wrong_and_right_ones_right(code):
    """The examples of `bridge explain` do what they claim."""
    with pytest.raises(ExpressionError) as caught:
        compile_expression(CODES[code].wrong)
    assert caught.value.code == code
    assert compile_expression(CODES[code].right).source == CODES[code].right


@pytest.mark.parametrize("name", ["null", "nil"])
def test_null_of_other_languages_is_told(name):
    """The help says how it is written here, even where a name is like it."""
    [error] = check_names(compile_expression(f"event.a == {name}"), {"event", "nulls"})
    assert error.code == "E203" and error.help.startswith("write none for null. ")


def test_nothing_of_jinja_runs():
    """Jinja's lexer, parser and nodes are used; its compiler, runtime and sandbox are not even imported."""
    from bridge.mapping import expressions

    for file in Path(expressions.__file__).parent.glob("*.py"):
        imports = [line for line in file.read_text().splitlines() if "jinja2" in line]
        for line in imports:
            assert line.startswith(
                (
                    "from jinja2 import TemplateSyntaxError",
                    "from jinja2 import Environment, TemplateSyntaxError, nodes",
                    "from jinja2 import nodes",
                    "from jinja2.lexer import",
                    "from jinja2.parser import Parser",
                )
            ), line
