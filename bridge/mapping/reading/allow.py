"""`allow` of a source: from which networks requests are taken, of which content types, and how large.

The keys, and reading them; whether a request is within is asked in bridge.receive.
"""

import re
from difflib import get_close_matches
from ipaddress import ip_address, ip_network

from bridge import providers
from bridge.mapping.findings import Findings
from bridge.mapping.form.keys import Pattern, Text
from bridge.mapping.form.keys_holding import List
from bridge.mapping.form.keys_measured import Size, in_bytes
from bridge.mapping.form.problems import Problem, needs
from bridge.mapping.form.shape import Shape
from bridge.mapping.rules.ruleset import Allow
from bridge.providers import taken_as
from bridge.strict.yaml import Node

_FORM = "application/x-www-form-urlencoded"
_TYPES = re.compile(
    r"(?:application|text)/(?:json|xml|[a-z0-9][a-z0-9.-]{0,63}\+(?:json|xml))"
    r"|application/(?:x-www-form-urlencoded|x-ndjson|jsonl|json-lines)|multipart/form-data|text/plain"
)
_READ = ("application/json", _FORM, "application/xml")


class Network(Text):
    """Addresses of one network; a bare address is a network of one."""

    def problem(self, value: object) -> Problem | None:
        if not isinstance(value, str):
            return needs("a network", value, "write one such as 203.0.113.0/24")
        try:
            whole = ip_network(value, strict=False)
        except ValueError:
            return Problem("is not a network", "write one such as 203.0.113.0/24")
        if ip_address(value.partition("/")[0]) == whole.network_address:
            return None
        return Problem("begins at an address within a network", f"write {whole}")


class MediaType(Pattern):
    """A content type that can be read at all: JSON or XML in any dialect, or a form."""

    def __init__(self, description: str) -> None:
        form = "a content type that can be read"
        super().__init__(description, _TYPES, form, example=" or ".join(_READ))

    def problem(self, value: object) -> Problem | None:
        wrong = super().problem(value)
        near = get_close_matches(str(value).lower(), _READ, n=1) if wrong else None
        return Problem(wrong, f"did you mean '{near[0]}'?") if wrong and near else wrong


LARGEST = 32 * 2**20  # bytes; no known sender writes more in one request
UNPROVEN = 2**20  # bytes of a body that is read before anybody is proven


class AllowShape(Shape):
    """Who may send, and what; each key leaves open what it does not name."""

    networks = List(
        "Requests from anywhere else are refused as if unproven.",
        Network("A network or an address."),
        meant=("ip", "ips", "addresses", "cidr", "cidrs", "from", "hosts"),
    )
    content_types = List(
        "Bodies of any other type are refused.",
        MediaType("A content type."),
        meant=("content_type", "types", "type", "media_types", "content-types"),
    )
    max_body = Size(
        "Larger bodies are refused. Default: BRIDGE_MAX_BODY.",
        LARGEST,
        meant=("max_size", "size", "body", "body_limit", "limit", "max_bytes"),
    )


def allowed(node: Node, provider: providers.Provider, findings: Findings) -> Allow:
    """What a source allows. The node's shape was checked; a type that its provider never reads is a finding."""
    allow = node.get("allow")
    types = _items(allow, "content_types")
    for item in types:
        if taken_as(str(item.value)) not in provider.event.content:
            message = f"provider '{provider.name}' reads no body of type {item.value}"
            read = [
                media for media in _READ if taken_as(media) in provider.event.content
            ]
            findings.add("M102", message, item.place, f"write {' or '.join(read)}")
    return Allow(
        networks=tuple(ip_network(str(one.value)) for one in _items(allow, "networks")),
        content_types=frozenset(str(one.value) for one in types),
        max_body=_max_body(allow, provider, findings),
    )


def _max_body(
    allow: Node | None, provider: providers.Provider, findings: Findings
) -> int | None:
    """The limit of the source. A body that is read before it is proven may not be large: anybody can send one."""
    node = allow.get("max_body") if allow else None
    size = in_bytes(node.value) if node else None
    if node and size and size > UNPROVEN and providers.reads_unproven(provider):
        message = f"provider '{provider.name}' finds its proof by reading the body, so strangers' bodies are read, too"
        findings.add("M102", message, node.place, "write 1MB")
    return size


def _items(allow: Node | None, key: str) -> list[Node]:
    found = allow.get(key) if allow else None
    return found.value if found and isinstance(found.value, list) else []
