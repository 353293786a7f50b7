"""From a Call to the request that leaves: its URL and headers, each refused before sending when it is not plain.

Pure. requests' own preparing is passed by: it costs as much CPU as the sending, decodes `%2e%2e` into `..`, and puts
refused values into its messages.
"""

import re
from urllib.parse import quote, unquote, urlencode, urlsplit

from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict

from bridge import __version__
from bridge.errors import CallRefused
from bridge.model import Call, Headers

_METHOD = re.compile(r"[A-Z]{1,20}")
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")
_PATH = re.compile(r"/[!$%&'()*+,./0-9:;=@A-Z_a-z~-]*")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")

# What frames and routes the message is the transport's alone.
RESERVED = frozenset(
    "accept-encoding connection content-length expect host http2-settings keep-alive proxy-authenticate"
    " proxy-authorization proxy-connection te trailer transfer-encoding upgrade".split()
)


def prepare(call: Call, base_url: str, headers: Headers) -> PreparedRequest:
    """The request to send. `headers` (credentials) win over the call's own. Raises CallRefused; names, never values."""
    if not _METHOD.fullmatch(call.method):
        raise CallRefused("the method of the call is not an HTTP method such as POST")
    request = PreparedRequest()
    request.method = call.method
    request.url = _url(call, base_url)
    request.headers = _headers((*call.headers, *headers))
    request.body = call.body
    if call.body is not None:
        request.headers["Content-Length"] = str(len(call.body))
    return request


def check_base(url: str) -> str:
    """The host of a base URL. Raises CallRefused unless it is http(s)://host[:port][/path] and nothing else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise CallRefused("the base_url cannot be read: write https://host") from None
    if parts.scheme not in ("http", "https"):
        raise CallRefused("the base_url must start with https:// (or http://)")
    if "@" in parts.netloc:
        raise CallRefused("the base_url holds a user or password: put them in auth")
    host = parts.netloc.removesuffix(
        f":{parts.netloc.rpartition(':')[2]}" if port else ""
    )
    if not _VISIBLE.fullmatch(url) or not _HOST.fullmatch(host) or port == 0:
        raise CallRefused(
            "the base_url needs a host of letters, digits, dots and hyphens (xn--… for others)"
        )
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        raise CallRefused("the base_url must end before any ? or #")
    return host


def _url(call: Call, base_url: str) -> str:
    check_base(base_url)
    base = base_url.rstrip("/")
    path = urlsplit(base).path + call.path
    if not call.path.startswith("/") or not _PATH.fullmatch(path):
        raise CallRefused("the path of the call is not absolute and percent-encoded")
    # A server may decode before it splits, so what is decoded is looked at too.
    segments = re.split(r"[/\\]", unquote(path, errors="replace"))
    if any(segment in (".", "..") for segment in segments) or _controls(unquote(path)):
        raise CallRefused(
            "the path of the call holds '.' or '..' or control characters"
        )
    try:
        query = urlencode(call.query, quote_via=quote)
    except UnicodeError:
        raise CallRefused(
            "the query of the call holds text without a UTF-8 form"
        ) from None
    return f"{base}{call.path}?{query}" if query else f"{base}{call.path}"


def _controls(text: str) -> bool:
    return any(char < " " or char == "\x7f" for char in text)


def _headers(given: Headers) -> CaseInsensitiveDict[str]:
    headers = CaseInsensitiveDict[str]({"User-Agent": f"bridge/{__version__}"})
    for name, value in given:
        if not _NAME.fullmatch(name):
            raise CallRefused("a header's name has characters that HTTP does not allow")
        if name.lower() in RESERVED:
            raise CallRefused(f"the header {name} is set by the bridge: remove it")
        if not _VALUE.fullmatch(value):
            raise CallRefused(
                f"the value of the header {name} has a control character or one outside Latin-1"
            )
        headers[name] = value
    # Answers are read as they come: a compressed one could grow without bound.
    headers["Accept-Encoding"] = "identity"
    return headers
