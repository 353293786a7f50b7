"""What recorded payloads say about rules: paths they do not hold, event types never seen, cases no test shows.

Warnings of `bridge check --strict`: a recording shows what was, not all that can be. Evaluates what rules name, to know
what a path starts from; renders nothing. Where nothing was recorded nothing is said here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bridge.did_you_mean import nearest
from bridge.mapping.cases.recordings import Recordings
from bridge.mapping.expressions import ExpressionError, Lazy, Missing, Scope
from bridge.mapping.findings import Findings
from bridge.mapping.findings.places import place_in
from bridge.mapping.rules.evaluate import Evaluation
from bridge.mapping.rules.event_types import type_pattern
from bridge.mapping.rules.route import scope_of
from bridge.mapping.rules.ruleset import Case, Formula, Rule, Ruleset
from bridge.mapping.values.complaints import dotted, near
from bridge.mapping.values.paths import follow
from bridge.model import Diagnostic, Event, Place

# Names that no payload gives.
_NOT_RECORDED = frozenset({"fields", "index", "fetched", "fetched_headers"})
_SHOWN = 8  # keys that a help lists
_SURELY_MEANT = 0.85  # so alike are two keys when one is taken for a misspelling


def check_recorded(ruleset: Ruleset, recordings: Recordings) -> tuple[Diagnostic, ...]:
    """Warnings about every rule that is not off, sorted."""
    findings = Findings(ruleset.texts)
    for rule in ruleset.rules:
        if rule.mode != "off" and recordings.types(rule.source):
            findings.extend(_types(rule, recordings))
            findings.extend(_paths(rule, ruleset, recordings))
            findings.extend(_untold(rule, ruleset.cases, recordings))
    return findings.sorted()


def unheard(ruleset: Ruleset, recordings: Recordings) -> dict[str, tuple[str, ...]]:
    """Source → its recorded event types that no rule takes: nothing wrong, but worth knowing."""
    found = {
        source: tuple(
            kind
            for kind in recordings.types(source)
            if not any(rule.takes(kind) for rule in ruleset.rules_of(source))
        )
        for source in ruleset.sources
    }
    return {source: kinds for source, kinds in found.items() if kinds}


def _types(rule: Rule, recordings: Recordings) -> Iterator[Diagnostic]:
    """The rule's event types and patterns that fit no recording."""
    types = recordings.types(rule.source)
    for at, wanted in enumerate(rule.events):
        if not any(type_pattern([wanted]).fullmatch(kind) for kind in types):
            yield Diagnostic(
                code="W608",
                message=f"no recorded payload has type '{wanted}'",
                place=rule.place_of(f"events.{at}"),
                help=near(wanted, types)
                or f"record one; the recorded types are {', '.join(types)}",
            )


