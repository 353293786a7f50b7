"""What a sender's events do not hold though rules go by it: a time of their own, or anything but ids."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from bridge.mapping.rules.ruleset import Rule, Source
from bridge.model import Diagnostic

_OCCURRED = ("meta", "occurred_at")
_HELP = "write fetch: in the source, or event: { thin: false } if the ids are enough"


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


def unfetched(
    rules: Iterable[Rule], sources: Mapping[str, Source], fetching: Collection[str]
) -> Iterator[Diagnostic]:
    """A warning for each such source that a rule hears of. `fetching` are the names of those that write `fetch`."""
    heard = {rule.source for rule in rules if rule.mode != "off"}
    for name in sorted((heard & sources.keys()) - set(fetching)):
        source = sources[name]
        if source.provider.event.thin:
            sender = source.provider.name
            yield Diagnostic(
                code="W612",
                message=f"source '{name}' has no look-up, but events of {sender} contain only ids",
                place=source.place,
                help=_HELP,
            )


def _dated(rule: Rule) -> Iterator[tuple[str, str]]:
    """The keys that need the event's own time, each with what to write instead."""
    if rule.max_event_age is not None:
        yield "max_event_age", "drop it, or write event: { time: … } in the source"
    help = "write ordering.at with a time from the body, and | parse_date"
    if rule.at and _OCCURRED in rule.at.expression.paths:
        yield "ordering.at", help
    elif rule.at is None and rule.stale == "skip" and "ordering.stale" in rule.written:
        yield "ordering.stale", help
