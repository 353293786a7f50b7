"""Reads `allow` of a source: from which networks requests are taken, of which content types, and how large.

Whether a request is within is asked in bridge.receive.
"""

from ipaddress import ip_network

from bridge import providers
from bridge.mapping.findings import Findings
from bridge.mapping.form.allow_shape import READABLE
from bridge.mapping.form.keys_measured import in_bytes
from bridge.mapping.rules.ruleset import Allow
from bridge.providers import taken_as
from bridge.strict.yaml import Node

UNPROVEN = 2**20  # bytes of a body that is read before anybody is proven


def allowed(node: Node, provider: providers.Provider, findings: Findings) -> Allow:
    """What a source allows. The node's shape was checked; a type that its provider never reads is a finding."""
    allow = node.get("allow")
    types = allow.items("content_types") if allow else []
    for item in types:
        if taken_as(str(item.value)) not in provider.event.content:
            message = f"provider '{provider.name}' does not accept bodies of type {item.value}"
            read = [
                media for media in READABLE if taken_as(media) in provider.event.content
            ]
            findings.add("M102", message, item.place, f"write {' or '.join(read)}")
    networks = allow.items("networks") if allow else []
    return Allow(
        networks=tuple(ip_network(str(one.value)) for one in networks),
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
        message = f"provider '{provider.name}' signs inside the body, so even unverified bodies are read"
        findings.add("M102", message, node.place, "write 1MB")
    return size