def _untold(
    rule: Rule, cases: Sequence[Case], recordings: Recordings
) -> Iterator[Diagnostic]:
    """A warning where the rule has a condition, and no test shows that it can leave an event alone."""
    conditional = rule.when is not None or rule.skip_if_missing
    if not conditional or not recordings.taken_by(rule):
        return
    outcome, how = (
        ("no_match", "its when is false")
        if rule.when
        else ("skipped", "a path of its skip_if_missing is gone")
    )
    for case in cases:
        expected = case.expect.get(rule.id)
        given = recordings.by_case[case.name] if case.source == rule.source else ()
        idle = expected is None or expected.value in ("no_match", "skipped")
        if idle and any(rule.takes(event.type) for event in given):
            return
    yield Diagnostic(
        code="W609",
        message=f"no test shows an event of its type that rule '{rule.id}' ignores",
        place=rule.place,
        help=f"add a test that expects {outcome}, with a patch after which {how}",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """What a rule's expressions see of the recorded events: `base` once an event, `items` once an item of for_each."""

    base: Sequence[Scope]
    items: Sequence[Scope]
    item: str  # what expressions call the item, "" without for_each

    def roots(self, name: str) -> Iterator[object]:
        """The values that a name has in any of them, where it has one."""
        for scope in self.items if name == self.item else self.base:
            try:
                value: object = scope.names.get(name)
                value = value.get() if isinstance(value, Lazy) else value
            except ExpressionError:
                continue  # the path that it is made of is told where it is written
            if not isinstance(value, Missing):
                yield value


def _paths(
    rule: Rule, ruleset: Ruleset, recordings: Recordings
) -> Iterator[Diagnostic]:
    """The paths that lead nowhere in every recorded payload of the rule's types."""
    seen = _seen(rule, recordings.taken_by(rule), ruleset)
    asked = {
        path
        for formula in (*rule.skip_if_missing, *([rule.when] if rule.when else ()))
        for path in formula.expression.optional_paths
    } | {path for formula in rule.skip_if_missing for path in formula.expression.paths}
    for formula in rule.formulas():
        optional = asked.union(formula.expression.optional_paths)
        for path in formula.expression.paths:
            gaps = _gaps(path, seen)
            if gaps:
                yield from _gap(formula, path, gaps, guarded=path in optional)


def _seen(rule: Rule, events: Sequence[Event], ruleset: Ruleset) -> _Seen:
    base: list[Scope] = []
    items: list[Scope] = []
    provider = ruleset.sources[rule.source].provider
    headers = dict.fromkeys(provider.event.headers, "")  # a .json recording has none
    for event in events:
        run = Evaluation(rule=rule, event=event, environment="")
        scope = scope_of(event, ruleset)
        scope.names = {**scope.names, "headers": {**headers, **event.headers}}
        base.append(run.with_let(scope))
        if rule.for_each:
            items += _item_scopes(run, base[-1])
    name = rule.for_each.name if rule.for_each else ""
    return _Seen(base=base, items=items, item=name)


def _item_scopes(run: Evaluation, scope: Scope) -> list[Scope]:
    each = run.rule.for_each
    assert each is not None
    try:
        return [scope.child({each.name: item}) for item in run.items(each, scope)]
    except ExpressionError:
        return []


def _gaps(path: tuple[str, ...], seen: _Seen) -> list[Missing]:
    """How far each payload goes along a path; none where one of them has it, or nothing is known."""
    if path[0] in _NOT_RECORDED:
        return []
    gaps = []
    for root in seen.roots(path[0]):
        found = follow(root, path[1:])
        if not isinstance(found, Missing):
            return []
        gaps.append(found)
    farthest = max((gap.found for gap in gaps), default=0)
    return [gap for gap in gaps if gap.found == farthest]


def _gap(
    formula: Formula, path: tuple[str, ...], gaps: Sequence[Missing], *, guarded: bool
) -> Iterator[Diagnostic]:
    """The warning; about a path whose absence is provided for only where it looks misspelt."""
    at = gaps[0].found + 1
    there = [gap.there for gap in gaps if isinstance(gap.there, Mapping)]
    keys = sorted({str(name) for one in there for name in one})
    if guarded and not nearest(path[at], keys, _SURELY_MEANT):
        return
    shown = ", ".join(keys[:_SHOWN]) + (", …" if len(keys) > _SHOWN else "")
    holds = f"{dotted(path[:at])} has {shown}; " if keys else ""
    yield Diagnostic(
        code="W607",
        message=f"no recorded payload has {dotted(path[: at + 1])}",
        place=_place(formula, path, at),
        help=near(path[at], keys) or f"{holds}record a payload that has it",
    )


def _place(formula: Formula, path: tuple[str, ...], last: int) -> Place:
    """The key that leads nowhere, as the expression writes it."""
    source = formula.expression.source
    start, end = formula.expression.spans[path]
    at = start
    for key in path[1 : last + 1]:
        at = source.find(key, at + 1, end)
        if at < 0:
            return place_in(formula.node, start, end)
    return place_in(formula.node, at, at + len(path[last]))
