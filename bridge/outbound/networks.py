"""Which network addresses a call may reach. Pure: it is given addresses that were already resolved, and asks nobody.

Only the public internet, unless BRIDGE_ALLOWED_NETWORKS adds more. The refused ranges are those of IANA's two
special-purpose address registries, plus the forms that carry an IPv4 address inside an IPv6 one: `ipaddress` calls
some of these global, and a translating network would lead them to a private host.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import TypeAlias

from bridge.errors import CallRefused

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))

# The first network that holds an address names it, so a range stands before the wider one around it.
_REFUSED: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "an unspecified"),
        ("10.0.0.0/8", "a private"),
        ("100.64.0.0/10", "a carrier-grade NAT"),
        ("127.0.0.0/8", "a loopback"),
        ("169.254.0.0/16", "a link-local"),
        ("172.16.0.0/12", "a private"),
        ("192.0.0.0/24", "a reserved"),
        ("192.0.2.0/24", "a documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "a private"),
        ("198.18.0.0/15", "a benchmarking"),
        ("198.51.100.0/24", "a documentation"),
        ("203.0.113.0/24", "a documentation"),
        ("224.0.0.0/4", "a multicast"),
        ("240.0.0.0/4", "a reserved"),
        ("::/128", "an unspecified"),
        ("::1/128", "a loopback"),
        ("::ffff:0:0/96", "an IPv4-mapped"),
        ("64:ff9b::/96", "a NAT64"),
        ("64:ff9b:1::/48", "a NAT64"),
        ("2001::/32", "a Teredo"),
        ("2001::/23", "a reserved"),
        ("2001:db8::/32", "a documentation"),
        ("2002::/16", "a 6to4"),
        ("3fff::/20", "a documentation"),
        ("fc00::/7", "a private"),
        ("fe80::/10", "a link-local"),
        ("ff00::/8", "a multicast"),
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # nothing outside it was ever given out

# Names that mean something on this machine or in this network alone (RFC 6761, 6762, 8375).
_LOCAL = (
    ".localhost",
    ".local",
    ".internal",
    ".home.arpa",
    ".lan",
)
_PLAIN = "{host} is on the public internet, and plain http would expose the credentials: use https in base_url"


def special_kind(address: Address) -> str | None:
    """What an address that is not a public one is, with its article ("a loopback"); None for a public one."""
    for network, kind in _REFUSED:
        if address in network:
            return kind
    if address.version == 6 and address not in _GLOBAL_UNICAST:
        return "a reserved"
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The addresses that may be reached: all public ones by TLS, and `allowed` networks in any way."""

    allowed: Sequence[Network] = ()

    def allows_all(self, addresses: Sequence[Address]) -> bool:
        """Whether each is in a network that the operator allowed."""
        return all(any(one in net for net in self.allowed) for one in addresses)

    def check_name(self, host: str, *, encrypted: bool) -> None:
        """Raises CallRefused unless a name that is not known here may be asked of a proxy: a public one, by TLS."""
        name = host.lower().rstrip(".")
        if "." not in name or name.endswith(_LOCAL):
            raise CallRefused(
                f"{host} cannot be resolved here and is not a public name, so the proxy is not used: check "
                "base_url, or make it resolvable here and add its network to BRIDGE_ALLOWED_NETWORKS"
            )
        if not encrypted:
            raise CallRefused(_PLAIN.format(host=host))

    def check(
        self, host: str, addresses: Sequence[Address], *, encrypted: bool
    ) -> None:
        """Raises CallRefused unless every address of the host may be reached: one bad answer spoils the name."""
        for address in addresses:
            if any(address in network for network in self.allowed):
                continue
            kind = special_kind(address)
            if kind:
                raise CallRefused(
                    f"{host} is at {address}, {kind} address: if that is intended, add its network to "
                    "BRIDGE_ALLOWED_NETWORKS"
                )
            if not encrypted:
                raise CallRefused(_PLAIN.format(host=host))
