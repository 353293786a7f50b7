"""Events to try a draft with: one of the store, a recorded payload of a test, or pasted text. Reads only.

Without Reveal, personal data of a stored event is hidden before the rules see it, because an expression could spell
it otherwise. Recorded payloads are found by the tests of the rules in force, never by a path that a person gives.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bridge import mapping, providers
from bridge.errors import BridgeError, Refused
from bridge.mapping import Ruleset
from bridge.model import Event, Request
from bridge.services.drafts import BadDraft
from bridge.services.stored import named, seen
from bridge.services.veiling import veiled, veiled_text
from bridge.store import Database, backtested
from bridge.strict import http

MOST = 256 * 1024  # bytes of a pasted payload
EVENTS = 20  # events of one sample that are tried


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Which events: one of the three. `revealed` only if the person may see them and gave a reason."""

    event: str = ""
    case: str = ""
    source: str = ""
    pasted: str = ""
    revealed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A sample that can be picked."""

    kind: str  # event, dead or test
    name: str  # the event's number, or the test's name
    label: str


def choices(database: Database, active: Ruleset) -> tuple[Choice, ...]:
    """The newest event of each type, those of the newest dead letters, and the tests."""
    with database.read() as tx:
        recent, dead = backtested.recent(tx), backtested.dead(tx)
    return (
        *(_event("event", id, f"{source}: {type}") for id, source, type in recent),
        *(_event("dead", id, f"{rule}: {code}") for id, rule, code in dead),
        *(Choice(kind="test", name=one.name, label=one.name) for one in active.cases),
    )


def _event(kind: str, id: int, label: str) -> Choice:
    return Choice(kind=kind, name=str(id), label=f"{label} ({id})")


def events_of(
    sample: Sample,
    rules: Ruleset,
    active: Ruleset,
    *,
    database: Database,
    folder: Path,
    environment: str,
    now: datetime,
) -> tuple[Event, ...]:
    """The events of a sample, as `rules` read them. Raises BadDraft."""
    found: tuple[Event, ...] = ()
    try:
        if sample.event:
            found = (_stored(sample, rules, database, environment),)
        elif sample.case:
            found = _recorded(sample.case, active, folder)
        elif sample.pasted.strip():
            found = _pasted(sample, rules, now)
    except BadDraft:
        raise
    except (Refused, BridgeError, ValueError) as error:
        raise BadDraft(f"the sample cannot be used: {error}") from None
    return found[:EVENTS]


def _stored(
    sample: Sample, rules: Ruleset, database: Database, environment: str
) -> Event:
    stored = named(database, sample.event)
    if stored is None:
        raise BadDraft(f"there is no event {sample.event}")
    event = seen(rules, stored, environment)
    if sample.revealed:
        return event
    return replace(
        event,
        payload=veiled(event.payload),
        headers={name: veiled_text(text) for name, text in event.headers.items()},
        fetched=veiled(event.fetched),
        fetched_headers={
            name: veiled_text(text) for name, text in event.fetched_headers.items()
        },
    )


def _recorded(name: str, active: Ruleset, folder: Path) -> tuple[Event, ...]:
    case = next((one for one in active.cases if one.name == name), None)
    if case is None:
        raise BadDraft(f"no test of the rules in force is called '{name}'")
    recordings = mapping.read_recordings(replace(active, cases=(case,)), folder)
    found = recordings.by_case[case.name]
    if not found:
        raise BadDraft(f"{case.given} cannot be read: `bridge test` says why")
    return tuple(
        replace(one, received_at=case.at or one.occurred_at or one.received_at)
        for one in found
    )


def _pasted(sample: Sample, rules: Ruleset, now: datetime) -> tuple[Event, ...]:
    source = rules.sources.get(sample.source)
    if source is None:
        known = ", ".join(rules.sources)
        raise BadDraft(f"choose the source that sends it: {known}")
    raw = sample.pasted.replace("\r\n", "\n").encode("utf-8", "replace")
    if len(raw) > MOST:
        raise BadDraft(f"the payload is larger than {MOST // 1024} KiB")
    if raw.startswith((b"POST ", b"GET ")):
        request = http.parse(raw, now)
    else:
        request = Request(
            method="POST",
            target=f"/hooks/{source.name}",
            headers=(("Content-Type", "application/json"),),
            body=raw.strip(),
            received_at=now,
        )
    found = providers.read(source.provider, source.name, providers.trust(request))
    return tuple(
        replace(one, received_at=one.occurred_at or one.received_at) for one in found
    )


def event_number(name: str, database: Database) -> int:
    """The number of a stored event. Raises BadDraft."""
    stored = named(database, name)
    if stored is None:
        raise BadDraft(f"there is no event {name}")
    return stored.id


def source_of(sample: Sample, database: Database, active: Ruleset) -> str:
    """The source of a sample; "" if it has none."""
    if sample.event:
        try:
            stored = named(database, sample.event)
        except BridgeError:
            return ""
        return stored.source if stored else ""
    case = next((one for one in active.cases if one.name == sample.case), None)
    return case.source if case else sample.source
