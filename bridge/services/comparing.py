"""Compares two lists of updates that one event led to: which are new, lost or changed. Pure.

An update that another rule makes in exactly the same way is not a change: a renamed rule changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bridge.model import Decision, Delivery, Said
from bridge.state import State

Kind = Literal["new", "lost", "changed", "error"]
KINDS: tuple[Kind, ...] = ("changed", "new", "lost", "error")


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """One update, as a rule made it."""

    rule: str
    item: str
    # What is compared: the target and the fields, by name.
    values: Mapping[str, object]

    @property
    def ticket(self) -> str:
        """The ticket that it is about."""
        return str(self.values["ticket"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """What one set of rules made of an event: updates, and the rules that failed with their reasons."""

    updates: tuple[Update, ...] = ()
    failed: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A value that differs; None on the side that has none."""

    name: str
    before: object
    after: object


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One update that differs. An error has a reason instead of changes."""

    kind: Kind
    rule: str
    item: str = ""
    ticket: str = ""
    changes: tuple[Change, ...] = ()
    reason: str = ""


def decided(said: Iterable[Decision]) -> Side:
    """What the rules say now."""
    said = tuple(said)
    return Side(
        updates=tuple(_rendered(one) for each in said for one in each.rendered),
        failed={one.rule: one.reason for one in said if one.said is Said.ERROR},
    )


def stored(rows: Sequence[Mapping[str, Any]]) -> Side:
    """What was made then. Of an update that was made again, the newest counts."""
    made = {(row["rule"], row["item_key"]): row for row in rows}
    return Side(
        updates=tuple(_kept(row) for row in made.values() if row["operation"]),
        failed={
            row["rule"]: row["reason"]
            for row in made.values()
            if not row["operation"] and row["state"] == State.DEAD
        },
    )


def differences(before: Side, after: Side) -> tuple[Difference, ...]:
    """Everything that differs, errors first. A rule that failed before and still fails is not a difference."""
    errors = [
        Difference(kind="error", rule=rule, reason=reason)
        for rule, reason in after.failed.items()
        if rule not in before.failed
    ]
    old = {
        (one.rule, one.item): one
        for one in before.updates
        if one.rule not in after.failed
    }
    new = {(one.rule, one.item): one for one in after.updates}
    changed = [
        Difference(
            kind="changed",
            rule=rule,
            item=item,
            ticket=new[rule, item].ticket,
            changes=changes,
        )
        for rule, item in old.keys() & new.keys()
        if (changes := _changes(old[rule, item].values, new[rule, item].values))
    ]
    lost = [old[key] for key in old if key not in new]
    fresh = [new[key] for key in new if key not in old]
    for one in [*lost]:
        same = next((other for other in fresh if other.values == one.values), None)
        if same:
            lost.remove(one)
            fresh.remove(same)
    return (
        *errors,
        *sorted(changed, key=lambda one: (one.rule, one.item)),
        *(_whole("new", one) for one in fresh),
        *(_whole("lost", one) for one in lost),
    )


def _whole(kind: Kind, update: Update) -> Difference:
    sides = ({}, update.values) if kind == "new" else (update.values, {})
    return Difference(
        kind=kind,
        rule=update.rule,
        item=update.item,
        ticket=update.ticket,
        changes=_changes(*sides),
    )


def _changes(
    before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[Change, ...]:
    """The values that differ, in the order of the newer side."""
    return tuple(
        Change(name=name, before=before.get(name), after=after.get(name))
        for name in {**after, **before}
        if before.get(name) != after.get(name)
    )


def _rendered(one: Delivery) -> Update:
    target = {
        "operation": one.operation,
        "connection": one.connection.name,
        "ticket": one.ticket,
        "sent": not one.shadow,
    }
    return Update(rule=one.rule, item=one.key, values={**target, **one.fields})


def _kept(row: Mapping[str, Any]) -> Update:
    target = {name: row[name] for name in ("operation", "connection", "ticket")}
    sent = row["state"] != State.SHADOW
    values = {**target, "sent": sent, **(row["fields"] or {})}
    return Update(rule=row["rule"], item=row["item_key"], values=values)
