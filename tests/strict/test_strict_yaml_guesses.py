"""Text that is not YAML: the usual mistakes are named where they were made, with what to write, and no value shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.strict.yaml import compose

# name → text, line, column, words of the message, words of the help
GUESSES = {
    "tab": ("a:\n\tb: 1\n", 2, 1, "a tab", "with spaces"),
    "tab after spaces": ("a:\n  \tb: 1\n", 2, 3, "a tab", "with spaces"),
    "no colon": ("a: 1\nb c\nd: 1\n", 2, 1, "no ': '", "a colon: b: …"),
    "no space": ("a: 1\nb:c\nd: 1\n", 2, 1, "no ': '", "a space after the colon: b"),
    "entry": ("a:\n- x\nb\n", 3, 1, "no ': '", "a colon: b: …"),
    "open quotes": ('a: "x\nb: 2\n', 1, 4, 'the " that opens', 'add "'),
    "later quotes": ('a: "x\nb: 2\nc: "y"\n', 1, 4, 'the " that opens', 'add "'),
    "single quotes": ("a: 'x\nb: 'y'\n", 1, 4, "the ' that opens", "add '"),
    "after quotes": ('a: "x" y\n', 1, 8, "after its closing", 'written \\"'),
    "apostrophe": ("a: 'it's'\n", 1, 8, "after its closing", "written ''"),
    "open brace": ("a: {b: 1\nc: 2\n", 1, 4, "the { that", "with }"),
    "open bracket": ("a: [x\nb: 1\n", 1, 4, "the [ that", "with ]"),
    "cut off": ("a: >\n  x\nb: [1, ", 3, 4, "the [ that", "with ]"),
    "inner brace": ("a: { b: { c: 1 }\nd: 1\n", 1, 4, "the { that", "with }"),
    "bracket at the end": ("a: [\n", 1, 4, "the [ that", "with ]"),
    "bracket in quotes": ('a: { b: "}" \nc: 1\n', 1, 4, "the { that", "with }"),
    "closing brace": ("a: {x}}\n", 1, 7, "this } closes nothing", "drop it"),
    "comma": ("a: {b: 1 c: 2}\n", 1, 11, "no comma", "a comma"),
    "shell variable": ("a: {b: ${X} }\n", 1, 9, "a variable", "{ env: X }"),
    "star": ("a: [*]\n", 1, 5, "begin with *", "in quotes"),
    "alias": ("a: *x\n", 1, 4, "no anchor &x", "in quotes"),
    "anchors": ("a: &x 1\nb: &x 2\n", 2, 4, "&x already exists above", "drop &x"),
    "list": ("a: - x\n", 1, 4, "start on the line of its key", "its own line"),
    "after a colon": ("a: { b:{ c: 1 } }\n", 1, 7, "needs a space", "write a space"),
    "at": ("a: @x\n", 1, 4, "begin with @", "in quotes"),
    "percent": ("a: %x\n", 1, 4, "begin with %", "in quotes"),
    "less": (
        "a:\n  b: 1\n c: 2\n",
        3,
        2,
        "by 1, which matches no",
        "2 spaces like line 2",
    ),
    "more": ("a: x\n  b: 1\n", 2, 3, "deeper than", "0 spaces like line 1"),
    "under a list": ("- a: 1\n   b: 2\n", 2, 4, "deeper than", "2 spaces like line 1"),
    "past a comment": ("a: x\n# y\n\n  b: 1\n", 4, 3, "deeper than", "like line 1"),
    "no entry": ("- a\nb: 1\n", 2, 1, "did not find", "begin it with '- '"),
    "inner colon": ("a: b: c\n", 1, 5, "with ': ' in it", 'quotes: a: "…"'),
    "block": (
        "a: |x\n  y\n",
        1,
        5,
        "cannot start on the same line",
        "on the next line",
    ),
    "escape": ('a: "\\d"\n', 1, 5, "a backslash starts an escape", "single quotes"),
    "expression": ("a: {{ x }} y\n", 1, 12, "did not find", 'a: "{{ x }} y"'),
    "half quoted": ('a: {{ x }}"\nb: 1\n', 1, 4, "end of stream", 'a: "{{ x }}"'),
}


def only(text, **rest):
    _, [finding] = compose(text, "f.yaml", **rest)
    return finding


@pytest.mark.parametrize("name", GUESSES)
def test_a_usual_mistake_is_named_where_it_was_made(name):
    """Not where the parser gave up: at the quotes that stay open, the line without a colon, the wrong indent."""
    text, line, column, message, help = GUESSES[name]
    finding = only(text)
    assert (finding.code, finding.place.line, finding.place.column) == (
        "M001",
        line,
        column,
    )
    assert message in finding.message
    assert help in finding.help


def test_a_help_shows_keys_and_no_values():
    """A value may be a secret, and a help stands where no excerpt is masked."""
    for text in ("api_key sk_live\nb: 1\n", 'k: "sk_live\nb: "x"\n', "k: @sk_live\n"):
        finding = only(text)
        assert finding.help and "sk_live" not in finding.help + finding.message


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("a: {{ x }}\n", 'write it in quotes: a: "{{ x }}"'),
        ("- a: {{ x }}\n", 'write it in quotes: - a: "{{ x }}"'),
        ("b: { a: {{ x }} }\n", 'write it in quotes: a: "{{ x }}"'),
        ("b: { c: 1, a: {{ x }}, d: 1 }\n", 'write it in quotes: a: "{{ x }}"'),
        ("when: {{ x > 1 }}\n", "drop the braces: when: x > 1"),
        ("b: { when: {{ x > 1 }} }\n", "drop the braces: when: x > 1"),
    ],
)
def test_an_expression_without_quotes_is_written_out(text, help):
    """As the line should be; a key that takes a bare expression loses its braces instead."""
    finding = only(text, bare={"when"})
    assert (finding.code, finding.help) == ("M007", help)


def test_an_expression_without_quotes_is_read_as_meant():
    """So that one mistake does not hide what else there is to say about the value."""
    node, _ = compose("a: {{ event.x | uper }}\n", "f.yaml")
    assert node.get("a").value == "{{ event.x | uper }}"


@given(st.lists(st.sampled_from([*" \t\n\"'{}[]:,#-*&!|>%@`?ax"]), max_size=40))
def test_whatever_the_text_there_is_a_reason_within_it(signs):
    """No text makes the explanation fail, or point outside of the file."""
    text = "".join(signs)
    for finding in compose(text, "f.yaml")[1]:
        lines = text.splitlines() or [""]
        assert 1 <= finding.place.line <= max(len(lines), 1)
        assert finding.place.column >= 1
