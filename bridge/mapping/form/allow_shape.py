"""The keys of `allow` in a source. Shape only: what a provider can read is asked where it is read."""

import re
from ipaddress import ip_address, ip_network

from bridge.did_you_mean import did_you_mean
from bridge.kinds import List, Problem, Problems, needs
from bridge.mapping.form.keys import Pattern, Text
from bridge.mapping.form.keys_measured import Size
from bridge.mapping.form.shape import Shape

_FORM = "application/x-www-form-urlencoded"
_TYPES = re.compile(
    r"(?:application|text)/(?:json|xml|[a-z0-9][a-z0-9.-]{0,63}\+(?:json|xml))"
    r"|application/(?:x-www-form-urlencoded|x-ndjson|jsonl|json-lines)|multipart/form-data|text/plain"
)
READABLE = ("application/json", _FORM, "application/xml")


class Network(Text):
    """Addresses of one network; a bare address is a network of one."""

    def problem(self, value: object) -> Problems:
        if not isinstance(value, str):
            return needs("a network", value, "write one such as 203.0.113.0/24")
        try:
            whole = ip_network(value, strict=False)
        except ValueError:
            return Problem("is not a network", "write one such as 203.0.113.0/24")
        if ip_address(value.partition("/")[0]) == whole.network_address:
            return ""
        return Problem(
            "is an address within a network, not its start", f"write {whole}"
        )


class MediaType(Pattern):
    """A content type that can be read at all: JSON or XML in any dialect, or a form."""

    def __init__(self, description: str) -> None:
        form = "a content type that can be read"
        super().__init__(description, _TYPES, form, example=" or ".join(READABLE))

    def problem(self, value: object) -> Problems:
        wrong = super().problem(value)
        near = did_you_mean(str(value).lower(), READABLE)
        return Problem(str(wrong), near) if wrong and near else wrong


LARGEST = 32 * 2**20  # bytes; no known sender writes more in one request


class AllowShape(Shape):
    """Who may send, and what; each key leaves open what it does not name."""

    networks = List(
        "Requests from anywhere else are refused as if unproven.",
        items=Network("A network or an address."),
        meant=("ip", "ips", "addresses", "cidr", "cidrs", "from", "hosts"),
    )
    content_types = List(
        "Bodies of any other type are refused.",
        items=MediaType("A content type."),
        meant=("content_type", "types", "type", "media_types", "content-types"),
    )
    max_body = Size(
        "Larger bodies are refused. Default: BRIDGE_MAX_BODY.",
        LARGEST,
        meant=("max_size", "size", "body", "body_limit", "limit", "max_bytes"),
    )
