"""Patterns: what people expect of a regular expression, in time that grows with the text alone."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.expressions import (
    Budget,
    ExpressionError,
    Scope,
    compile_expression,
)
from bridge.mapping.functions.patterns import pattern

ATOMS = st.sampled_from(["a", "b", "é", "[ab]", "[^a]", ".", "ab", "[a-c]", r"\d"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("(?:{0[0]}|{0[1]})".format),
        st.tuples(
            inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}"])
        ).map("(?:{0[0]}){0[1]}".format),
    ),
    max_leaves=6,
)
TEXTS = st.text(st.sampled_from("abcé1\n"), max_size=8)


def value(source, **names):
    return compile_expression(source).evaluate(Scope(names=names))


def refusal(source, **names):
    with pytest.raises(ExpressionError) as caught:
        value(source, **names)
    return caught.value


def found(source, text, **how):
    return pattern(source, **how).found(text, Budget(10**9))


def longest(source, text, starts):
    """What Python's own finds when it is asked about each part."""
    for start in starts:
        for end in range(len(text), start - 1, -1):
            if re.fullmatch(source, text[start:end], re.ASCII):
                return text[start:end]
    return None


@given(PATTERNS, TEXTS)
def test_first_and_longest_match_is_found(source, text):
    """search finds what begins first, match what begins at the start, and of these the longest."""
    assert found(source, text, anywhere=True) == longest(
        source, text, range(len(text) + 1)
    )
    assert found(source, text) == longest(source, text, [0])


@given(PATTERNS, TEXTS)
def test_anchors_bind_to_the_ends(source, text):
    """With $ a match ends where the text ends, with ^ it begins where the text begins."""
    suffixes = [text[start:] for start in range(len(text) + 1)]
    whole = [one for one in suffixes if re.fullmatch(source, one, re.ASCII)]
    assert found(f"{source}$", text, anywhere=True) == (whole[0] if whole else None)
    assert found(f"^{source}", text, anywhere=True) == longest(source, text, [0])
    assert (found(f"^{source}$", text) is not None) == bool(
        re.fullmatch(source, text, re.ASCII)
    )


@given(PATTERNS, PATTERNS, PATTERNS, TEXTS)
def test_group_is_taken_where_what_stands_before_ends_last(before, group, after, text):
    """The group is there in the longest match, behind as much as can stand before it, and as long as it can be."""
    match = longest(f"(?:{before})(?:{group})(?:{after})", text, [0])
    parts = [
        match[start:end]
        for start in range(len(match or ""), -1, -1)
        for end in range(len(match or ""), start - 1, -1)
        if match is not None
        and re.fullmatch(before, match[:start], re.ASCII)
        and re.fullmatch(group, match[start:end], re.ASCII)
        and re.fullmatch(after, match[end:], re.ASCII)
    ]
    source = f"{before}({group}){after}"
    assert found(source, text, taking=True) == (parts[0] if parts else None)


@pytest.mark.parametrize(
    ("source", "gives"),
    [
        ("'Re: [T-1234] printer' | search('T-([0-9]+)')", "1234"),
        (r"'Re: [T-1234]' | search('\\[(T-\\d+)\\]')", "T-1234"),
        ("'fix/ABC-77-login' | search('[A-Z]{2,9}-[0-9]+')", "ABC-77"),
        ("'a@b.example.com' | search('@(.+)$')", "b.example.com"),
        ("'k=v; ticket=77; x=1' | search('ticket=([^;]*)')", "77"),
        ("'tel: +56 9 1234' | search('[+][0-9 ]+')", "+56 9 1234"),
        ("'2024-05' | match('([0-9]{4})-')", "2024"),
        ("'abc' | search('[]x-]') | default('none')", "none"),
        ("'a-b' | search('[]x-]')", "-"),
        ("'a.b' | search('[.]b')", ".b"),
        ("'x' | match('y?')", ""),
        ("'INV-7' is match('INV-')", True),
        ("'INV-7' is match('INV')", True),
        ("'INV-7' is match('[0-9]+')", False),
        ("'INV-7' is search('[0-9]+')", True),
        ("'INV-7' is not search('[0-9]$')", False),
        ("'123456789' is match('[0-9]{9}$')", True),
        ("'1234567890' is match('[0-9]{9}$')", False),
        ("'paid' is match('(paid|void)$')", True),
        ("'a\\nb' is match('a.b')", False),
        ("'a\\nb' is match('a\\nb$')", True),
        ("'٣' is match('\\\\d')", False),
        ("'$5' is match('[$]5')", True),
        ("'INV-7' is startswith('INV-')", True),
        ("'INV-7' is startswith 'inv-'", False),
        ("'INV-7' | lower is startswith('inv-')", True),
        ("'a.PDF' is not endswith('.pdf')", True),
        ("'a' is endswith('aa')", False),
    ],
)
def test_what_people_look_for(source, gives):
    """Ticket numbers in subjects, parts of addresses, forms of identifiers, beginnings and ends."""
    assert value(source) == gives


