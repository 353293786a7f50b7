"""Text that becomes part of an address: checked so that a payload's value cannot lead a call anywhere else.

Only the rule's base URL says which host is called; nothing in a path may leave it, or the folder it stands in.
"""

import re
from urllib.parse import quote, unquote

from bridge.vendors.fields import Text

HALF = "holds half a character (a lone surrogate), which cannot be sent: clean it with replace"
_CHARACTERS = "/%:@!$&'()*+,;=~-._"  # RFC 3986, and the escapes that are written


class Path(Text):
    """A path below the base URL that stays below it, whatever a payload put into it."""

    def problem_of_text(self, text: str) -> str:
        return next((what for wrong, what in _path_checks(text) if wrong), "")


def encoded(path: str) -> str:
    """The path as it goes over the wire: escapes are kept, what a path cannot hold is escaped as UTF-8."""
    return quote(path, safe=_CHARACTERS)


def half_character(text: str) -> bool:
    """Whether text holds a lone surrogate, which has no UTF-8 form."""
    return bool(re.search("[\ud800-\udfff]", text))


def _path_checks(text: str) -> tuple[tuple[object, str], ...]:
    """What a path must not be, decoded as often as a server might."""
    plain = unquote(unquote(text, errors="replace"), errors="replace")
    segments = re.split(r"[/\\]", plain)
    return (
        (not text.startswith("/"), "must start with a slash: write /tickets/77"),
        (
            plain.startswith(("//", "/\\")),
            "must not start with two slashes, which name a host: drop one",
        ),
        (re.search(r"[?#]", text), "must not hold ? or #: write the query under query"),
        (
            re.search(r"%(?![0-9A-Fa-f]{2})", text),
            "holds a % that starts no escape: write %25",
        ),
        (
            re.search(r"[\x00-\x1f\x7f]", plain),
            "holds a control character: clean it with replace or trim",
        ),
        (
            ".." in segments or "." in segments,
            "holds a . or .. segment, which leads elsewhere: check the value",
        ),
        (
            "\\" in plain,
            "holds a backslash, which some servers read as a slash: check the value",
        ),
        (half_character(text), HALF),
    )
