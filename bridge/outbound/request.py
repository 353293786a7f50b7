"""From a Call to the request that leaves: its URL and headers, each refused before sending when it is not plain.

Pure. requests' own preparing is passed by: it costs as much CPU as the sending, decodes `%2e%2e` into `..`, and puts
refused values into its messages.
"""

from functools import lru_cache
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict

from bridge import __version__
from bridge.errors import CallRefused
from bridge.model import Call, Headers
from bridge.strict.outgoing import (
    address_host,
    address_problem,
    encoded_path_problem,
    header_name_problem,
    header_value_problem,
    method_problem,
    with_query,
)

_BODILESS = frozenset({"GET", "HEAD", "DELETE"})  # others say that their body is empty


def prepare(call: Call, base_url: str, headers: Headers) -> PreparedRequest:
    """The request to send. `headers` (credentials) win over the call's own. Raises CallRefused; names, never values."""
    if problem := method_problem(call.method):
        raise CallRefused(f"the method of the call {problem}")
    request = PreparedRequest()
    request.method = call.method
    request.url = _url(call, base_url)
    request.headers = _headers((*call.headers, *headers))
    request.body = call.body
    if call.body is not None or call.method not in _BODILESS:
        request.headers["Content-Length"] = str(len(call.body or b""))
    return request


def check_base(url: str) -> str:
    """The host of a base URL. Raises CallRefused unless it is http(s)://host[:port][/path] and nothing else."""
    if problem := address_problem(url):
        raise CallRefused(f"the base_url {problem}")
    return address_host(url)


def _url(call: Call, base_url: str) -> str:
    address = _address(base_url, call.path)
    try:
        return with_query(address, call.query)
    except UnicodeError:
        said = "the query of the call contains text that is not valid UTF-8"
        raise CallRefused(said) from None


@lru_cache(maxsize=1_000)
def _address(base_url: str, path: str) -> str:
    """Kept for the next call: most go where many went before."""
    check_base(base_url)
    base = base_url.rstrip("/")
    if not path.startswith("/"):
        raise CallRefused("the path of the call is not absolute")
    if problem := encoded_path_problem(urlsplit(base).path + path):
        raise CallRefused(f"the path of the call {problem}")
    return f"{base}{path}"


def _headers(given: Headers) -> CaseInsensitiveDict[str]:
    headers = CaseInsensitiveDict[str]({"User-Agent": f"bridge/{__version__}"})
    for name, value in given:
        if problem := header_name_problem(name):
            raise CallRefused(f"the header {_shown(name)} {problem}")
        if header_value_problem(value):
            raise CallRefused(
                f"the value of the header {name} contains a control character, a leading or trailing space,"
                " or a character outside Latin-1"
            )
        headers[name] = value
    # Answers are read as they come: a compressed one could grow without bound.
    headers["Accept-Encoding"] = "identity"
    return headers


def _shown(name: str) -> str:
    """A header's name where it is one; what is none may be anything."""
    return name if name.isascii() and name.isprintable() and " " not in name else "…"
