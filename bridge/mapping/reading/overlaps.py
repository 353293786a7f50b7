"""Finds two rules that write the same field of the same ticket for the same event, so that one undoes the other.

Says so only where it is sure, since a false alarm teaches people not to look: same operation, same tenant, a ticket
that is made alike, event types in common, and no conditions that differ: these are taken to tell the two apart.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from bridge.mapping.rules.event_types import type_pattern
from bridge.mapping.rules.ruleset import Constant, Formula, Keyed, Rule, Tree
from bridge.model import Diagnostic, Place


@dataclass(frozen=True, kw_only=True, slots=True)
class _Writing:
    """What a rule writes, and when, in a form that is equal for what is written alike."""

    rule: Rule
    when: str  # "" without a condition
    fields: Mapping[str, str]


def overlaps(rules: Sequence[Rule]) -> Iterator[Diagnostic]:
    """One warning for each two live rules that overlap, at the field of the later one."""
    alike: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.mode == "live" and rule.operation.replaces:
            if ticket := _ticket(rule):
                alike.setdefault(_about(rule, ticket), []).append(rule)
    for group in alike.values():
        writings = map(_writing, group) if len(group) > 1 else ()
        for one, other in combinations(writings, 2):
            if _same_condition(one, other) and _same_types(one.rule, other.rule):
                field = _contested(one, other)
                if field:
                    yield _finding(one.rule, other.rule, field)


def _about(rule: Rule, ticket: str) -> str:
    """Equal for rules that call one operation of one tenant for one ticket of one sender."""
    return repr((rule.source, rule.operation.name, rule.connection.tenant, ticket))


def _writing(rule: Rule) -> _Writing:
    return _Writing(
        rule=rule,
        when=_meaning(rule.when, rule) if rule.when else "",
        fields={name: _meaning(tree, rule) for name, tree in rule.fields.items()},
    )


def _same_condition(one: _Writing, other: _Writing) -> bool:
    return not one.when or not other.when or one.when == other.when


def _same_types(one: Rule, other: Rule) -> bool:
    """Whether there are event types that both rules take."""
    return any(
        _have_common(mine, theirs)
        for mine in one.events or ("*",)
        for theirs in other.events or ("*",)
    )


def _have_common(one: str, other: str) -> bool:
    """Whether some text fits both patterns, in which * stands for anything."""
    if "*" in one and "*" in other:
        # Whatever stands between the first and the last * always finds room.
        (start, end), (head, tail) = _ends(one), _ends(other)
        return (start.startswith(head) or head.startswith(start)) and (
            end.endswith(tail) or tail.endswith(end)
        )
    pattern, text = (one, other) if "*" in one else (other, one)
    return bool(type_pattern([pattern]).fullmatch(text))


def _ends(pattern: str) -> tuple[str, str]:
    return pattern.partition("*")[0], pattern.rpartition("*")[2]


def _contested(one: _Writing, other: _Writing) -> str:
    """The first field that both write differently, or at all where the two calls are the same; "" for none."""
    operation = one.rule.operation
    free = {*operation.ticket, *operation.appends}
    shared = [name for name in other.fields if name in one.fields and name not in free]
    same = one.fields == other.fields
    differ = (name for name in shared if same or one.fields[name] != other.fields[name])
    return next(differ, "")


def _ticket(rule: Rule) -> str:
    """The field that says which ticket it is, and how that is made; "" where no field does."""
    named = (name for name in rule.operation.ticket if name in rule.fields)
    return next((f"{name} {_meaning(rule.fields[name], rule)}" for name in named), "")


def _meaning(tree: Tree, rule: Rule) -> str:
    """A text that is equal for what is written alike, names of `let` and `for_each` with what they stand for."""
    if isinstance(tree, Formula):
        return repr((_written(tree), sorted(_behind(tree, rule).items())))
    if isinstance(tree, Constant):
        return _written(tree)
    if isinstance(tree, Mapping):
        return repr({name: _meaning(item, rule) for name, item in tree.items()})
    items = (
        [one for pair in tree.pairs for one in pair]
        if isinstance(tree, Keyed)
        else tree
    )
    return repr([_meaning(item, rule) for item in items])


def _behind(formula: Formula, rule: Rule) -> dict[str, str]:
    """The rule's own names that a formula is made from, directly or through others, and how each is written."""
    each = {rule.for_each.name: rule.for_each.items} if rule.for_each else {}
    own = {**rule.let, **each}
    found: dict[str, str] = {}
    waiting: list[Formula | Constant] = [formula]
    while waiting:
        item = waiting.pop()
        names = item.expression.names if isinstance(item, Formula) else frozenset()
        for name in names & own.keys() - found.keys():
            found[name] = _written(own[name])
            waiting.append(own[name])
    return found


def _written(item: Formula | Constant) -> str:
    if isinstance(item, Formula):
        return " ".join(item.expression.source.split())
    return repr(item.value)


def _finding(one: Rule, other: Rule, field: str) -> Diagnostic:
    return Diagnostic(
        code="W605",
        message=f"rule '{one.id}' sets '{field}' of the same ticket for the same events",
        place=_place(other, field),
        help=f"separate the two by events or when, or drop one ({one.place.file}:{one.place.line})",
    )


def _place(rule: Rule, field: str) -> Place:
    tree = rule.fields[field]
    return (
        tree.node.place
        if isinstance(tree, Formula | Constant)
        else rule.place_of("fields")
    )
