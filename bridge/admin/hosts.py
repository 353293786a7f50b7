"""Which names in `Host` and `Origin` are the bridge's own.

A page that rebinds its name to the bridge's address (DNS rebinding) has that name in `Host`. So addresses are taken,
and names without a dot, which nobody can register; any other name must be in the settings.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from bridge.settings import Settings, split_bind


@dataclass(frozen=True, kw_only=True, slots=True)
class Hosts:
    """The names of this bridge's admin bind."""

    names: frozenset[str]
    # BRIDGE_ADMIN_URL as a browser writes it into `Origin`, or "".
    origin: str

    @classmethod
    def of(cls, settings: Settings) -> "Hosts":
        """Those of the settings."""
        names = {split_bind(settings.admin_bind)[0].lower()}
        origin = ""
        if settings.admin_url:
            parts = urlsplit(settings.admin_url.lower())
            names.add(parts.hostname or "")
            origin = f"{parts.scheme}://{parts.netloc}"
        return cls(names=frozenset(names), origin=origin)

    def are_ours(self, host: str) -> bool:
        """Whether a `Host` header names this bridge."""
        name = _name(host)
        if name is None:
            return False
        return "." not in name or name in self.names or _is_address(name)

    def is_same(self, origin: str, host: str) -> bool:
        """Whether a page of this `Origin` came from the host that is asked; a proxy may have taken TLS off."""
        origin, host = origin.lower(), host.lower()
        if origin == self.origin:
            return True
        return origin in (f"http://{host}", f"https://{host}")


def _name(host: str) -> str | None:
    """The host's name without its port; None if it cannot be one."""
    try:
        parts = urlsplit(f"//{host.lower()}")
        _ = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.netloc != host.lower() or "@" in host:
        return None
    return parts.hostname


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
