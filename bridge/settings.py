"""The environment, read once into a frozen value.

Refuses what it cannot read, all findings at once, and misspelt BRIDGE_ names. Knows nothing of mapping files: their
secrets are read in bridge.secret. The variables are documented in docs/settings.md.
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
MAX_RENDERED = 8 * 1024 * 1024  # bytes
DEDUPE = timedelta(days=30)  # longer than any sender tries again


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting of the bridge. The field `x` is read from BRIDGE_X, or from the file BRIDGE_X_FILE names."""

    mappings: Path = Path("mappings")
    database_url: str = "sqlite:///var/bridge.db"
    bind: str = "127.0.0.1:8080"  # where hooks are received
    admin_bind: str = "127.0.0.1:8081"  # console, API and metrics
    public_url: str | None = (
        None  # as senders see the bridge; also the URL in signatures that cover it
    )
    environment: str = ""  # shown, and part of idempotency keys
    secret_key: str = ""  # seals what the store keeps; the same on all hosts
    trusted_proxies: tuple[Network, ...] = ()
    allowed_networks: tuple[Network, ...] = ()  # reachable besides the public internet
    ca_bundle: Path | None = None
    proxy: str | None = None  # through which calls leave, but for allowed networks
    proxy_credentials: str = ""  # user:password
    max_body: int = 1024 * 1024  # bytes
    max_rendered: int = MAX_RENDERED  # of all calls that one event leads to
    min_free: int = 256 * 1024 * 1024  # bytes of the database's disk; below: 503
    read_timeout: float = 15.0  # seconds until a whole request must have arrived
    ruleset: str = "folder"  # or "pinned": what `bridge check --activate` stored
    sandbox_url: str | None = (
        None  # every vendor call goes to this pretend vendor instead
    )
    keep_payloads: timedelta = timedelta(days=30)  # what was received, sent, answered
    keep_events: timedelta = timedelta(days=90)  # all else of events and deliveries
    keep_ledger: timedelta = timedelta(days=400)  # and the audit trail

    def __repr__(self) -> str:
        """Without the values that may hold a secret."""
        return f"Settings(mappings={str(self.mappings)!r}, environment={self.environment!r})"


def load() -> Settings:
    """The settings in os.environ. Raises SettingsError that lists every variable it cannot read."""
    env = FileAwareEnv(prefix="BRIDGE_", eager=False, strip_whitespace=True)
    problems = _misspelt()
    values: dict[str, Any] = {}
    try:
        values = _read(env, Settings())
        env.seal()
    except EnvValidationError as error:
        messages = cast(Mapping[str, list[str]], error.error_messages)
        problems += [f"{name}: {' '.join(said)}" for name, said in messages.items()]
    except ValueError as error:  # a *_FILE that cannot be read
        problems.append(str(error))
    if not problems and values["bind"] == values["admin_bind"]:
        problems.append(
            "BRIDGE_ADMIN_BIND: must differ from BRIDGE_BIND, it is for people, not for senders"
        )
    if not problems:
        problems = _kept(values["keep_payloads"], values["keep_events"])
    if problems:
        listed = "\n  ".join(sorted(problems))
        raise SettingsError(f"the environment cannot be used:\n  {listed}")
    return Settings(**values)


def _read(env: FileAwareEnv, default: Settings) -> dict[str, Any]:
    """Field name to value, read from BRIDGE_<FIELD>; what cannot be read is collected by env until seal()."""
    return {
        "mappings": env.path("MAPPINGS", default.mappings),
        "database_url": env.str("DATABASE_URL", default.database_url),
        "bind": env.str("BIND", default.bind, validate=_bind),
        "admin_bind": env.str("ADMIN_BIND", default.admin_bind, validate=_bind),
        "public_url": env.str("PUBLIC_URL", None, validate=_url),
        "environment": env.str("ENVIRONMENT", default.environment),
        "secret_key": env.str("SECRET_KEY", default.secret_key),
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
    """A number of days, written 30d."""
    written: str = env.str(name, f"{default.days}d", validate=_parse_days)
    return _parse_days(written) if written else default


def _kept(payloads: timedelta, events: timedelta) -> list[str]:
    """What does not go together: a forgotten event that its sender sends again would be taken for a new one."""
    if events < DEDUPE:
        return [
            f"BRIDGE_KEEP_EVENTS: at least {DEDUPE.days}d, events are what duplicates are told by"
        ]
    if payloads > events:
        return ["BRIDGE_KEEP_PAYLOADS: not more than BRIDGE_KEEP_EVENTS"]
    return []


def _misspelt() -> list[str]:
    """BRIDGE_ names that look like one of ours but are not; others may be an operator's own secrets."""
    names = [f"BRIDGE_{field.name.upper()}" for field in fields(Settings)]
    names += [f"{name}_FILE" for name in names]
    strangers = [
        name for name in os.environ if name.startswith("BRIDGE_") and name not in names
    ]
    unknown = ((name, nearest(name, names, 0.85)) for name in strangers)
    return [f"{name}: unknown, did you mean {near}?" for name, near in unknown if near]


def split_bind(bind: str) -> tuple[str, int]:
    """HOST and PORT of HOST:PORT; an IPv6 host stands in brackets."""
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


def _proxy(value: str) -> None:
    try:
        parts = urlsplit(value)
        whole = parts.scheme == "http" and parts.hostname and parts.port
    except ValueError:
        whole = None
    if not whole or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValidationError("write http://HOST:PORT, TLS to a proxy is not spoken")
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
