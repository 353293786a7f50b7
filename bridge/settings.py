"""The environment, read once into a frozen value.

Refuses values that it cannot read, all findings at once, and misspelt BRIDGE_ names. Knows nothing of mapping files:
bridge.secret reads their secrets. docs/settings.md documents the variables.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from environs import EnvValidationError, FileAwareEnv
from marshmallow import ValidationError

from bridge.did_you_mean import nearest
from bridge.errors import SettingsError

Network = IPv4Network | IPv6Network
# Bytes.
MAX_RENDERED = 8 * 1024 * 1024
# What people may be, from the fewest rights to the most: bridge/services/people.py.
ROLES = ("viewer", "operator", "admin")
# No sender retries for so long.
DEDUPE = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting of the bridge. The field `x` is read from BRIDGE_X, or from the file BRIDGE_X_FILE names."""

    mappings: Path = Path("mappings")
    database_url: str = "sqlite:///var/bridge.db"
    # Receives hooks.
    bind: str = "127.0.0.1:8080"
    # Console, API and metrics.
    admin_bind: str = "127.0.0.1:8081"
    # The console as people reach it, if behind a proxy or by a name.
    admin_url: str | None = None
    # The bridge as senders see it; also the URL in signatures that cover it.
    public_url: str | None = None
    # Shown, and part of idempotency keys.
    environment: str = ""
    # Seals secrets in the store; the same on all hosts.
    secret_key: str = ""
    # Sign-in to the console by OpenID Connect; none without an issuer.
    oidc_issuer: str | None = None
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    # The claim that holds a person's groups, and the role of each group.
    oidc_claim: str = "groups"
    oidc_roles: tuple[tuple[str, str], ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    # Reachable besides the public internet.
    allowed_networks: tuple[Network, ...] = ()
    ca_bundle: Path | None = None
    # Calls leave through it, except to allowed networks.
    proxy: str | None = None
    # user:password
    proxy_credentials: str = ""
    # Bytes.
    max_body: int = 1024 * 1024
    # Bytes of all calls of one event.
    max_rendered: int = MAX_RENDERED
    # Bytes free on the database's disk; with less, receivers answer 503.
    min_free: int = 256 * 1024 * 1024
    # Seconds in which a whole request must arrive.
    read_timeout: float = 15.0
    # Or "pinned": what `bridge check --activate` stored.
    ruleset: str = "folder"
    # Every vendor call goes to this pretend vendor instead.
    sandbox_url: str | None = None
    # What was received, sent and answered.
    keep_payloads: timedelta = timedelta(days=30)
    # The rest of events and deliveries.
    keep_events: timedelta = timedelta(days=90)
    # Also the audit trail.
    keep_ledger: timedelta = timedelta(days=400)

    def __repr__(self) -> str:
        """Without values that may contain a secret."""
        return f"Settings(mappings={str(self.mappings)!r}, environment={self.environment!r})"


def load() -> Settings:
    """The settings in os.environ. Raises SettingsError, which lists every variable that cannot be read."""
    env = FileAwareEnv(prefix="BRIDGE_", eager=False, strip_whitespace=True)
    problems = _misspelt()
    values: dict[str, Any] = {}
    try:
        values = _read(env, Settings())
        env.seal()
    except EnvValidationError as error:
        messages = cast(Mapping[str, list[str]], error.error_messages)
        problems += [f"{name}: {' '.join(said)}" for name, said in messages.items()]
    except ValueError as error:
        # A *_FILE cannot be read.
        problems.append(str(error))
    if not problems and values["bind"] == values["admin_bind"]:
        problems.append(
            "BRIDGE_ADMIN_BIND: must differ from BRIDGE_BIND, because it is for people, not for senders"
        )
    if not problems:
        problems = _kept(values["keep_payloads"], values["keep_events"])
        problems += _single_sign_on(values)
    if problems:
        listed = "\n  ".join(sorted(problems))
        raise SettingsError(f"these settings cannot be used:\n  {listed}")
    return Settings(**values)


def _read(env: FileAwareEnv, default: Settings) -> dict[str, Any]:
    """Field name → value, read from BRIDGE_<FIELD>; env collects errors until seal()."""
    return {
        "mappings": env.path("MAPPINGS", default.mappings),
        "database_url": env.str("DATABASE_URL", default.database_url),
        "bind": env.str("BIND", default.bind, validate=_bind),
        "admin_bind": env.str("ADMIN_BIND", default.admin_bind, validate=_bind),
        "admin_url": env.str("ADMIN_URL", None, validate=_origin),
        "public_url": env.str("PUBLIC_URL", None, validate=_url),
        "environment": env.str("ENVIRONMENT", default.environment),
        "secret_key": env.str("SECRET_KEY", default.secret_key),
        "oidc_issuer": env.str("OIDC_ISSUER", None, validate=_url),
        "oidc_client_id": env.str("OIDC_CLIENT_ID", default.oidc_client_id),
        "oidc_client_secret": env.str("OIDC_CLIENT_SECRET", default.oidc_client_secret),
        "oidc_claim": env.str("OIDC_CLAIM", default.oidc_claim),
        "oidc_roles": _parse_roles(env.str("OIDC_ROLES", "", validate=_parse_roles)),
        "trusted_proxies": _networks(env, "TRUSTED_PROXIES"),
        "allowed_networks": _networks(env, "ALLOWED_NETWORKS"),
        "ca_bundle": env.path("CA_BUNDLE", None, validate=_file),
        "proxy": env.str("PROXY", None, validate=_proxy),
        "proxy_credentials": env.str(
            "PROXY_CREDENTIALS", default.proxy_credentials, validate=_user_password
        ),
        "max_body": env.int("MAX_BODY", default.max_body, validate=_positive),
        "max_rendered": env.int(
            "MAX_RENDERED", default.max_rendered, validate=_positive
        ),
        "min_free": env.int("MIN_FREE", default.min_free, validate=_not_negative),
        "read_timeout": env.float(
            "READ_TIMEOUT", default.read_timeout, validate=_positive
        ),
        "ruleset": env.str("RULESET", default.ruleset, validate=_ruleset),
        "sandbox_url": env.str("SANDBOX_URL", None, validate=_url),
        "keep_payloads": _days(env, "KEEP_PAYLOADS", default.keep_payloads),
        "keep_events": _days(env, "KEEP_EVENTS", default.keep_events),
        "keep_ledger": _days(env, "KEEP_LEDGER", default.keep_ledger),
    }


def _networks(env: FileAwareEnv, name: str) -> tuple[Network, ...]:
    """A comma-separated list; not env.list, whose errors of single items break environs' own report."""
    listed = env.str(name, "", validate=_parse_networks)
    return _parse_networks(listed) if listed else ()


def _days(env: FileAwareEnv, name: str, default: timedelta) -> timedelta:
    """A number of days, such as 30d."""
    written: str = env.str(name, f"{default.days}d", validate=_parse_days)
    return _parse_days(written) if written else default


def _kept(payloads: timedelta, events: timedelta) -> list[str]:
    """Retention times that conflict: an event that was deleted too early would count as new when it is sent again."""
    if events < DEDUPE:
        return [
            f"BRIDGE_KEEP_EVENTS: must be at least {DEDUPE.days}d, because duplicates are recognised by stored events"
        ]
    if payloads > events:
        return ["BRIDGE_KEEP_PAYLOADS: must not be more than BRIDGE_KEEP_EVENTS"]
    return []


def _single_sign_on(values: Mapping[str, Any]) -> list[str]:
    """What is missing for OpenID Connect."""
    needed = "admin_url", "oidc_client_id", "oidc_client_secret", "oidc_roles"
    if not values["oidc_issuer"]:
        return []
    return [
        f"BRIDGE_{name.upper()}: needed, because BRIDGE_OIDC_ISSUER is set"
        for name in needed
        if not values[name]
    ]


def _misspelt() -> list[str]:
    """BRIDGE_ names that look like a misspelt setting; other names may be an operator's own secrets."""
    names = [f"BRIDGE_{field.name.upper()}" for field in fields(Settings)]
    names += [f"{name}_FILE" for name in names]
    strangers = [
        name for name in os.environ if name.startswith("BRIDGE_") and name not in names
    ]
    unknown = ((name, nearest(name, names, 0.85)) for name in strangers)
    return [f"{name}: unknown, did you mean {near}?" for name, near in unknown if near]


def split_bind(bind: str) -> tuple[str, int]:
    """HOST and PORT of HOST:PORT; an IPv6 host is in brackets."""
    host, _, port = bind.rpartition(":")
    return host.strip("[]"), int(port)


def _bind(value: str) -> None:
    host, _, port = value.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValidationError("write HOST:PORT, for example 127.0.0.1:8080")


def _url(value: str) -> None:
    parts = urlsplit(value)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.query
        or parts.fragment
    ):
        raise ValidationError("write a URL such as https://bridge.example.com")


