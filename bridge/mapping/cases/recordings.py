"""The recorded payloads that a folder's tests lead to: what its rules can be held against before anything is sent.

Reads the recordings of the tests, and those of the same sender beside them. One that cannot be read is passed over:
`bridge test` says what is wrong with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bridge import providers
from bridge.errors import Refused, UnknownName
from bridge.mapping.cases.events import read_recording
from bridge.mapping.cases.patch import patched
from bridge.mapping.rules.ruleset import Case, Change, Rule, Ruleset, Source
from bridge.model import Event, Request
from bridge.providers import Provider


@dataclass(frozen=True, kw_only=True, slots=True)
class Recordings:
    """The events of the recordings."""

    by_source: Mapping[str, tuple[Event, ...]]  # as recorded, and as tests patch them
    by_case: Mapping[str, tuple[Event, ...]]  # test → what it gives to the rules

    def types(self, source: str) -> tuple[str, ...]:
        """The event types that were recorded of a source, sorted."""
        return tuple(sorted({event.type for event in self.by_source.get(source, ())}))

    def taken_by(self, rule: Rule) -> tuple[Event, ...]:
        """The events of a type that the rule takes."""
        events = self.by_source.get(rule.source, ())
        return tuple(event for event in events if rule.takes(event.type))


def read_recordings(ruleset: Ruleset, folder: Path) -> Recordings:
    """What the tests give, and what is recorded beside it. `folder` is the mappings folder."""
    by_case = {
        case.name: tuple(
            _events(_path(case, folder), ruleset.sources[case.source], case.patch)
        )
        for case in ruleset.cases
    }
    by_source = {
        name: tuple(_recorded(source, ruleset, folder))
        for name, source in ruleset.sources.items()
    }
    for case in ruleset.cases:
        by_source[case.source] += by_case[case.name]
    return Recordings(by_source=by_source, by_case=by_case)


def _recorded(source: Source, ruleset: Ruleset, folder: Path) -> Iterator[Event]:
    """The events of a source's recordings as they are, whether a test uses them or they lie beside one it uses."""
    cases = [case for case in ruleset.cases if case.source == source.name]
    given = {_path(case, folder) for case in cases}
    beside = {path for one in given for path in one.parent.glob("*.http")}
    for path in sorted(given | beside):
        request = _request(path, source.name)
        if request and (path in given or _sender(request, ruleset) == source.provider):
            yield from _read(request, source, {})


def _events(path: Path, source: Source, patch: Mapping[str, Change]) -> Iterator[Event]:
    request = _request(path, source.name)
    if request:
        yield from _read(request, source, patch)


def _read(
    request: Request, source: Source, patch: Mapping[str, Change]
) -> tuple[Event, ...]:
    try:
        changed = patched(request, source.provider, patch)
        return providers.read(source.provider, source.name, providers.trust(changed))
    except (ValueError, Refused):
        return ()


def _request(path: Path, source: str) -> Request | None:
    try:
        return read_recording(path, source)
    except (OSError, ValueError):
        return None


def _sender(request: Request, ruleset: Ruleset) -> Provider | None:
    """Who the recorded address says has sent it: a source of the ruleset, else a provider by its name."""
    name = request.target.partition("?")[0].removeprefix("/hooks/")
    if name in ruleset.sources:
        return ruleset.sources[name].provider
    try:
        return providers.get(name)
    except UnknownName:
        return None


def _path(case: Case, folder: Path) -> Path:
    return folder / Path(case.place.file).parent / case.given
