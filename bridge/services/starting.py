"""A mapping file to start from, for `bridge init`: one rule that passes its own test on a recorded payload.

Reads a recorded payload; writes no file. first_rule.py writes the rule's text.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bridge import mapping, providers, vendors
from bridge.errors import BridgeError, MappingError, Refused
from bridge.model import Event
from bridge.providers import Provider
from bridge.services import first_rule
from bridge.strict import http, json
from bridge.strict.yaml_writing import written

# The schema that editors use, beside the mapping file.
SCHEMA = "mapping.v1.json"
_RECORDED = datetime(2026, 1, 1, tzinfo=UTC)


class NothingToStartFrom(BridgeError):
    """No recorded payload of this sender holds exactly one event that a rule could use."""

    reason = "no_sample"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sample:
    """A recorded payload with one event."""

    path: Path
    raw: bytes
    form: bool
    event: Event


def start(sender: str, system: str) -> Mapping[str, bytes]:
    """The files of a first rule from a provider to a vendor: path in the mappings folder → content.

    Raises UnknownName, NothingToStartFrom, or ConfigurationError if something that the sender's scheme needs is unset.
    """
    provider, vendor = providers.get(sender), vendors.get(system)
    sample = _sample(provider)
    recording = f"payloads/{sender}/{sample.path.name}"
    rule = first_rule.name(vendor, sample.event)
    text = first_rule.text(provider, vendor, sample.event)
    draft = f"{text}\n{_test(recording, rule, ' skipped')}"
    ruleset = mapping.build({"draft.yaml": draft}, {}).usable()
    (trial,) = mapping.try_event(sample.event, ruleset)
    (rendered,) = trial.decision.rendered
    call = rendered.call
    body = json.loads(call.body or b"null")
    parts = {"method": call.method, "path": call.path, "body": body}
    expected = "".join(
        f"\n        {name}: {written(value)}" for name, value in parts.items()
    )
    editors = f"# yaml-language-server: $schema={SCHEMA}\n"
    mapped = f"{editors}{text}\n{_test(recording, rule, expected)}"
    return {f"{sender}.yaml": mapped.encode(), recording: sample.raw}


def require_fit(folder: Path, files: Mapping[str, bytes]) -> None:
    """Raises MappingError if the new mapping file conflicts with those of the folder."""
    texts = dict(mapping.load(folder).texts) if folder.is_dir() else {}
    before = set(mapping.build(texts).findings)
    new = {name: raw.decode() for name, raw in files.items() if name.endswith(".yaml")}
    errors = [
        finding
        for finding in mapping.build({**texts, **new}).findings
        if finding.severity == "error" and finding not in before
    ]
    if errors:
        raise MappingError(
            f"nothing was written, because it conflicts with {folder}", errors
        )


def _test(recording: str, rule: str, expected: str) -> str:
    return (
        "tests:\n"
        f"  - name: {rule} makes this call for the recorded event\n"
        f"    given: {written(recording)}\n"
        "    expect:\n"
        f"      {rule}:{expected}\n"
    )


def _sample(provider: Provider) -> _Sample:
    """The recorded payload called usual, otherwise the first with one event of a known type, JSON before forms."""
    samples = [*_samples(first_rule.configured(provider))]
    if not samples:
        raise NothingToStartFrom(
            f"no recorded payload of {provider.title} holds exactly one event of a known type: write the rule by hand"
        )
    return min(samples, key=lambda one: ("usual" not in one.path.stem, one.form))


def _samples(provider: Provider) -> Iterator[_Sample]:
    for path in providers.samples(provider.name):
        raw = path.read_bytes()
        request = http.parse(raw, _RECORDED)
        try:
            events = providers.read(provider, provider.name, providers.trust(request))
        except Refused:
            continue
        if len(events) == 1 and events[0].live and events[0].type != "unknown":
            form = "form" in "".join(request.values("content-type"))
            yield _Sample(path=path, raw=raw, form=form, event=events[0])
