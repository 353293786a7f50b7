"""Templates: one insertion keeps its type, anything around it makes text, HTML is always escaped."""

import html
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.expressions import (
    OMIT,
    ExpressionError,
    Scope,
    compile_template,
)


def render(source, names=None, **options):
    return compile_template(source, **options).evaluate(Scope(names=names or {}))


def error(source, names=None, **options):
    with pytest.raises(ExpressionError) as caught:
        render(source, names, **options)
    return caught.value


@pytest.mark.parametrize(
    "thing", [5, Decimal("19.90"), True, None, [1], {"a": 1}, "text", "", OMIT]
)
def test_one_insertion_keeps_its_type(thing):
    """The value itself arrives, not a copy and not its text."""
    for source in ("{{ x }}", "{{x}}", "{# why #}{{ x }}", "{{ x if true else 0 }}"):
        assert render(source, {"x": thing}) is thing


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (" {{ x }}", " 19.90"),
        ("{{ x }}\n", "19.90\n"),
        ("{{ x }}{{ y }}", "19.90a"),
        ("plain", "plain"),
        ("{{ '{{' }} {% raw %}{{ x }}{% endraw %}", "{{ {{ x }}"),
        ("a {{- y -}} b", "aab"),
    ],
)
def test_anything_around_makes_text(source, text):
    """White space counts as something around; only {{- removes it."""
    assert render(source, {"x": Decimal("19.90"), "y": "a"}) == text


@pytest.mark.parametrize(
    ("thing", "code"),
    [(None, "E307"), (True, "E302"), ([1], "E302"), ({}, "E302"), (OMIT, "E302")],
)
def test_text_takes_text_and_numbers(thing, code):
    """What has no plain text form is refused where it is inserted, with its place."""
    caught = error("Paid: {{ x }}.", {"x": thing})
    assert (caught.code, caught.start, caught.end) == (code, 9, 10)
    assert error("Paid: {{ y }}.", {"x": thing}).code == "E301"


@given(st.text())
def test_text_arrives_unchanged(text):
    """Whatever a sender writes reaches the wire as it is."""
    assert render("{{ event.x }}", {"event": {"x": text}}) == text
    assert render("<{{ event.x }}>", {"event": {"x": text}}) == f"<{text}>"


@given(st.text())
def test_html_is_escaped_exactly_once(text):
    """Alone, inside text, and with | html alike."""
    names = {"x": text}
    escaped = html.escape(text)
    assert render("{{ x }}", names, into="html") == escaped
    assert render("{{ x | html }}", names, into="html") == escaped
    assert render("<p>{{ x | html }}</p>", names, into="html") == f"<p>{escaped}</p>"
    source = "{% if true %}{{ x }}{% endif %}"
    assert render(source, names, into="html", blocks=True) == escaped


def test_nothing_turns_escaping_off():
    """No helper gives text that is trusted; a literal is inserted like any other value."""
    names = {"x": "<b>", "l": ["<i>"]}
    for source in (
        "{{ x | string }}",
        "{{ x | html | lower }}",
        "{{ x | strip_tags ~ x }}",
        "{{ '<b>' }}",
        "{{ l | join }}",
        "{{ (x | html) ~ x }}",
        "{{ x if true else '' }}",
    ):
        assert "<" not in render(source, names, into="html")
    assert error("{{ l }}", names, into="html").code == "E302"
    assert render("{{ n }}", {"n": 5}, into="html") == 5


def test_blocks_choose_and_repeat():
    """if, elif, else, for with a condition, pairs and an else branch."""
    names = {
        "n": 2,
        "rows": [{"id": 1, "ok": True}, {"id": 2, "ok": False}],
        "no": [],
    }
    branches = "{% if n == 1 %}a{% elif n == 2 %}b{% else %}c{% endif %}"
    assert render(branches, names, blocks=True) == "b"
    loop = "{% for r in rows if r.ok %}<{{ r.id }}>{% endfor %}"
    assert render(loop, names, blocks=True) == "<1>"
    pairs = "{% for k, v in rows[0] | items if k == 'id' %}{{ k }}={{ v }}{% endfor %}"
    assert render(pairs, names, blocks=True) == "id=1"
    empty = "{% for r in no %}x{% else %}nothing{% endfor %}"
    assert render(empty, names, blocks=True) == "nothing"


def test_loop_names_are_local():
    """A loop's name is not free, shadows an outer one, and ends with the loop."""
    source = (
        "{% for n in l %}{{ n }}{% for n in m %}{{ n }}{% endfor %}{% endfor %}{{ n }}"
    )
    template = compile_template(source, blocks=True)
    assert template.names == {"l", "m", "n"}
    scope = Scope(names={"l": [1, 2], "m": [3], "n": 9})
    assert template.evaluate(scope) == "13239"


def test_loop_condition_must_be_boolean():
    """Blocks know no truthiness either, and loop over lists only."""
    names = {"l": [1], "m": {"a": 1}}
    assert error("{% for x in l if x %}{% endfor %}", names, blocks=True).code == "E302"
    assert error("{% if l %}{% endif %}", names, blocks=True).code == "E302"
    caught = error("{% for x in m %}{% endfor %}", names, blocks=True)
    assert caught.code == "E302" and "items" in caught.help
    assert error("{% for a, b in l %}{% endfor %}", names, blocks=True).code == "E302"
    assert error("{% for a in x %}{% endfor %}", names, blocks=True).code == "E301"
