"""Reads `fields:` of a rule, and checks what can be known of them before an event comes."""

from collections.abc import Mapping
from functools import cache

from marshmallow import Schema

from bridge import vendors
from bridge.mapping.findings import Findings, split_fix
from bridge.mapping.formulas import Writer
from bridge.mapping.places import place_at
from bridge.mapping.ruleset import Constant, Tree
from bridge.strict.yaml import Node, plain
from bridge.vendors import Operation

_MAY_BE_TEXT = frozenset({"string", "object", "array", ""})


def read_fields(
    rule: Node, operation: Operation | None, write: Writer
) -> Mapping[str, Tree]:
    """The compiled fields of a rule; what does not compile is a finding and left out."""
    node = rule.get("fields")
    findings = write.known.findings
    if node is None or not isinstance(node.value, dict):
        place = place_at(rule, "target")
        findings.add("M103", "missing key 'fields'", place, "write fields: { … }")
        return {}
    found = {}
    for name, item in node.value.items():
        tree = write.tree(
            f"fields.{name}",
            item,
            blocks=_takes_text(operation, name),
            html=operation is not None and name in operation.html,
        )
        if tree is not None:
            found[name] = tree
    if operation:
        _check_names(rule, node, operation, findings)
        _check_constants(node, found, operation, findings)
    return found


def _check_names(
    rule: Node, node: Node, operation: Operation, findings: Findings
) -> None:
    """Unknown, missing and clashing fields."""
    given = plain(node)
    assert isinstance(given, dict)
    names = tuple(vendors.field_names(given))
    for path, problem in vendors.check_names(operation, names).items():
        message, help = split_fix(problem)
        place = place_at(node, path) if path in names else place_at(rule, "fields")
        message = f"field '{path}' of {operation.name} {message}"
        findings.add("M106", message, place, help)
    for path, problem in vendors.hint_names(operation, names).items():
        message, help = split_fix(problem)
        message = f"field '{path}' {message}"
        findings.add("W606", message, place_at(node, path), help)


def _check_constants(
    node: Node, fields: Mapping[str, Tree], operation: Operation, findings: Findings
) -> None:
    """Values that are written as they are, and are not what the operation takes."""
    schema = _made(operation.schema)
    constants = {
        name: tree.value
        for name, tree in fields.items()
        if isinstance(tree, Constant) and name in schema.fields
    }
    problems = schema.validate(constants, partial=True)
    for name, messages in problems.items():
        if name in constants and isinstance(messages, list):
            message, help = split_fix(str(messages[0]))
            place = fields[name].node.place  # type: ignore[union-attr]
            findings.add("M106", f"field '{name}' {message}", place, help)


@cache
def _made(schema: type[Schema]) -> Schema:
    """One instance per schema: making one takes longer than using it."""
    return schema()


def _takes_text(operation: Operation | None, name: str) -> bool:
    """Whether a field may be text, in which {% if %} and {% for %} are allowed."""
    field = _made(operation.schema).fields.get(name) if operation else None
    return getattr(field, "json_type", "") in _MAY_BE_TEXT
