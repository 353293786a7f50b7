"""HTML of senders: its harmless part, its text, and where a text is cut."""

from html.parser import HTMLParser
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.expressions import (
    ExpressionError,
    Scope,
    compile_expression,
    compile_template,
)

KEPT = set(
    """a b blockquote br code del div em h1 h2 h3 h4 h5 h6 hr i ins li ol p pre s small span strong sub sup
    table tbody td tfoot th thead tr u ul""".split()
)
TAGS = [
    "<b>",
    "</b>",
    "<p>",
    "</p>",
    "<br/>",
    "<li>",
    "<a href='https://a.cl'>",
    "</a>",
]
TAGS += ["<script>", "</script>", "<img src=x onerror=y>", "<a href=javascript:x>"]
TAGS += [
    "<!--",
    "-->",
    "<p title='>'>",
    "&lt;",
    "&#60;",
    "<",
    ">",
    '"',
    "x",
    "<B CLASS=a",
]
FRAGMENTS = st.lists(st.sampled_from(TAGS) | st.text(max_size=5)).map("".join)


def value(source, **names):
    return compile_expression(source).evaluate(Scope(names=names))


def field(source, **names):
    """What an HTML field gets."""
    compiled = compile_template(source, blocks=True, into="html")
    return compiled.evaluate(Scope(names=names))


