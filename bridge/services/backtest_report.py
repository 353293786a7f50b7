"""A backtest's result: as values for programs and pages, as lines for a terminal, and as Markdown. Prints nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

from bridge.services.backtest import Example, Report, RuleTally
from bridge.services.comparing import KINDS, Change
from bridge.services.trial import typed
from bridge.services.trial_json import plain

Result = Mapping[str, Any]


def result(report: Report, places: Mapping[str, str]) -> dict[str, Any]:
    """The report as JSON values. `places` says where each rule of the draft stands."""
    window = report.window
    return {
        "draft": report.draft,
        "against": report.against or None,
        "complete": report.complete,
        "events": {
            "found": window.count,
            "looked_at": report.looked_at,
            "compared": report.compared,
            "same": report.same,
            "first": plain(window.first),
            "last": plain(window.last),
            "sampled": report.sampled,
            "repeated_answers": report.repeated_answers,
            "left_out": dict(report.left_out),
        },
        "updates": {kind: report.totals[kind] for kind in KINDS},
        "rules": [
            _rule(name, tally, places.get(name))
            for name, tally in sorted(report.rules.items())
        ],
    }


def changed(found: Result) -> bool:
    """Whether anything differs."""
    return any(found["updates"].values())


def headline(found: Result) -> str:
    """`62,140 events: 41 changed, 3 new, 2 lost, 1 error`."""
    counts = found["updates"]
    said = ", ".join(_counted(kind, counts[kind]) for kind in KINDS if counts[kind])
    number = found["events"]["compared"]
    return f"{number:,} event{'s' * (number != 1)}: {said or 'nothing changed'}"


def coverage(found: Result) -> Iterator[str]:
    """What was compared with what, and what was left out: one sentence each."""
    seen = found["events"]
    if found["against"]:
        yield f"Compared with what the current rules ({found['against'][:12]}) make of the same events."
    else:
        yield "Compared with the deliveries that were made of the events then."
    if seen["sampled"]:
        yield f"A sample: {seen['looked_at']:,} of {seen['found']:,} events."
    elif found["complete"]:
        yield f"All {seen['found']:,} events that the filter finds."
    if not found["complete"]:
        yield f"Stopped early, after {seen['looked_at']:,} of {seen['found']:,} events."
    for reason, number in seen["left_out"].items():
        yield f"Left out: {number:,} ({reason})."
    if seen["repeated_answers"]:
        yield f"Look-ups were not made again: {seen['repeated_answers']:,} events used their stored answers."


def lines(found: Result) -> Iterator[str]:
    """For a terminal."""
    yield headline(found)
    for sentence in coverage(found):
        yield f"  {sentence}"
    for rule in found["rules"]:
        yield ""
        place = f"  ({rule['place']})" if rule["place"] else ""
        yield f"{rule['rule'] or 'all rules of a source'}: {_counts(rule)}{place}"
        if rule["fields"]:
            yield f"  fields: {_fields(rule)}"
        for one in rule["examples"]:
            yield f"  {one['kind']:8} event {one['event']}{_about(one)}"
            yield from (f"    {line}" for line in _details(one))


def markdown(found: Result) -> Iterator[str]:
    """For a pull request."""
    yield f"**Backtest:** {headline(found)}"
    yield ""
    for sentence in coverage(found):
        yield f"- {sentence}"
    if not found["rules"]:
        return
    yield ""
    yield "| rule | changed | new | lost | error | fields |"
    yield "|---|--:|--:|--:|--:|---|"
    for rule in found["rules"]:
        cells = [str(rule["updates"][kind]) for kind in KINDS]
        yield f"| {_cell(rule['rule'] or '–')} | {' | '.join(cells)} | {_cell(_fields(rule))} |"
    for rule in found["rules"]:
        yield ""
        yield f"`{rule['rule'] or '–'}` {rule['place'] or ''}".rstrip()
        yield ""
        for one in rule["examples"]:
            details = "; ".join(_details(one))
            yield _cell(
                f"- {one['kind']}: event {one['event']}{_about(one)}: {details}"
            )


def _rule(name: str, tally: RuleTally, place: str | None) -> dict[str, Any]:
    examples = [one for kind in KINDS for one in tally.examples.get(kind, ())]
    return {
        "rule": name,
        "place": place,
        "updates": {kind: tally.counts[kind] for kind in KINDS},
        "fields": dict(tally.fields.most_common()),
        "examples": [_example(one) for one in examples],
    }


def _example(one: Example) -> dict[str, Any]:
    difference = one.difference
    return {
        "event": one.event,
        "kind": difference.kind,
        "item": difference.item,
        "ticket": difference.ticket,
        "reason": difference.reason,
        "changes": [_change(change) for change in difference.changes],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "name": change.name,
        "before": plain(change.before),
        "after": plain(change.after),
    }


def _about(one: Mapping[str, Any]) -> str:
    ticket = f", ticket {one['ticket']}" if one["ticket"] else ""
    return f"{ticket}, item {one['item']}" if one["item"] else ticket


def _details(one: Mapping[str, Any]) -> Iterator[str]:
    if one["reason"]:
        yield one["reason"]
    for change in one["changes"]:
        before, after = typed(change["before"]), typed(change["after"])
        if one["kind"] == "changed":
            yield f"{change['name']}: {before} → {after}"
        else:
            yield f"{change['name']}: {after if one['kind'] == 'new' else before}"


def _counts(rule: Mapping[str, Any]) -> str:
    counts = rule["updates"]
    return ", ".join(_counted(kind, counts[kind]) for kind in KINDS if counts[kind])


def _counted(kind: str, number: int) -> str:
    return f"{number:,} {kind}{'s' * (kind == 'error' and number != 1)}"


def _fields(rule: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in rule["fields"].items())


def _cell(text: str) -> str:
    """Text that cannot end a table's cell, and makes neither HTML nor a link."""
    signs = {"|": "\\|", "<": "&lt;", ">": "&gt;", "[": "\\[", "\n": " ", "\r": " "}
    return "".join(signs.get(char, char) for char in text)
