"""Places: an offset in a scalar's value points at the same character in the file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.findings.places import place_at, place_in
from bridge.strict.yaml import compose

STYLES = {
    "plain": "key: a {x} MARK b",
    "single": "key: 'it''s {x} MARK'",
    "double": r'key: "tab\t quote\" \u00e9 \x41 MARK b"',
    "folded double": 'key: "first\n  second \\\n  third MARK b"',
    "literal block": "key: |\n  first\n    second MARK\n",
    "folded block": "key: >-  # note\n  first\n\n  second\n  MARK b\n",
    "folded plain": "key: first\n  second\n  MARK b",
    "nested": "list:\n  - inner: { key: 'a MARK' }",
}


def find(node, mark="MARK"):
    """The scalar that holds the mark."""
    if isinstance(node.value, dict | list):
        below = node.value.values() if isinstance(node.value, dict) else node.value
        return next((hit for item in below if (hit := find(item, mark))), None)
    return node if mark in str(node.value) else None


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES)
def test_offset_points_at_the_same_word_in_every_style(text):
    """Quotes, escapes, folding and indentation do not move the caret."""
    document, findings = compose(text, "a.yaml")
    assert not findings
    node = find(document)
    start = node.value.index("MARK")
    place = place_in(node, start, start + 4)
    line = text.split("\n")[place.line - 1]
    assert line[place.column - 1 : place.column - 1 + place.length] == "MARK"


def test_a_span_over_several_lines_ends_with_its_first_line():
    """A caret never runs past the line it stands under."""
    text = "key: |\n  one two\n  three\n"
    document, _ = compose(text, "a.yaml")
    place = place_in(document.get("key"), 4, 13)
    assert (place.line, place.column, place.length) == (2, 7, 3)


@given(st.text(alphabet="ab'\"\\\n\t é{}", max_size=30))
def test_any_text_in_double_quotes_keeps_its_places(noise):
    """Whatever a value holds, the mark in it is found where it is written."""
    escaped = noise.replace("\\", "\\\\").replace('"', '\\"')
    escaped = escaped.replace("\n", "\\n").replace("\t", "\\t")
    text = f'key: "{escaped}MARK"'
    document, findings = compose(text, "a.yaml")
    assert not findings
    node = document.get("key")
    start = len(node.value) - 4
    place = place_in(node, start, start + 4)
    assert text[place.column - 1 :].startswith("MARK")


def test_a_missing_path_is_placed_where_it_would_be_written():
    """The nearest key above that exists is pointed at."""
    document, _ = compose("a:\n  b: { c: 1 }\n", "a.yaml")
    assert place_at(document, "a.b.x").line == 2
    assert place_at(document, "a.b.c").column == 8
