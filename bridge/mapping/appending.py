"""Fields that add something at every call, such as a comment, in rules that would add them twice or not at all."""

from collections.abc import Iterable, Iterator

from bridge.mapping.ruleset import Constant, Rule
from bridge.model import Diagnostic


def appending(rules: Iterable[Rule]) -> Iterator[Diagnostic]:
    """A warning where such a field is retried after an unknown outcome, and where it is coalesced."""
    for rule in rules:
        adds = rule.adds(_written(rule))
        if adds and "retries.on_ambiguous" in rule.written:
            if rule.retries.on_ambiguous == "retry":
                yield _repeated(rule, adds)
        added = sorted(rule.operation.appends.intersection(rule.fields))
        if added and rule.coalesce:
            yield Diagnostic(
                code="W611",
                message=f"each '{added[0]}' counts, and only the newest would be added",
                place=rule.place_of("ordering.coalesce"),
                help="leave coalesce out",
            )


def _repeated(rule: Rule, adds: str) -> Diagnostic:
    help = "write on_ambiguous: hold"
    if not rule.operation.appends:  # nobody but the rule knows
        help += ", or repeatable: true where a second call does no harm"
    return Diagnostic(
        code="W602",
        message=f"a retry after an unknown outcome may add '{adds}' twice",
        place=rule.place_of("retries.on_ambiguous"),
        help=help,
    )


def _written(rule: Rule) -> dict[str, object]:
    """The fields as they are known before any event: what an expression gives is not."""
    return {
        name: tree.value if isinstance(tree, Constant) else tree
        for name, tree in rule.fields.items()
    }
