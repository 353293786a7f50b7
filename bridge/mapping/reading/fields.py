"""Reads `fields:` of a rule, and checks what can be known of them before an event comes."""

from collections.abc import Mapping
from decimal import Decimal

from bridge import vendors
from bridge.kinds import made
from bridge.mapping.expressions import ExpressionError, compile_template
from bridge.mapping.findings import Findings, split_fix
from bridge.mapping.findings.fixes import within
from bridge.mapping.findings.places import place_at, value_place
from bridge.mapping.reading.formulas import INSERTION, TIGHT, Writer, Writing
from bridge.mapping.rules.ruleset import Formula, Tree, leaves
from bridge.mapping.values.complaints import conversion
from bridge.mapping.values.kinds import NOTHING, NUMBERS, describe
from bridge.mapping.values.value import Omit
from bridge.model import Advice, Fix
from bridge.strict.yaml import Node, plain, resolve
from bridge.strict.yaml_writing import quoted, written
from bridge.vendors import Operation

_KINDS = {
    "string": frozenset({str}),
    "number": NUMBERS,
    "integer": NUMBERS,
    "boolean": frozenset({bool}),
    "object": frozenset({dict}),
    "array": frozenset({list}),
}
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
        how = _writing(operation, name, empty=item.value is None)
        tree = write.tree(f"fields.{name}", item, how)
        if tree is not None:
            found[name] = tree
    if operation:
        _check_names(rule, node, found, operation, findings)
        _check_constants(node, found, operation, findings)
        _check_kinds(found, operation, findings)
    return found


def _writing(operation: Operation | None, name: str, *, empty: bool) -> Writing:
    """`empty` is a field that is null as a whole, which none may be."""
    blocks = _takes_text(operation, name)
    if operation is None:
        return Writing(blocks=blocks)
    into = "html" if name in operation.html else "text"
    if name in operation.segments:
        into = "path"
    nulls = name in operation.nulls and not empty

    def fits(text: str) -> bool:
        return not vendors.check_values(operation, {name: text})

    return Writing(blocks=blocks, into=into, nulls=nulls, fits=fits)


def _may_be_left_out(tree: Tree) -> bool:
    return isinstance(tree, Formula) and Omit in tree.expression.gives


def _check_names(
    rule: Node,
    node: Node,
    found: Mapping[str, Tree],
    operation: Operation,
    findings: Findings,
) -> None:
    """Unknown, missing and clashing fields."""
    given = plain(node)
    assert isinstance(given, dict)
    names = tuple(vendors.field_names(given))
    omittable = [name for name, tree in found.items() if _may_be_left_out(tree)]
    for path, problem in vendors.check_names(operation, names, omittable).items():
        message, help = split_fix(problem)
        place = place_at(node, path) if path in names else place_at(rule, "fields")
        message = f"field '{path}' of {operation.name} {message}"
        if help == "add it" and (field := made(operation.schema).fields.get(path)):
            help = f"add it, as in {path}: {field.metadata['example']}"
        findings.add("M106", message, place, help)
    for path, problem in vendors.hint_names(operation, names).items():
        message, help = split_fix(problem)
        message = f"field '{path}' {message}"
        findings.add("W606", message, place_at(node, path), help)


def _check_constants(
    node: Node, fields: Mapping[str, Tree], operation: Operation, findings: Findings
) -> None:
    """Values that are written as they are, and are not what the operation takes."""
    given = plain(node)
    assert isinstance(given, dict)
    names = tuple(vendors.field_names(given))
    misnamed = vendors.check_names(operation, names)  # which is said already
    constants = {
        name: given[name]
        for name, tree in fields.items()
        if name in made(operation.schema).fields and not any(leaves(tree))
    }
    for path, problem in vendors.check_values(operation, constants).items():
        if path in misnamed:
            continue
        message, help = split_fix(problem)
        if "{" in str(constants.get(path)):
            help = 'an expression has two braces: "{{ … }}"'
        elif path in constants:
            help = _other_kind(operation, path, constants[path], help)
        message = f"field '{path}' {message}"
        findings.add("M106", message, value_place(node, path), help)


def _other_kind(operation: Operation, path: str, value: object, help: str) -> str:
    """The help about a literal: itself with quotes or without, where the field takes that."""
    if "literal" not in help or not isinstance(value, str | int | Decimal):
        return help
    other = resolve(value) if isinstance(value, str) else str(value)
    if isinstance(value, bool) or other is None or type(other) is type(value):
        return "write another value"
    if path in vendors.check_values(operation, {path: other}):
        example = written(made(operation.schema).fields[path].metadata["example"])
        return f"write another value, such as {example}"
    text = written(other)
    if isinstance(other, str):
        text = quoted(other)
    return Advice(f"write {text}", text)


def _check_kinds(
    fields: Mapping[str, Tree], operation: Operation, findings: Findings
) -> None:
    """Expressions that can never give the kind of value that the operation takes, whatever the event holds."""
    schema = made(operation.schema)
    for name, tree in fields.items():
        field = schema.fields.get(name)
        wanted = _KINDS.get(getattr(field, "json_type", ""))
        if not wanted or not isinstance(tree, Formula):
            continue
        gives = tree.expression.gives - NOTHING
        if gives and gives.isdisjoint(wanted):
            message = f"field '{name}' needs {describe(wanted)}, but this gives {describe(gives)}"
            help = _conversion(tree.expression.source, wanted, gives)
            fixes = _whole(tree, help)
            findings.add("M106", message, tree.node.place, str(help), fixes)


def _whole(tree: Formula, help: str) -> tuple[Fix, ...]:
    """The fix of a help about a whole text."""
    if not isinstance(help, Advice):
        return ()
    return within(tree.node, 0, len(tree.expression.source), *help.instead)


def _conversion(source: str, wanted: frozenset[type], gives: frozenset[type]) -> str:
    alone = INSERTION.findall(source)
    if gives == {str} and INSERTION.sub("", source):
        help = "write nothing around {{ … }}: other text turns the value into text"
        return _if_it_gives(wanted, help, alone[0]) if len(alone) == 1 else help
    helps = (conversion(wanted, kind) for kind in gives)
    help = next((help for help in helps if help), "write another expression")
    if not help.startswith("add |") or alone != [source.strip()]:
        return help
    inner = source.strip()[2:-2].strip()
    inner = inner if TIGHT.fullmatch(inner) else f"({inner})"
    return _if_it_gives(wanted, help, f"{{{{ {inner} {help[4:]} }}}}")


def _if_it_gives(wanted: frozenset[type], help: str, source: str) -> str:
    """The help with this text to write, if that may give the kind that is wanted."""
    try:
        gives = compile_template(source).gives
    except ExpressionError:
        return help
    return help if gives.isdisjoint(wanted) else Advice(help, source)


def _takes_text(operation: Operation | None, name: str) -> bool:
    """Whether a field may be text, in which {% if %} and {% for %} are allowed."""
    field = made(operation.schema).fields.get(name) if operation else None
    return getattr(field, "json_type", "") in _MAY_BE_TEXT
