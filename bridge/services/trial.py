"""What the rules make of one payload, as text: conditions, values, and each request as curl. Sends nothing."""

import shlex
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote, urlencode

from bridge import mapping, providers, vendors
from bridge.errors import ConfigurationError, Refused
from bridge.mapping import Ruleset, Source, Trial
from bridge.mapping.evaluate import shown
from bridge.mapping.ruleset import Formula
from bridge.model import Connection, Event, Headers, Rendered, SecretRef
from bridge.secret import Secret
from bridge.vendors import Vendor

_MASKED = Secret("<secret>")


def read_events(ruleset: Ruleset, path: Path, source: str | None) -> tuple[Event, ...]:
    """The events of a recording. Raises ConfigurationError when it, or its source, cannot be told."""
    try:
        request = mapping.read_recording(path, source or "")
        found = _source(ruleset, source or _from_target(request.target))
        return providers.read(found.provider, found.name, providers.trust(request))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, Refused) as error:
        raise ConfigurationError(f"{path} cannot be used: {error}") from None


def describe(trial: Trial, folder: Path) -> Iterator[str]:
    """The lines for one rule: what it said and why, then each value and the requests. `folder` leads its place."""
    decision = trial.decision
    place = f"{folder}/{decision.place}"
    yield f"{decision.said.value:9} {decision.rule}: {decision.reason}  ({place})"
    for step in trial.steps:
        formula = step.formula
        yield f"    {formula.name:24} {written(formula)} → {typed(step.value)}"
    for rendered in decision.rendered:
        yield ""
        yield from (f"    {line}" for line in curl(rendered, trial.rule.options))


def written(formula: Formula) -> str:
    """An expression as the mapping file has it, on one line."""
    return " ".join(formula.expression.source.split())


def typed(value: object) -> str:
    """A value and, where that is not plain, its type: '1' : text, 1 : number."""
    match value:
        case str():
            return f"{shown(value)} : text"
        case bool():
            return f"{shown(value)} : boolean"
        case int() | Decimal():
            return f"{shown(value)} : number"
        case _:
            return shown(value)


def curl(rendered: Rendered, options: Mapping[str, object]) -> list[str]:
    """The request as a command to paste; credentials read <secret>, an option that is not set <NAME>."""
    vendor = vendors.get(rendered.connection.vendor)
    call = rendered.call
    query = urlencode(call.query, quote_via=quote)
    url = f"{_base_url(vendor, rendered.connection, options)}{call.path}"
    lines = [f"curl -X {call.method} {shlex.quote(f'{url}?{query}' if query else url)}"]
    for name, value in (*call.headers, *_headers(vendor, rendered.connection)):
        lines.append(f"  -H {_argument(f'{name}: {value}'.encode())}")
    if call.body is not None:
        lines.append(f"  --data-raw {_argument(call.body)}")
    return [line + (" \\" if line is not lines[-1] else "") for line in lines]


def _base_url(
    vendor: Vendor, connection: Connection, options: Mapping[str, object]
) -> str:
    try:
        return vendor.base_url(options)
    except ConfigurationError:  # an option that is a reference, and not set here
        named = {key: _named(value) for key, value in connection.options.items()}
        return str(named.get("base_url") or vendor.address.format_map(named))


def _headers(vendor: Vendor, connection: Connection) -> Headers:
    """The connection's own headers and its credentials, as they are sent, but for every secret."""
    extra = _masked(connection.options.get("headers", {}))
    auth = _masked(connection.auth)
    assert isinstance(extra, Mapping) and isinstance(auth, Mapping)
    if "oauth2" in auth:  # what is sent is a token that these credentials fetch
        auth = {"oauth2": {"access_token": _MASKED}}
    credentials = (
        (name, "Basic <secret>" if value.startswith("Basic ") else value)
        for name, value in vendor.credentials(auth)
    )
    return (*((name, str(value)) for name, value in extra.items()), *credentials)


def _masked(value: object) -> object:
    """The same shape with every reference replaced."""
    if isinstance(value, Mapping):
        return {key: _masked(item) for key, item in value.items()}
    return _MASKED if isinstance(value, SecretRef) else value


def _named(value: object) -> object:
    return f"<{value.name}>" if isinstance(value, SecretRef) else value


def _argument(raw: bytes) -> str:
    """Bytes for a shell: quoted, or in bash's $'…' where a terminal would obey them or they are not UTF-8."""
    text = raw.decode("utf-8", "replace")
    if text.isprintable() and text.encode() == raw:
        return shlex.quote(text)
    plain = (chr(byte) if 31 < byte < 127 else f"\\x{byte:02x}" for byte in raw)
    escaped = {"'": "\\'", "\\": "\\\\"}
    return f"$'{''.join(escaped.get(char, char) for char in plain)}'"


def _source(ruleset: Ruleset, name: str) -> Source:
    found = ruleset.sources.get(name)
    if found is None:
        known = ", ".join(ruleset.sources)
        said = f"there is no source '{name}'" if name else "it does not say who sent it"
        raise ConfigurationError(f"{said}: name one with --source: {known}")
    return found


def _from_target(target: str) -> str:
    return target.partition("?")[0].removeprefix("/hooks/")
