"""Sources without `fetch` whose sender names objects by id alone: their rules see next to nothing."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from bridge.mapping.rules.ruleset import Rule, Source
from bridge.model import Diagnostic

_HELP = "write fetch: in the source, or event: { thin: false } where the ids are enough"


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
                message=f"source '{name}' looks nothing up: events of {sender} hold ids only",
                place=source.place,
                help=_HELP,
            )
