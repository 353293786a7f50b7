"""YAML is read without guesses, and every value knows its place."""

from decimal import Decimal

import pytest

from bridge.strict import yaml


def read(text):
    node, findings = yaml.compose(text, "f.yaml")
    return yaml.plain(node), [
        (found.code, found.place.line, found.place.column) for found in findings
    ]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("0123", "0123"),
        ("1e5", "1e5"),
        ("2024-01-01", "2024-01-01"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        (".5", ".5"),
        ("+5", "+5"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("", None),
        ("-7", -7),
        ("1.50", Decimal("1.50")),
        ('"1"', "1"),
        ("'true'", "true"),
        ("+56912345678", "+56912345678"),
    ],
)
def test_scalars_are_what_they_look_like(written, value):
    """Only true, false, null and plain decimals are not text."""
    assert read(f"a: {written}\n") == ({"a": value}, [])


def test_duplicate_key_names_both_lines():
    """The second of two equal keys is a finding at its own place."""
    _, findings = yaml.compose("a: 1\nb: 2\na: 3\n", "f.yaml")
    assert [(found.code, found.place.line) for found in findings] == [("M002", 3)]
    assert "line 1" in findings[0].message


def test_unquoted_expression_gets_the_fixed_line():
    """{{ without quotes is found in both ways YAML stumbles over it, with the line to write."""
    for written in ("{{ event.x }}", "{{ event.x }} and {{ event.y }}"):
        _, findings = yaml.compose(f"amount: {written}\n", "f.yaml")
        assert findings[0].help == f'write it in quotes: amount: "{written}"'


def test_merge_keys_and_anchors_are_expanded():
    """An anchor is its value; << brings what is not written itself."""
    value, findings = read("x: &a {k: 1, m: 2}\ny: {<<: *a, m: 3}\n")
    assert value == {"x": {"k": 1, "m": 2}, "y": {"k": 1, "m": 3}}
    assert findings == []


def test_alias_bomb_is_refused_quickly():
    """Anchors that expand to too much end in one finding instead of memory."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    node, findings = yaml.compose("\n".join(lines), "f.yaml")
    assert node is None
    assert [found.code for found in findings] == ["M004"]


def test_endless_anchor_is_refused():
    """An anchor inside itself ends in a finding."""
    node, findings = yaml.compose("a: &a [*a]\n", "f.yaml")
    assert (node, [found.code for found in findings]) == (None, ["M004"])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: !!python/object:os.system x\n", "M005"),
        ("a: !x 1\n", "M005"),
        ("a: 1\n---\nb: 2\n", "M003"),
        ("a: [1\n", "M001"),
        ("a: \x00\n", "M001"),
        ("? [1, 2]\n: x\n", "M006"),
        ("a: {<<: 1}\n", "M006"),
    ],
)
def test_what_is_not_plain_yaml_is_a_finding(text, code):
    """Tags, several documents, broken text and odd keys are named, never guessed at."""
    assert code in [found[0] for found in read(text)[1]]


def test_places_count_from_one():
    """A node's place is its first character."""
    node, _ = yaml.compose("a:\n  b: 'x y'\n", "f.yaml")
    place = node.value["a"].value["b"].place
    assert (place.line, place.column, place.length) == (2, 6, 5)