class Reader(HTMLParser):
    """Notes tags with their attributes, those that are open, and what is shown."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.shown = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.shown += data


@given(FRAGMENTS)
def test_clean_html_has_nothing_harmful(fragment):
    """Whatever is sent, a reader of HTML finds known tags, each closed in order, and no attribute but a safe link."""
    found = Reader(value("t | clean_html", t=fragment))
    assert found.open == []
    for tag, attributes in found.tags:
        assert tag in KEPT
        assert set(attributes) == ({"href"} if tag == "a" else set())
        assert attributes.get("href", "https:").startswith("https:")


@given(st.text())
def test_clean_html_keeps_text(text):
    """A text without signs of HTML is shown as it was."""
    text = text.replace("<", "").replace("&", "").replace("\r", "").replace("\0", "")
    assert Reader(value("t | clean_html", t=text)).shown == text


@given(FRAGMENTS)
def test_clean_html_of_clean_html_is_the_same(fragment):
    """Cleaning twice changes nothing."""
    assert value("t | clean_html | clean_html == (t | clean_html)", t=fragment)


@pytest.mark.parametrize(
    ("fragment", "cleaned"),
    [
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("<b><i>a</b>b</i>", "<b><i>a</i></b>b"),
        ("<P CLASS='x' onclick=y>a</P >", "<p>a</p>"),
        ("a<br />b<hr>", "a<br>b<hr>"),
        ("<style>p { }</style>a<SCRIPT>b<c</Script>d", "ad"),
        (
            "<a href='https://a.cl/?b=1&amp;c'>x</a>",
            '<a href="https://a.cl/?b=1&amp;c">x</a>',
        ),
        ('<a href=" MAILTO:a@b.cl">x</a>', '<a href="MAILTO:a@b.cl">x</a>'),
        ("<a href='java&#115;cript:x'>x</a>", "x"),
        ("<a href='java\tscript:x'>x</a>", "x"),
        ("<a href=//a.cl>x</a><a>y</a>", "xy"),
        ("<font color=red>a</font><img src=b>", "a"),
        ("5 < 6 & 7 &eacute;", "5 &lt; 6 &amp; 7 é"),
    ],
)
def test_clean_html_keeps_the_harmless_part(fragment, cleaned):
    """What a person sees of a note stays, in the form that every reader of HTML takes alike."""
    assert value("t | clean_html", t=fragment) == cleaned


def test_clean_html_is_bounded():
    """Neither tags in one another without end nor a text that grows."""
    assert value("t | clean_html", t="<b>" * 10_000).count("<b>") == 50
    with pytest.raises(ExpressionError) as caught:
        value("t | clean_html", t="<" * 60_000)
    assert caught.value.code == "E303"


def test_html_field_inserts_clean_html_as_it_is():
    """The note of a sender keeps its paragraphs in a field that takes HTML; everything else is escaped as ever."""
    note = "<p>Hi <b>Ann</b></p><script>x</script>"
    assert field("{{ e.n | clean_html }}", e={"n": note}) == "<p>Hi <b>Ann</b></p>"
    source = "<i>{{ e.w }}</i>: {{ e.n | default('-') | clean_html }}"
    assert (
        field(source, e={"n": note, "w": "<A>"})
        == "<i>&lt;A&gt;</i>: <p>Hi <b>Ann</b></p>"
    )
    assert field(source, e={"w": "A"}) == "<i>A</i>: -"
    assert (
        field(
            "{% if e.n is present %}{{ e.n | clean_html }}{% endif %}", e={"n": "<b>"}
        )
        == "<b></b>"
    )


@pytest.mark.parametrize(
    "source",
    [
        "{{ e.n | clean_html | default('-') }}",
        "{{ e.n | clean_html | truncate(10) }}",
        "<p>{{ (e.n | clean_html) if e.n is present else '-' }}</p>",
        "{{ '<b>' ~ (e.n | clean_html) }}",
        "{{ e.n | clean_html }} {{ e.n | clean_html | upper }}",
    ],
)
def test_clean_html_that_would_be_escaped_is_found_while_compiling(source):
    """Tags that a person would see as text are no silent surprise: check says to write it last."""
    with pytest.raises(ExpressionError) as caught:
        compile_template(source, blocks=True, into="html")
    assert (caught.value.code, "at the end" in caught.value.help) == ("E205", True)
    compile_template(source, blocks=True)  # in a text field it is text


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("<style>p { color: red }</style><p>a</p>", "a"),
        ("a<script>if (b<c) { d() }</script>e", "ae"),
        ("<head><title>x</title></head><body>a", "a"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<style-guide>a</style-guide>", "a"),
        ("a<script>b", "a"),
    ],
)
def test_strip_tags_shows_what_a_browser_shows(fragment, text):
    """Styles and scripts are no text, and blocks stand on lines of their own."""
    assert value("t | strip_tags", t=fragment) == text


SIGNS = [
    "👩\u200d👩\u200d👧\u200d👦",
    "🇨🇱",
    "👍🏽",
    "❤\ufe0f",
    "1\ufe0f\u20e3",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "e\u0301",
    "e\u0301\u0323",
    "क्षि",
    "กำ",
    normalize("NFD", "각"),
    "\r\n",
]


@pytest.mark.parametrize("sign", SIGNS)
def test_truncate_keeps_a_sign_whole(sign):
    """A sign of several characters is there or it is not, wherever the cut falls."""
    for before in range(4):
        text = "x" * before + sign + "yz"
        for length in range(1, len(text)):
            cut = value("t | truncate(n, '')", t=text, n=length)
            whole = ["x" * many for many in range(before + 1)]
            whole += ["x" * before + sign + rest for rest in ("", "y", "yz")]
            assert cut in whole
            assert len(cut) <= length


@given(st.lists(st.sampled_from([*SIGNS, "a", " "]), min_size=1), st.integers(0, 20))
def test_truncate_cuts_between_signs(signs, length):
    """What is left is made of the first signs, as many as fit."""
    text = "".join(signs)
    cut = value("t | truncate(n, '')", t=text, n=length)
    fits = [n for n in range(len(signs) + 1) if len("".join(signs[:n])) <= length]
    assert cut == "".join(signs[: fits[-1]])


def test_flags_are_pairs_from_where_they_begin():
    """A row of flags is cut between two of them."""
    text = "x" + "🇨🇱🇧🇷🇮🇳"
    assert [len(value("t | truncate(n, '')", t=text, n=n)) for n in range(7)] == [
        0,
        1,
        1,
        3,
        3,
        5,
        5,
    ]


def test_marks_without_end_are_cut():
    """More marks on a letter than any language has do not empty the text, nor take long."""
    text = "a" + "\u0301" * 10_000
    assert len(value("t | truncate(500, '')", t=text)) == 500
