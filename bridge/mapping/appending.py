"""Fields that add something at every call, such as a comment, in rules that would add them twice or not at all."""

from collections.abc import Iterable, Iterator

from bridge.mapping.ruleset import Rule
from bridge.model import Diagnostic


def appending(rules: Iterable[Rule]) -> Iterator[Diagnostic]:
    """A warning where such a field is retried after an unknown outcome, and where it is coalesced."""
    for rule in rules:
        added = sorted(rule.operation.appends.intersection(rule.fields))
        if added and rule.retries.on_ambiguous == "retry" and not rule.holds_appended:
            yield Diagnostic(
                code="W602",
                message=f"a retry after an unknown outcome may add '{added[0]}' twice",
                place=rule.place_of("retries.on_ambiguous"),
                help="write on_ambiguous: hold",
            )
        if added and rule.coalesce:
            yield Diagnostic(
                code="W611",
                message=f"each '{added[0]}' counts, and only the newest would be added",
                place=rule.place_of("ordering.coalesce"),
                help="leave coalesce out",
            )
