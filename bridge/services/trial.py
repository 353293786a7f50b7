"""What the rules make of one payload, as text: conditions, values, and each request as curl. Sends nothing."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from bridge import mapping, providers, vendors
from bridge.errors import ConfigurationError, Malformed
from bridge.mapping import Ruleset, Source, Trial
from bridge.mapping.evaluate import shown
from bridge.model import Event, Rendered, SecretRef
from bridge.secret import Secret

_MASKED = Secret("<secret>")


def read_events(ruleset: Ruleset, path: Path, source: str | None) -> tuple[Event, ...]:
    """The events of a recording. Raises ConfigurationError when it, or its source, cannot be told."""
    try:
        request = mapping.read_recording(path, source or "")
        found = _source(ruleset, source or _from_target(request.target))
        return providers.read(found.provider, found.name, providers.trust(request))
    except (OSError, ValueError, Malformed) as error:
        raise ConfigurationError(f"{path} cannot be used: {error}") from None


def describe(trial: Trial, ruleset: Ruleset) -> Iterator[str]:
    """The lines for one rule: what it said and why, then each value and the requests."""
    decision = trial.decision
    yield f"{decision.said.value:9} {decision.rule}: {decision.reason}  ({decision.place})"
    for step in trial.steps:
        written = ruleset.line(step.formula.node.place).strip()
        yield f"    {step.formula.name:24} {written} → {shown(step.value)} : {kind(step.value)}"
    for rendered in decision.rendered:
        yield ""
        yield from (f"    {line}" for line in curl(rendered, trial.rule.options))


def kind(value: object) -> str:
    """The type of a value as the mapping language names it."""
    names = {"str": "text", "dict": "mapping", "bool": "boolean", "NoneType": "null"}
    names |= {"int": "number", "Decimal": "number", "list": "list", "datetime": "time"}
    return names.get(type(value).__name__, type(value).__name__.lower())


def curl(rendered: Rendered, options: Mapping[str, object]) -> list[str]:
    """The request as a command to paste; credentials read <secret>."""
    vendor = vendors.get(rendered.connection.vendor)
    call = rendered.call
    query = "&".join(f"{name}={value}" for name, value in call.query)
    url = f"{vendor.base_url(options)}{call.path}{'?' + query if query else ''}"
    headers = [*call.headers, *vendor.credentials(_masked(rendered.connection.auth))]
    lines = [f"curl -X {call.method} {shlex.quote(url)}"]
    lines += [f"  -H {shlex.quote(f'{name}: {value}')}" for name, value in headers]
    if call.body is not None:
        text = call.body.decode("utf-8", "backslashreplace")
        lines.append(f"  --data-raw {shlex.quote(text)}")
    return [line + (" \\" if line is not lines[-1] else "") for line in lines]


def _masked(auth: Mapping[str, object]) -> dict[str, object]:
    """The same shape with every reference replaced."""
    return {
        key: _masked(item) if isinstance(item, Mapping) else _mask(item)
        for key, item in auth.items()
    }


def _mask(value: object) -> object:
    return _MASKED if isinstance(value, SecretRef) else value


def _source(ruleset: Ruleset, name: str) -> Source:
    found = ruleset.sources.get(name)
    if found is None:
        known = ", ".join(ruleset.sources)
        raise ConfigurationError(f"say which source sent it, with --source: {known}")
    return found


def _from_target(target: str) -> str:
    return target.partition("?")[0].removeprefix("/hooks/")
