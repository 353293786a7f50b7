"""Lays what `defaults` say under a rule of their file. Knows YAML nodes, and no key but those that stay whole."""

from dataclasses import replace

from bridge.strict.yaml import Node

_WHOLE = frozenset({"connection", "auth"})  # a rule's own replaces the default's


def merged(
    defaults: Node | None, rule: Node, *, whole: frozenset[str] = _WHOLE
) -> Node:
    """A rule with what `defaults` say and it does not, mappings key by key. Credentials are never mixed."""
    if defaults is None or not isinstance(defaults.value, dict):
        return rule
    if not isinstance(rule.value, dict):
        return rule
    values = {**defaults.value, **rule.value}
    for key in defaults.value.keys() & rule.value.keys() - whole:
        values[key] = merged(defaults.value[key], rule.value[key], whole=frozenset())
    return replace(rule, value=values, keys={**defaults.keys, **rule.keys})
