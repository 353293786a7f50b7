"""The rules in force as people look at them: where each stands, what it does, and what it said lately. Reads only.

Counts are of the newest events: at most COUNTED of them, of the last seven days. A rule that said nothing to those is
looked up by its deliveries, so that "never matched" means that the store has none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.errors import BridgeError
from bridge.greenlets import off_the_loop
from bridge.mapping import Case, Rule, Ruleset
from bridge.model import Said
from bridge.store import Database, Transaction, rule_counts
from bridge.store.rule_counts import Counted

DAYS = timedelta(days=7)
COUNTED = 20_000  # events: 0.1 s on SQLite


class UnknownRule(BridgeError):
    """A name that no rule in force has."""

    reason = "unknown_rule"
    status = 404
    exit_code = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleView:
    """One rule in force."""

    id: str
    description: str
    source: str
    events: tuple[str, ...]
    target: str
    connection: str
    mode: str
    file: str
    line: int
    tests: int
    # Of the events that were counted.
    said: Mapping[Said, int]
    last_hit: datetime | None

    @property
    def place(self) -> str:
        """`stripe.yaml:15`."""
        return f"{self.file}:{self.line}"

    @property
    def never(self) -> bool:
        """Whether it never matched, as far as the store knows."""
        return self.last_hit is None


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleList:
    """All rules in force, in file order, and what their counts are of."""

    ruleset: str
    rules: tuple[RuleView, ...]
    counted: int
    whole: bool

    @property
    def note(self) -> str:
        """What was counted, as a sentence."""
        if self.whole:
            return f"Counts are of the {self.counted:,} events of the last 7 days."
        return f"Counts are of the newest {self.counted:,} events: there are more of 7 days."


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleDetail:
    """One rule with its text and its tests."""

    view: RuleView
    text: str
    first_line: int
    tests: tuple[tuple[str, str], ...]  # name, place
    note: str


def listed(database: Database, rules: Ruleset, *, now: datetime) -> RuleList:
    """All rules in force."""
    return off_the_loop(lambda: _listed(database, rules, now))


def detail(
    database: Database, rules: Ruleset, name: str, *, now: datetime
) -> RuleDetail:
    """One rule in force. Raises UnknownRule."""
    rule = next((one for one in rules.rules if one.id == name), None)
    if rule is None:
        raise UnknownRule(
            f"no rule in force is called '{name}': `bridge rules list` lists them"
        )
    found = listed(database, rules, now=now)
    text, first = _text(rules, rule)
    return RuleDetail(
        view=next(one for one in found.rules if one.id == name),
        text=text,
        first_line=first,
        tests=tuple((one.name, str(one.place)) for one in _tests(rules, rule)),
        note=found.note,
    )


def _listed(database: Database, rules: Ruleset, now: datetime) -> RuleList:
    with database.read() as tx:
        counted = rule_counts.count(tx, now - DAYS, COUNTED)
        views = tuple(_view(tx, rules, rule, counted) for rule in rules.rules)
    return RuleList(
        ruleset=rules.hash, rules=views, counted=counted.events, whole=counted.whole
    )


def _view(tx: Transaction, rules: Ruleset, rule: Rule, counted: Counted) -> RuleView:
    _, newest = counted.said.get((rule.id, Said.MATCHED), (0, 0))
    last = (
        rule_counts.received(tx, newest)
        if newest
        else rule_counts.last_made(tx, rule.id)
    )
    return RuleView(
        id=rule.id,
        description=rule.description,
        source=rule.source,
        events=rule.events,
        target=rule.operation.name,
        connection=rule.connection.name,
        mode=rule.mode,
        file=rule.place.file,
        line=rule.place.line,
        tests=sum(1 for _ in _tests(rules, rule)),
        said={said: counted.said.get((rule.id, said), (0, 0))[0] for said in Said},
        last_hit=last,
    )


def _tests(rules: Ruleset, rule: Rule) -> Iterator[Case]:
    return (one for one in rules.cases if rule.id in one.expect)


def _text(rules: Ruleset, rule: Rule) -> tuple[str, int]:
    """The lines of a rule, and the number of the first: from its dash to what stands no deeper than that."""
    lines = rules.texts[rule.place.file].splitlines()
    first = rule.place.line - 1
    while first and not lines[first].lstrip().startswith("- "):
        first -= 1
    depth = _depth(lines[first])
    last = first + 1
    while last < len(lines) and not _ends(lines[last], depth):
        last += 1
    return "\n".join(_trimmed(lines[first:last])), first + 1


def _ends(line: str, depth: int) -> bool:
    return bool(line.strip()) and _depth(line) <= depth


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _trimmed(lines: Sequence[str]) -> Sequence[str]:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines
