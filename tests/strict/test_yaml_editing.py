"""One value of a YAML text is changed and every other byte stays; what cannot be changed so is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.strict.yaml import compose, plain
from bridge.strict.yaml_editing import NOTHING, CannotEdit, edited

TEXT = """\
# head
list:
  - name: flow   # c1
    expect: { r: { a: 1, 'b': "x" } }   # c2
  - name: block
    expect:
      r:
        a: 1  # c3
        # c4
        b: |
          one
          two

        c: last
      # c5
  - { expect: {}, none: , name: end }
"""
FLOW, BLOCK = ("list", 0, "expect", "r"), ("list", 1, "expect", "r")


@pytest.mark.parametrize(
    "path, value, old, new",
    [
        ((*FLOW, "a"), "007", "a: 1, '", 'a: "007", \''),
        ((*FLOW, "b"), None, 'b\': "x"', "b': null"),
        ((*FLOW, "c"), {"d": []}, '"x" }', '"x", c: { d: [] } }'),
        ((*FLOW, "a"), NOTHING, "a: 1, '", "'"),
        ((*FLOW, "b"), NOTHING, ", 'b': \"x\"", ""),
        (FLOW, "skipped", "{ a: 1, 'b': \"x\" }", "skipped"),
        ((*BLOCK, "a"), 2, "a: 1  #", "a: 2  #"),
        ((*BLOCK, "b"), "x\ny", "b: |\n          one\n          two", 'b: "x\\ny"'),
        ((*BLOCK, "c"), [1], "c: last", "c: [1]"),
        ((*BLOCK, "d"), 1, "c: last\n", "c: last\n        d: 1\n"),
        ((*BLOCK, "c"), NOTHING, "two\n\n        c: last\n", "two\n"),
        (("list", 2, "expect", "r"), "no_match", "{}", "{ r: no_match }"),
        (("list", 2, "none"), 1, "none: ,", "none: 1,"),
        (("list", 2, "expect"), NOTHING, "expect: {}, none", "none"),
    ],
)
def test_only_the_value_changes(path, value, old, new):
    """Comments, quotes of other values, blank lines and the order stay."""
    assert TEXT.count(old) == 1 or old == "{}"
    assert edited(TEXT, path, value) == TEXT.replace(old, new)


@pytest.mark.parametrize(
    "text, path, value, why",
    [
        ("a: &x 1\nb: *x\n", ("a",), 2, "anchor"),
        ("a: &x 1\nb: *x\n", ("b",), 2, "anchor"),
        ("a: &x { c: 1 }\nb: *x\n", ("b", "c"), 2, "anchor"),
        ("a: &x 1\n", ("a",), 2, "anchor"),
        ("a: &x { c: 1 }\nb: { <<: *x, d: 2 }\n", ("b", "c"), 2, "merged"),
        ("a: &x { c: 1 }\nb: { <<: *x, d: 2 }\n", ("b", "e"), 2, "merged"),
        ("a: &x { c: 1 }\nb: { <<: *x, d: 2 }\n", ("b", "c"), NOTHING, "merged"),
        ("a:\n  b: 1  # why\n  c: 2\n", ("a",), 2, "comment"),
        ("a:\n  b: 1  # why\n  c: 2\n", ("a", "b"), NOTHING, "comment"),
        ("a:\n  # why\n  b: 1\n", ("a", "b", "c"), 1, "not a mapping"),
        ("a: { b: 1 # why\n  }\n", ("a", "b"), NOTHING, "comment"),
        ("a: { b: # why\n  1, c: 2 }\n", ("a", "b"), NOTHING, "comment"),
        ("a: { b: 1, # why\n  c: 2 }\n", ("a", "c"), NOTHING, "comment"),
        ("a: | # why\n  x\n", ("a",), 2, "comment"),
        ("a: &x {}\n", ("a", "b"), 1, "anchor"),
        ("a: 1\n", ("b", "c"), 1, "no such place"),
        ("a: 1\n", ("b",), NOTHING, "no such place"),
        ("a: [1]\n", ("a", 1), 2, "not a mapping"),
        ("a: 1\n", ("a",), 10**200, "too many digits"),
        ("a: |+\n  x\n\nb: 1\n", ("b",), NOTHING, "around it"),
    ],
)
def test_what_would_touch_other_things_is_refused(text, path, value, why):
    """With the reason; nothing is guessed."""
    with pytest.raises(CannotEdit, match=why):
        edited(text, path, value)


def test_a_block_comes_to_stand_beside_its_key():
    """Where nothing but white space was between them."""
    assert edited("a:\n- 1\n- 2\nb: 1\n", ("a",), {"c": 1}) == "a: { c: 1 }\nb: 1\n"
    assert edited("a:   # why\n  b: 1\n", ("a",), [2]) == "a:   # why\n  [2]\n"


def test_the_last_key_leaves_an_empty_mapping():
    """So that what is empty stays a mapping."""
    assert edited("a: { b: 1 }\n", ("a", "b"), NOTHING) == "a: {}\n"
    assert edited("a:\n  b: 1\n", ("a", "b"), NOTHING) == "a:\n  {}\n"


def test_line_ends_stay_as_they_are():
    """A file with CR LF gets new lines with CR LF."""
    assert edited("a: 1\r\nb: 2\r\n", ("c",), 3) == "a: 1\r\nb: 2\r\nc: 3\r\n"
    assert edited("a: 1\r\nb: 2\r\n", ("b",), NOTHING) == "a: 1\r\n"


def test_an_entry_is_added_behind_an_alias():
    """Not behind the anchor that it stands for."""
    text = "a:\n  b: &x 1\n  c: *x  # same\nd: { e: 1, f: *x, }\n"
    added = text.replace("same\n", "same\n  g: 2\n")
    assert edited(text, ("a", "g"), 2) == added
    assert edited(text, ("d", "g"), 2) == text.replace("*x, }", "*x, g: 2, }")


WHY = "  # longer than any text below"
KEYS = st.sampled_from(["a", "b c", "7", "no", "d"])
SCALARS = st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=8)
TREES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3)
    | st.dictionaries(KEYS, below, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60)
@given(data=st.data(), value=TREES | st.just(NOTHING))
def test_an_edit_changes_its_value_alone_or_is_refused(data, value):
    """Whatever the document looks like: the rest of it is read as before, and comments are all there."""
    import yaml

    tree = data.draw(st.dictionaries(KEYS, TREES, min_size=1, max_size=4))
    style = data.draw(st.sampled_from([True, False, None]))
    text = yaml.safe_dump(tree, default_flow_style=style, allow_unicode=True)
    text = "# head\n" + "".join(
        line + (WHY if data.draw(st.booleans()) and line.endswith(("1", "a")) else "") + "\n"
        for line in text.splitlines()
    )  # fmt: skip
    before, findings = compose(text, "a.yaml")
    if before is None or findings:
        return
    key = data.draw(KEYS)
    try:
        after, findings = compose(edited(text, (key,), value), "a.yaml")
    except CannotEdit:
        return
    rest = {name: item for name, item in plain(before).items() if name != key}
    expected = rest if value is NOTHING else {**rest, key: value}
    assert (plain(after), findings) == (expected, [])
    assert edited(text, (key,), value).startswith("# head\n")
    assert edited(text, (key,), value).count(WHY) == text.count(WHY)
