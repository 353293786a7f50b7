"""What the connections of one tenant share: its vendor counts calls by tenant, not by how a rule writes its address."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bridge.mapping.rules.ruleset import Rule, Source
from bridge.model import Connection

_LIMITS = ("rate", "concurrency")

Limits = Mapping[str, Mapping[str, object]]  # tenant → option → the smallest one


def share_limits(rules: Iterable[Rule], sources: dict[str, Source]) -> tuple[Rule, ...]:
    """The rules, and in `sources` the look-ups, each with the smallest rate and concurrency written for its tenant."""
    rules = tuple(rules)
    fetched = [source.fetch.rule for source in sources.values() if source.fetch]
    limits = _smallest(rule.connection for rule in (*rules, *fetched))
    same: dict[int, Connection] = {}  # what was one object stays one
    for name, source in sources.items():
        if source.fetch:
            rule = _limited(source.fetch.rule, limits, same)
            sources[name] = replace(source, fetch=replace(source.fetch, rule=rule))
    return tuple(_limited(rule, limits, same) for rule in rules)


def _smallest(connections: Iterable[Connection]) -> Limits:
    found: dict[str, dict[str, object]] = {}
    for connection in connections:
        own = found.setdefault(connection.tenant, {})
        for option in _LIMITS:
            value = connection.options.get(option)
            if _number(value) and (option not in own or _less(value, own[option])):
                own[option] = value
    return found


def _limited(rule: Rule, limits: Limits, same: dict[int, Connection]) -> Rule:
    connection = rule.connection
    options = {**connection.options, **limits[connection.tenant]}
    if options == connection.options:
        return rule
    made = same.setdefault(id(connection), replace(connection, options=options))
    return replace(rule, connection=made)


def _number(value: object) -> bool:
    """Whether an option can be compared: what is wrong with another one was found where it is written."""
    try:
        return float(str(value)) > 0
    except ValueError:
        return False


def _less(one: object, other: object) -> bool:
    return float(str(one)) < float(str(other))
