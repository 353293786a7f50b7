"""What needs a person now: one incident per cause, with since when, how many and what to do. Pure but for the times.

An incident that somebody has seen still counts: it is over when its cause is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bridge import processes
from bridge.mapping.findings import concise
from bridge.model import Diagnostic
from bridge.services.causes import Cause
from bridge.services.connections import Seen as Connection
from bridge.services.sources import Seen as Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """One thing that needs a person. `subject` is what its page is about: a cause, connection or source."""

    id: str
    # dead, held, parked, failing, silent, rules or process
    kind: str
    title: str
    detail: str
    step: str
    since: datetime | None
    count: int = 1
    subject: str = ""
    # Who has seen it, when and with which words; "" and None if nobody did.
    seen_by: str = ""
    seen_at: datetime | None = None
    seen_why: str = ""


def gathered(
    *,
    dead: Sequence[Cause],
    held: Sequence[Cause],
    connections: Sequence[Connection],
    sources: Sequence[Source],
    findings: Sequence[Diagnostic],
    seen: Mapping[str, Mapping[str, Any]],
) -> list[Incident]:
    """Every incident, what stops most first."""
    found = [
        *_rules(findings),
        *_processes(),
        *_connections(connections),
        *(_cause(cause, "dead") for cause in dead),
        *(_cause(cause, "held") for cause in held),
        *_sources(sources),
    ]
    return [_with_seen(one, seen.get(one.id)) for one in found]


def _with_seen(one: Incident, seen: Mapping[str, Any] | None) -> Incident:
    if seen is None:
        return one
    return replace(
        one, seen_by=seen["person"], seen_at=seen["at"], seen_why=seen["reason"]
    )


def _rules(findings: Sequence[Diagnostic]) -> Iterator[Incident]:
    if findings:
        yield Incident(
            id="rules",
            kind="rules",
            title="The mapping folder has errors: the last good rules are active",
            detail=concise(findings[0]),
            step="Correct the files: they are read again at once. `bridge check` shows each error.",
            since=None,
            count=len(findings),
        )


def _processes() -> Iterator[Incident]:
    for said in processes.dying():
        yield Incident(
            id="process",
            kind="process",
            title="A process of the bridge keeps crashing",
            detail=said,
            step="Read the log.",
            since=None,
        )


def _connections(connections: Sequence[Connection]) -> Iterator[Incident]:
    words = {
        "parked": (
            "is parked: its credentials were refused",
            "Correct the credentials, then resume it.",
        ),
        "failing": (
            "keeps failing",
            "It is tried again by itself; resume it to try at once.",
        ),
    }
    for one in connections:
        if one.state in words:
            title, step = words[one.state]
            yield Incident(
                id=f"{one.state}:{one.name}"[:100],
                kind=one.state,
                title=f"Connection {one.name} {title}",
                detail=one.reason,
                step=step,
                since=one.since,
                count=one.waiting,
                subject=one.name,
            )


def _cause(cause: Cause, kind: str) -> Incident:
    number = f"{cause.count:,}"
    deliveries = "delivery" if cause.count == 1 else "deliveries"
    what = "dead" if kind == "dead" else "held"
    where = " · ".join(one for one in (cause.code, cause.rule, cause.connection) if one)
    return Incident(
        id=f"{kind}:{cause.id}",
        kind=kind,
        title=f"{number} {deliveries} {what}: {cause.remedy.title}",
        detail=where,
        step=cause.remedy.step,
        since=cause.first,
        count=cause.count,
        subject=cause.id,
    )


def _sources(sources: Sequence[Source]) -> Iterator[Incident]:
    for one in sources:
        if one.heard.silent:
            yield Incident(
                id=f"silent:{one.name}"[:100],
                kind="silent",
                title=f"Source {one.name} is silent for longer than usual",
                detail=f"usually an event every {_span(one.heard.usual)}",
                step="Check at the sender whether the webhook is still on.",
                since=one.heard.last,
                subject=one.name,
            )


def _span(length: Any) -> str:
    """`40 s`, `5 min`, `3 h`, `2 days`."""
    seconds = int(length.total_seconds())
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