def _origin(value: str) -> None:
    _url(value)
    parts = urlsplit(value)
    if parts.path not in ("", "/") or "@" in parts.netloc:
        raise ValidationError("write a URL without a path: https://console.example.com")


def _proxy(value: str) -> None:
    try:
        parts = urlsplit(value)
        whole = parts.scheme == "http" and parts.hostname and parts.port
    except ValueError:
        whole = None
    if not whole or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValidationError("write http://HOST:PORT: TLS to a proxy is not supported")
    if "@" in parts.netloc:
        raise ValidationError("write user and password into BRIDGE_PROXY_CREDENTIALS")


def _user_password(value: str) -> None:
    if value and (":" not in value or not value.isprintable()):
        raise ValidationError("write user:password")


def _parse_networks(value: str) -> tuple[Network, ...]:
    try:
        return tuple(
            ip_network(item.strip()) for item in value.split(",") if item.strip()
        )
    except ValueError as error:
        raise ValidationError(
            f"{error}: write networks such as 10.0.0.0/8, separated by commas"
        ) from None


def _parse_roles(value: str) -> tuple[tuple[str, str], ...]:
    """`admins=admin, staff=viewer`: the role of each group."""
    pairs = [
        tuple(part.strip() for part in item.rpartition("=")[::2])
        for item in value.split(",")
        if item.strip()
    ]
    if not all(group and role in ROLES for group, role in pairs):
        raise ValidationError(
            f"write GROUP=ROLE, separated by commas; roles are {', '.join(ROLES)}"
        )
    return tuple((group, role) for group, role in pairs)


def _parse_days(value: str) -> timedelta:
    if not re.fullmatch("[1-9][0-9]{0,4}d", value):
        raise ValidationError("write a number of days such as 30d")
    return timedelta(days=int(value[:-1]))


def _file(value: Path) -> None:
    if not value.is_file():
        raise ValidationError("the file does not exist")


def _ruleset(value: str) -> None:
    if value not in ("folder", "pinned"):
        raise ValidationError("write folder or pinned")


def _not_negative(value: float) -> None:
    if value < 0:
        raise ValidationError("must be 0 or more")


def _positive(value: float) -> None:
    if value <= 0:
        raise ValidationError("must be more than 0")
