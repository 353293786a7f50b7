"""A trace for programs and for sharing, in the shapes that docs/terminal.md and the OpenAPI document promise. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from bridge.mapping import shown
from bridge.services.trace_values import Line, Trace
from bridge.services.trial_json import plain

# Signs of what a rule said, in file order.
SIGNS = {"matched": "✓", "no_match": "–", "skipped": "–", "error": "✕"}


def trace_object(trace: Trace) -> dict[str, Any]:
    """Everything in a trace."""
    found = {
        "event": dict(trace.event),
        "summary": trace.summary,
        "notes": [*trace.notes],
        "changed": trace.changed,
        "then": [asdict(line) for line in trace.then],
        "now": [asdict(line) for line in trace.now],
        "deliveries": [dict(row) for row in trace.deliveries],
    }
    made = plain(found)
    assert isinstance(made, dict)
    return made


def markdown(trace: Trace) -> str:
    """A trace as text to put into a ticket or a mail. Its caller hides personal data."""
    event = trace.event
    lines = [
        f"# Event {event['id']}: {_code(event['type'])} from {_code(event['source'])}",
        "",
        f"{trace.summary}",
        "",
        f"- received: {_when(event['received_at'])}",
        f"- sender's id: {_code(event['event_id'])}",
        f"- ruleset: {_code((event['ruleset'] or 'none')[:12])}",
        *(f"- {_text(note)}" for note in trace.notes),
        "",
        "## What each rule said",
        "",
        *_lines(trace.then),
    ]
    if trace.changed:
        changed = tuple(line for line in trace.now if line.differs)
        lines += ["", "## What the current rules would say instead", ""]
        lines += _lines(changed)
    if trace.deliveries:
        lines += ["", "## Deliveries", "", *map(_delivery, trace.deliveries)]
    return "\n".join(lines) + "\n"


def _lines(lines: tuple[Line, ...]) -> Iterator[str]:
    for line in lines:
        rule = _code(line.rule) if line.rule else "the event"
        place = f" ({_code(line.place)})" if line.place else ""
        yield f"- {SIGNS[line.said]} {rule}: {line.said}, {_text(line.reason)}{place}"
        for field in line.fields:
            written = f"{_code(field.template)} → " if field.template else ""
            value = _code(shown(field.value))
            yield f"  - {field.key}: {written}{value} : {field.type}"


def _delivery(row: Mapping[str, Any]) -> str:
    to = f"{_code(row['operation'])} of {_code(row['connection'])}"
    ticket = f" for {_code(row['ticket'])}" if row["ticket"] else ""
    outlook = f"; {_text(row['outlook'])}" if row["outlook"] else ""
    return f"- delivery {row['id']}, {to}{ticket}: {row['state']}{outlook}"


def _when(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"


def _text(text: str) -> str:
    """Text on one line that no Markdown reader takes for a link, an image or HTML."""
    return "".join(
        f"\\{char}" if char in "\\`*_[]<>#|!" else char for char in _flat(text)
    )


def _code(text: str) -> str:
    """The same as code: a fence longer than any within it."""
    flat = _flat(text)
    fence = "`" * (1 + max((len(run) for run in _runs(flat)), default=0))
    pad = " " if fence != "`" else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def _runs(text: str) -> Iterator[str]:
    rest = "".join(char if char == "`" else " " for char in text)
    yield from rest.split()


def _flat(text: str) -> str:
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
