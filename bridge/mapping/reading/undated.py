"""Keys that go by the time of an event, in rules whose sender gives its events none: they would do nothing."""

from collections.abc import Iterable, Iterator, Mapping

from bridge.mapping.rules.ruleset import Rule, Source
from bridge.model import Diagnostic

_OCCURRED = ("meta", "occurred_at")


def undated(
    rules: Iterable[Rule], sources: Mapping[str, Source]
) -> Iterator[Diagnostic]:
    """A warning for each such key that is written; a default that does nothing surprises nobody."""
    for rule in rules:
        source = sources.get(rule.source)
        if source is None or source.provider.event.time:
            continue
        sender = f"events of {source.provider.name} have no time of their own"
        for key, help in _dated(rule):
            yield Diagnostic(
                code="W610",
                message=f"'{key}' does nothing: {sender}",
                place=rule.place_of(key),
                help=help,
            )


def _dated(rule: Rule) -> Iterator[tuple[str, str]]:
    """The keys that need the event's own time, each with what to write instead."""
    if rule.max_event_age is not None:
        yield "max_event_age", "drop it, or say event: { time: … } in the source"
    help = "write ordering.at with a time that the body holds, and | parse_date"
    if rule.at and _OCCURRED in rule.at.expression.paths:
        yield "ordering.at", help
    elif rule.at is None and rule.stale == "skip" and "ordering.stale" in rule.written:
        yield "ordering.stale", help
