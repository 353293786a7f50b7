"""Text helpers: exact, and bounded before they make anything."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.expressions import ExpressionError, Scope, compile_expression


def value(source, **names):
    return compile_expression(source).evaluate(Scope(names=names))


def code(source, **names):
    with pytest.raises(ExpressionError) as caught:
        value(source, **names)
    return caught.value.code


def test_split_keeps_positions():
    """An empty part stays, so that the second column is always the second part."""
    assert value("t | split(',')", t="a,, b ,") == ["a", "", "b", ""]
    assert value("t | split(',')", t="  ") == []


def test_empty_separators_are_refused():
    """The empty text is found everywhere: replacing it makes megabytes out of nothing."""
    assert code("t | replace(o, 'x')", t="abc", o="") == "E302"
    assert code("t | split(o)", t="abc", o="") == "E302"


@pytest.mark.parametrize("item", [None, True, [1], {"a": 1}])
def test_join_takes_text_and_numbers(item):
    """A list inside a list has no one text form."""
    assert code("l | join(',')", l=["a", item]) in ("E302", "E307")


def test_truncate_counts_its_mark():
    """The result is never longer than asked for."""
    assert value("t | truncate(5)", t="123456") == "1234…"
    assert value("t | truncate(5)", t="12345") == "12345"
    assert code("t | truncate(2, '...')", t="12345") == "E302"
    assert len(value("t | truncate(1000)", t="x" * 1_000_000)) == 1000


@given(st.text())
def test_string_leaves_text_alone(text):
    """Text is text already."""
    assert value("t | string", t=text) == text


@given(st.text())
def test_html_leaves_nothing_that_opens(text):
    """No sign that HTML reads specially is left, and nothing else changes."""
    escaped = value("t | html", t=text)
    assert not set("<>\"'") & set(escaped)
    assert html.unescape(escaped) == html.unescape(html.escape(text))


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("<p>a <b>b</b></p>", "a b"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("a<!-- x > y -->b", "ab"),
        ("a<script", "a"),
        ("&lt;b&gt; &amp; &eacute;", "<b> & é"),
        ("<scr<b>ipt>x", "ipt>x"),
    ],
)
def test_strip_tags_gives_the_text(fragment, text):
    """Tags and comments go, entities are decoded, a lone sign stays."""
    assert value("t | strip_tags", t=fragment) == text


def test_default_replaces_missing_and_null_only():
    """An empty text or a zero was sent on purpose."""
    assert value("e.x | default(1)", e={}) == 1
    assert value("e.x | default(1)", e={"x": None}) == 1
    assert value("e.x | default(1)", e={"x": 0}) == 0
    assert value("e.x | default(1)", e={"x": ""}) == ""


def test_coalesce_takes_the_first_there_is():
    """Later choices are looked at in order; without any the value is missing."""
    assert value("e.a | coalesce(e.b, e.c)", e={"c": 3}) == 3
    assert code("e.a | coalesce(e.b)", e={}) == "E301"
