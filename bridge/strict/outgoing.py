"""What HTTP allows in a request: method, address, path, headers. The rules stand here once.

`bridge check`, the rendering of a rule and the sender ask the same functions, so that what the first accepts the last
can send. Each gives "" or what is wrong with the text and what to do, and never repeats the text. Pure.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote, urlencode, urlsplit

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
FORM = "application/x-www-form-urlencoded"

# What frames and routes the message, or says how its body is coded, is the transport's alone; so is all of proxy-….
RESERVED = frozenset(
    "accept-encoding connection content-encoding content-length cookie expect host http2-settings keep-alive"
    " proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade".split()
)
HALF = "contains half a character (a lone surrogate), which cannot be sent: clean it with replace"

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, token
_VALUE = re.compile(r"[!-~\xa1-\xff](?:[\t -~\xa0-\xff]*[!-~\xa1-\xff])?")
_METHOD = re.compile(r"[A-Z]{1,20}")
_SEGMENT = ":@!$&'()*+,;=~-._"  # RFC 3986, 3.3, besides letters and digits
_CHARACTERS = "/%" + _SEGMENT  # and the escapes that are written
_PATH = re.compile(rf"/[0-9A-Za-z{re.escape(_CHARACTERS)}]*")
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")


def method_problem(method: str) -> str:
    """Why this is no method of a request."""
    return "" if _METHOD.fullmatch(method) else "is not an HTTP method such as POST"


def is_header_name(text: str) -> bool:
    """Whether a header can be called so at all."""
    return bool(_NAME.fullmatch(text))


def header_name_problem(name: str, fixes: Mapping[str, str] = {}) -> str:
    """Why a header of this name cannot be sent. `fixes`: names that the bridge sets, and what to do instead."""
    if not is_header_name(name):
        return "is not a header name: use letters, digits and hyphens"
    known = name.lower()
    if known in fixes or known in RESERVED or known.startswith("proxy-"):
        return f"is a header that only the bridge sets: {fixes.get(known, 'drop it')}"
    return ""


def header_value_problem(value: str, fix: str = "clean it with replace or trim") -> str:
    """Why a value cannot stand in a header: it is printable Latin-1 without line breaks or outer spaces."""
    if _VALUE.fullmatch(value):
        return ""
    return f"cannot be in a header (line break, outer space or not Latin-1): {fix}"


def half_character(text: str) -> bool:
    """Whether text holds a lone surrogate, which has no UTF-8 form."""
    return bool(re.search("[\ud800-\udfff]", text))


def encoded(path: str) -> str:
    """The path as it goes over the wire: escapes are kept, what a path cannot hold is escaped as UTF-8."""
    return quote(path, safe=_CHARACTERS)


def segment(text: str) -> str:
    """The text as a part of one segment of a path: what would end the segment is data, and escaped.

    Raises UnicodeEncodeError for half a character.
    """
    return quote(text, safe=_SEGMENT)


def with_query(address: str, pairs: Iterable[tuple[str, str]], safe: str = "") -> str:
    """A path or URL with its query, as they go over the wire. Raises UnicodeEncodeError for half a character."""
    named = [(name, value) for name, value in pairs]
    query = urlencode(named, quote_via=quote, safe=safe)
    return f"{address}?{query}" if query else address


def path_problem(text: str) -> str:
    """Why a path may lead elsewhere or cannot be sent, decoded as often as a server might."""
    plain = unquote(unquote(text, errors="replace"), errors="replace")
    checks = (
        (not text.startswith("/"), "must start with a slash: write /tickets/77"),
        (
            plain.startswith(("//", "/\\")),
            "must not start with two slashes, which name a host: drop one",
        ),
        (
            re.search(r"[?#]", text),
            "must not contain ? or #: write the query under query",
        ),
        (
            re.search(r"%(?![0-9A-Fa-f]{2})", text),
            "contains a % that does not start an escape: write %25",
        ),
        (
            _controls(plain),
            "contains a control character: clean it with replace or trim",
        ),
        (
            _dots(plain),
            "contains a . or .. segment, which leads elsewhere: check the value",
        ),
        (
            "\\" in plain,
            "contains a backslash, which some servers read as a slash: check the value",
        ),
        (half_character(text), HALF),
    )
    return next((what for wrong, what in checks if wrong), "")


def encoded_path_problem(path: str) -> str:
    """Why a path that is encoded already cannot leave; what `path_problem` accepts passes once it is encoded."""
    if not _PATH.fullmatch(path):
        return "is not absolute and percent-encoded"
    # A server may decode before it splits, so what is decoded is looked at too.
    plain = unquote(path, errors="replace")
    if _dots(plain) or _controls(plain):
        return "holds '.' or '..' or control characters"
    return ""


def address_problem(url: str) -> str:
    """Why a URL is no address to call below: it is http(s)://host[:port][/path] and nothing else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "cannot be read: write https://host"
    if parts.scheme not in ("http", "https"):
        return "must start with https:// (or http://)"
    if "@" in parts.netloc:
        return "contains a user or password: put them in auth"
    host = address_host(url)
    if not _VISIBLE.fullmatch(url) or not _HOST.fullmatch(host) or port == 0:
        return "needs a host of letters, digits, dots and hyphens (xn--… for others)"
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        return "must end before any ? or #"
    return encoded_path_problem(parts.path) if parts.path else ""


def address_host(url: str) -> str:
    """The host of an address as it is written, without its port."""
    parts = urlsplit(url)
    host, _, _ = parts.netloc.rpartition(":") if parts.port else (parts.netloc, "", "")
    return host


def _controls(text: str) -> bool:
    return any(char < " " or char == "\x7f" for char in text)


def _dots(plain: str) -> bool:
    return not {".", ".."}.isdisjoint(re.split(r"[/\\]", plain))
