"""Helpers for HTML: into it, out of it, and the harmless part of it.

A tag or comment that never ends takes the rest of the text, as in a browser: one pass, whatever the sender wrote.
"""

import html as _html
import re
from collections.abc import Iterator
from typing import Final

from bridge.mapping.functions.catalogue import Example, helper
from bridge.mapping.values.limits import check_text
from bridge.mapping.values.scope import Scope
from bridge.mapping.values.value import ExpressionError

ESCAPING: Final = 8  # how often the text is walked over

# Comments, what is never shown, tags with their slash, name and attributes, and declarations.
_TAG: Final = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(script|style|title)(?=[\s/>]|\Z).*?(?:</\1(?=[\s/>])[^>]*(?:>|\Z)|\Z)"
    r"|<(/?)([a-z][a-z0-9]*)([^>]*)(?:>|\Z)"
    r"|<[a-z/!?][^>]*(?:>|\Z)",
    re.DOTALL | re.IGNORECASE | re.ASCII,
)
_GROUPS: Final = 5  # a text and the groups of the tag behind it
# What stands on lines of its own, as a browser shows it.
_BLOCKS: Final = frozenset(
    "address article aside blockquote br dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li main"
    " nav ol p pre section table td th tr ul".split()
)
_VOID: Final = frozenset({"br", "hr"})  # have no end
_KEPT: Final = frozenset(
    "a b blockquote code del div em h1 h2 h3 h4 h5 h6 i ins li ol p pre s small span strong sub sup table tbody td"
    " tfoot th thead tr u ul".split()
)
_NEVER_INSIDE: Final = frozenset("a li p td th tr".split())  # another one ends it
_TAG_MADE: Final = 4  # steps
_DEEPEST: Final = 50  # tags in one another
_HREF: Final = re.compile(
    r"(?:^|[\s/\"'])href\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)", re.IGNORECASE
)
_HARMLESS: Final = re.compile(
    r"(?:https?://|mailto:|tel:)[^\s\x00-\x1f]", re.IGNORECASE
)
_ENTITY: Final = re.compile(r"&[^\t\n\f <&;]")  # is looked up by its name or number


def escape(text: str) -> str:
    """The text for HTML: & < > " ' written as entities. At most six times as long, and bounded like any text."""
    check_text(len(text))
    escaped = _html.escape(text)
    check_text(len(escaped))
    return escaped


@helper(
    "text",
    times=ESCAPING,
    steps=2,
    errors=("E303",),
    examples=(
        Example("'a < b' | html", {}, "a &lt; b"),
        Example("event.q | html", {"event": {"q": '"x"'}}, "&quot;x&quot;"),
    ),
)
def html(value: str) -> str:
    """The text with & < > " ' as entities. In HTML fields every inserted value is escaped anyway, and once only."""
    return escape(value)


@helper(
    "text",
    steps=20,
    errors=("E303",),
    examples=(
        Example("'<p>Tom &amp; Ann</p>' | strip_tags", {}, "Tom & Ann"),
        Example("event.note | strip_tags", {"event": {"note": "a<br>b"}}, "a\nb"),
    ),
)
def strip_tags(scope: Scope, value: str) -> str:
    """The plain text of an HTML fragment: tags, comments, scripts and styles removed, entities decoded, a line for each
    paragraph, row or <br>. Not a way to make HTML safe: that is clean_html."""
    shown = [
        text + ("\n" if name in _BLOCKS else "")
        for text, _, name, _ in _pieces(scope, value)
    ]
    lines = "".join(shown).split("\n")
    # By lines, not by a pattern: one for blanks before a line end tries a long run of them from each of its places.
    kept = (line.lstrip().rstrip(" \t\r\f") for line in lines)
    return _decoded("\n".join(filter(None, kept)).strip())


@helper(
    "text",
    steps=30,
    times=ESCAPING,
    errors=("E303",),
    examples=(
        Example("'<p onclick=x>1 < 2</p>' | clean_html", {}, "<p>1 &lt; 2</p>"),
        Example(
            "event.note | clean_html",
            {"event": {"note": "<b>Hi<script>steal()</script>"}},
            "<b>Hi</b>",
        ),
    ),
)
def clean_html(scope: Scope, value: str) -> str:
    """The harmless part of an HTML fragment: paragraphs, lists, tables, headings, emphasis and links (http, https,
    mailto, tel). Other tags and all other attributes are dropped, scripts and styles with what is in them, and every
    tag is closed. In an HTML field it stands last, and is inserted as it is."""
    scope.budget.spend(_TAG_MADE * value.count("<"))
    made: list[str] = []
    open_tags: list[str] = []
    for text, slash, name, attributes in _pieces(scope, value):
        made.append(_html.escape(_decoded(text)) if text else "")
        if name in _VOID:
            made.append(f"<{name}>")
        elif name in _KEPT and slash:
            made += _closing(open_tags, name)
        elif name in _KEPT and len(open_tags) < _DEEPEST:
            if name in _NEVER_INSIDE and open_tags[-1:] == [name]:
                made += _closing(open_tags, name)
            if tag := _opening(name, attributes):
                open_tags.append(name)
                made.append(tag)
    made += (f"</{name}>" for name in reversed(open_tags))
    check_text(sum(map(len, made)))
    return "".join(made)


def _closing(open_tags: list[str], name: str) -> list[str]:
    """The ends of a tag and of those opened in it, which are open no more; none where it is not open."""
    if name not in open_tags:
        return []
    ends: list[str] = []
    while f"</{name}>" not in ends[-1:]:
        ends.append(f"</{open_tags.pop()}>")
    return ends


def _opening(name: str, attributes: str) -> str:
    """The tag without its attributes, but for where a link leads; "" for a link that leads nowhere harmless."""
    if name != "a":
        return f"<{name}>"
    found = _HREF.search(attributes)
    url = _decoded(found[1].strip("\"'")).strip() if found else ""
    return f'<a href="{_html.escape(url)}">' if _HARMLESS.match(url) else ""


def _pieces(scope: Scope, value: str) -> Iterator[tuple[str, str, str, str]]:
    """Each text with the slash, name and attributes of the tag behind it, which are "" for what is no tag."""
    check_text(len(value))
    signs, entities = value.count("&"), len(_ENTITY.findall(value))
    lines_and_tags = value.count("\n") + value.count("<")
    scope.budget.spend(signs // 16 + 4 * entities + lines_and_tags)
    parts = [part or "" for part in _TAG.split(value)] + [""] * (_GROUPS - 1)
    names = (name.lower() for name in parts[3::_GROUPS])
    return zip(
        parts[0::_GROUPS], parts[2::_GROUPS], names, parts[4::_GROUPS], strict=True
    )


def _decoded(text: str) -> str:
    try:
        return _html.unescape(text)
    except ValueError:  # int() refuses a character reference of thousands of digits
        raise ExpressionError(
            "E303", "a character reference has too many digits"
        ) from None
