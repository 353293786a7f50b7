"""Fields that add something at every call, such as a comment, in rules that would add them twice or not at all."""

from collections.abc import Iterable, Iterator, Mapping

from bridge.mapping.findings import Findings, suggest
from bridge.mapping.findings.places import place_at
from bridge.mapping.rules.ruleset import Constant, Rule
from bridge.model import Diagnostic
from bridge.strict.yaml import Node, plain
from bridge.vendors import Operation


def appending(rules: Iterable[Rule]) -> Iterator[Diagnostic]:
    """A warning where such a field is retried after an unknown outcome."""
    for rule in rules:
        adds = rule.adds(_written(rule))
        if adds and "retries.on_ambiguous" in rule.written:
            if rule.retries.on_ambiguous == "retry":
                yield _repeated(rule, adds)


def coalesced(
    rule: Node, operation: Operation, fields: Mapping[str, object], findings: Findings
) -> bool:
    """Whether only the newest of the updates that wait is sent: `coalesce` is true, or names the fields that add up.

    Fields that add up or are merged go by name alone.
    """
    asked = plain(rule.at("ordering.coalesce"))
    if not asked:
        return False
    named = [str(name) for name in asked] if isinstance(asked, list) else []
    place = place_at(rule, "ordering.coalesce")
    for name in (one for one in named if one not in fields):
        message = f"the rule has no field '{name}' to coalesce"
        findings.add("M105", message, place, suggest(name, fields))
    names = operation.accumulating(_known(fields))
    unnamed = [name for name in names if name not in named]
    if not unnamed:
        return True
    adds = unnamed[0] in operation.appends
    how = "adds something each time" if adds else "joins what is there"
    message = f"'{unnamed[0]}' {how}, so these updates are not coalesced"
    help = f"write coalesce: [{', '.join(names)}] if only the newest counts, or drop coalesce"
    findings.add("W611", message, place, help)
    return False


def _repeated(rule: Rule, adds: str) -> Diagnostic:
    help = "write on_ambiguous: hold"
    if not rule.operation.appends:  # nobody but the rule knows
        help += ", or repeatable: true if a second call does no harm"
    return Diagnostic(
        code="W602",
        message=f"a retry after an unknown outcome may add '{adds}' twice",
        place=rule.place_of("retries.on_ambiguous"),
        help=help,
    )


def _written(rule: Rule) -> dict[str, object]:
    """The fields as they are known before any event: what an expression gives is not."""
    return _known(rule.fields)


def _known(fields: Mapping[str, object]) -> dict[str, object]:
    return {
        name: tree.value if isinstance(tree, Constant) else tree
        for name, tree in fields.items()
    }