@pytest.mark.parametrize(
    "test", ["startswith('Jos\u00e9')", "match('Jos\u00e9')", "search('s\u00e9')"]
)
def test_spellings_are_one(test):
    """A letter and its mark are one letter, on either side; a letter without its mark is another."""
    assert value(f"n is {test}", n="Jose\u0301 Luis") is True
    assert value(f"n is {test}", n="Jos\u00e9") is True
    assert value(f"n is {test}", n="Jose") is False
    decomposed = test.replace("\u00e9", "e\u0301")
    assert value(f"n is {decomposed}", n="Jos\u00e9 Luis") is True
    assert value("n is startswith('Jose')", n="Jose\u0301") is False
    assert value("n is endswith(p)", n="Luis Jose\u0301", p="\u00e9") is True


@pytest.mark.parametrize(
    "test", ["startswith('a')", "endswith('a')", "match('a')", "search('a')"]
)
def test_tests_of_text_answer_for_nothing(test):
    """Missing and null are no text that fits; a number is refused, with how to make it text."""
    assert value(f"e.a is {test}", e={}) is False
    assert value(f"e.a is not {test}", e={"a": None}) is True
    error = refusal(f"e.a is {test}", e={"a": 77})
    assert (error.code, error.help) == ("E302", "add | string")
    assert refusal(f"e.a is {test}", e={"a": ["a"]}).code == "E302"


def test_arguments_of_tests_are_checked():
    """What is looked for is text and not empty, be it written or sent; a pattern is written."""
    assert refusal("e is startswith('')", e="a").code == "E302"
    assert refusal("e is startswith(p)", e="a", p="").code == "E302"
    assert refusal("e is startswith(p)", e="a", p=5).code == "E302"
    assert refusal("e is startswith", e="a").help == "it is startswith(start)"
    assert refusal("e is match('a', 'b')", e="a").help == "it is match(pattern)"
    assert refusal("e is match(p)", e="a", p="a").code == "E205"
    assert refusal("e is startswith(p)", e="a").code == "E301"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "1 to 200"),
        ("a" * 201, "1 to 200"),
        ("(a", "not closed"),
        ("a)", "has no ("),
        ("[a", "not closed"),
        ("*a", "[*]"),
        ("a**", "ends before"),
        ("a*?", "ends before"),
        ("a{2}{3}", "ends before"),
        ("a{3,2}", "valid count"),
        ("a{201}", "valid count"),
        ("a^b", "^ is only allowed"),
        ("a$b", "[$]"),
        ("^a|b", "^(?:a|b)$"),
        ("(?=a)", "(?: )"),
        ("(?P<n>a)", "(?: )"),
        ("(?i)a", "(?: )"),
        (r"\\bfoo", r"\b"),
        (r"(a)\\1", r"\1"),
        ("[z-a]", "order"),
        ("[[:alpha:]]", "[A-Za-z0-9]"),
        ("(" * 21 + "a" + ")" * 21, "20 groups"),
        ("((((a{99}){99}){99}){99})", "too long"),
        ("((((a?){0}){200}){200}){200}", "too long"),
        ("(?:a|b)*a(?:a|b){12}", "too many states"),
    ],
)
def test_what_is_no_pattern_is_found_while_compiling(source, says):
    """check says what is not taken and what to write, before any event comes."""
    with pytest.raises(ExpressionError) as caught:
        compile_expression(f"event.a is search('{source}')")
    assert caught.value.code == "E311"
    assert says in f"{caught.value.message} {caught.value.help}"


@pytest.mark.parametrize("source", ["(a)(b)", "(a)|(b)", "(ab)+", "((a)b)"])
def test_one_group_says_what_is_taken(source):
    """A helper gives one part; a test, which gives none, takes brackets as they come."""
    error = refusal(f"e | search('{source}')", e="ab")
    assert (error.code, "(?:" in error.help) == ("E311", True)
    assert value(f"e is search('{source}')", e="ab") is True


@pytest.mark.parametrize(
    "source",
    [
        "(a*)*b",
        "(a|a)*b",
        "(a+)+$",
        "(a|ab|b)*c",
        "(.*)(.*)(.*)=",
        "a*a*a*a*a*a*b",
        ".*.*=.*$",
    ],
)
@pytest.mark.parametrize("text", ["a", "ab", "=", "aé", "a\n"])
def test_time_grows_with_the_text_alone(source, text):
    """What makes other engines take hours takes a step a character: twice the text is twice the work, and no more."""
    test = compile_expression(f"v is search('{source}')")
    spent = []
    for length in (15_000, 30_000, 60_000):
        budget = Budget()
        test.evaluate(Scope(names={"v": (text * length)[:length]}, budget=budget))
        spent.append(Budget().left - budget.left)
    assert spent[2] <= 4 * spent[0] + 4
    assert spent[2] <= 2 * 60_000 * 64 // 256 + 2  # two walks over the text


def test_text_too_long_is_refused():
    """A body's mebibyte is not searched, whatever it holds."""
    error = refusal("v is search('a*b')", v="a" * (1 << 20))
    assert (error.code, "truncate" in error.help) == ("E303", True)


def test_backslash_says_what_to_write():
    """A text knows few escapes, so a pattern is written with classes."""
    error = refusal(r"e is match('\d+')", e="1")
    assert (error.code, "[0-9]" in error.help) == ("E201", True)
