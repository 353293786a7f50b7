"""Who connected, and whether a source takes requests from there, of that kind, and so many at once.

Headers are believed as far as the proxies are trusted that wrote them. Says no by raising; answers nobody.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from bridge.errors import Busy, NotVerified, UnsupportedType
from bridge.mapping import Allow
from bridge.model import Request
from bridge.providers import media_type
from bridge.settings import Network

PLACES = 800  # proven requests that wait for the store at once
PLACES_EACH = 400  # of one source: two full commits
UNKNOWN = "unknown"  # who wrote no address, or an unreadable one

# What proxies may write around a hop: a port, and IPv6 then in brackets.
_PORT = re.compile(r"\A(?:\[([^\]]*)\](?::[0-9]+)?|([0-9.]+):[0-9]+)\Z")


def remote(environ: dict[str, Any], proxies: Sequence[Network]) -> str:
    """Who connected; behind trusted proxies the nearest address that is not one of them, or UNKNOWN."""
    hops = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
    nearest = _address(str(environ.get("REMOTE_ADDR", "")))
    while hops and _within(nearest, proxies):
        hop = hops.pop().strip()
        nearest = _address(hop) if hop else nearest
    return nearest


def check_network(allow: Allow, address: str) -> None:
    """Raises NotVerified for a `remote` that is outside: an outsider learns no more than one without a signature."""
    if not is_within(allow, address):
        raise NotVerified("the address is not in an allowed network", reason="network")


def is_within(allow: Allow, address: str) -> bool:
    """Whether a `remote` is in one of the allowed networks, where any are named."""
    return not allow.networks or _within(address, allow.networks)


def check_type(allow: Allow, request: Request) -> None:
    """Raises UnsupportedType for a body of another type. For proven requests: others shall not learn what is taken."""
    if not allow.content_types or not request.body:
        return
    written = ", ".join(request.values("content-type")) or "application/json"
    if media_type(written) not in allow.content_types:
        taken = " or ".join(sorted(allow.content_types))
        raise UnsupportedType(
            f"this source does not accept the content type: send {taken}",
            reason="content_type",
        )


class Places:
    """How many proven requests are being stored, in all and by source."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def of(self, source: str) -> Iterator[None]:
        """Holds one place of this source. Raises Busy where it has none left."""
        if self._taken[source] >= PLACES_EACH or self._taken.total() >= PLACES:
            raise Busy("too many requests are waiting for the store: send it again")
        self._taken[source] += 1
        try:
            yield
        finally:
            self._taken[source] -= 1
            if not self._taken[source]:
                del self._taken[source]


@lru_cache(maxsize=200)
def _address(hop: str) -> str:
    """Without port and zone, in its one spelling: a socket on IPv6 writes an IPv4 address as ::ffff:203.0.113.5."""
    bare = _PORT.sub(r"\1\2", hop).partition("%")[0]
    try:
        parsed = ip_address(bare)
    except ValueError:
        return UNKNOWN
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def _within(address: str, networks: Sequence[Network]) -> bool:
    if address == UNKNOWN:
        return False
    parsed = ip_address(address)
    return any(parsed in network for network in networks)
