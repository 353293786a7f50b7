"""Reads `tests:` and says which rules no test covers. Runs nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from bridge.did_you_mean import did_you_mean
from bridge.mapping.findings import suggest
from bridge.mapping.findings.codes import CODES
from bridge.mapping.form.schema import EndingShape, SecondLookShape
from bridge.mapping.form.shape import check
from bridge.mapping.reading.known import Known
from bridge.mapping.reading.sources import source_name
from bridge.mapping.rules.ruleset import NULL, Case, Change, Rule
from bridge.model import Advice, Diagnostic
from bridge.strict import json
from bridge.strict.yaml import Node, is_value, plain

ENDING_KEYS = frozenset({"replies", "final", "again"})
WORDS = ("no_match", "skipped")
_NOT_BODY = frozenset({"event", "body", "payload", "meta", "headers"})
CALL_KEYS = ENDING_KEYS | {"body", "body_contains", "path", "method", "headers"}


def read_cases(file: Node, known: Known) -> Iterator[Case]:
    """The tests of a file. The node's shape was checked."""
    source = source_name(file.get("source"))
    for position, item in enumerate(file.items("tests")):
        name = item.get("name")
        if name is None or not known.declare("test", str(name.value), name.place):
            continue
        yield _case(item, name, source or "", position, known)


def read_headers(node: Node) -> dict[str, str]:
    """The `fetched_headers` of a test or of what it says of a second look-up, by names in lower case."""
    pairs = node.pairs("fetched_headers")
    return {name.lower(): str(value.value) for name, value in pairs.items()}


def body_of(reply: Node) -> bytes:
    """The body of a reply as it would arrive. Raises ValueError for a number that JSON cannot carry."""
    body = reply.get("body")
    if body is None:
        return b""
    return (
        body.value.encode() if isinstance(body.value, str) else json.dumps(plain(body))
    )


def uncovered(rules: Iterable[Rule], cases: Iterable[Case]) -> Iterator[Diagnostic]:
    """A warning for each rule that no test expects to do something."""
    covered = {
        rule
        for case in cases
        for rule, outcome in case.expect.items()
        if outcome.value not in WORDS
    }
    for rule in rules:
        if rule.id not in covered and rule.mode != "off":
            yield Diagnostic(
                code="W601",
                message=f"no test covers rule '{rule.id}'",
                place=rule.place,
                help="add a test with a recorded payload that the rule matches",
            )


def _case(item: Node, name: Node, source: str, position: int, known: Known) -> Case:
    expect = item.get("expect")
    for rule, outcome in item.pairs("expect").items():
        place = expect.keys[rule].place if expect else name.place
        if known.declared("rule", rule, place):
            _check_outcome(outcome, known)
    patch: dict[str, Change] = {
        path: NULL if is_value(node) else plain(node)  # type: ignore[misc]
        for path, node in item.pairs("patch").items()
    }
    for path in patch:
        _check_path(path, item, known)
    given, at = item.get("given"), item.get("at")
    return Case(
        name=str(name.value),
        source=source,
        given=str(given.value) if given else "",
        patch=patch,
        at=datetime.fromisoformat(str(at.value)) if at else None,
        fetched=plain(item.get("fetched")),  # type: ignore[arg-type]
        fetched_headers=read_headers(item),
        expect=item.pairs("expect"),
        position=position,
        place=name.place,
        places={key: node.place for key in item.keys if (node := item.get(key))},
    )


def _check_path(path: str, item: Node, known: Known) -> None:
    head, *rest = path.split(".")
    if head != "event" or not all(rest) or not rest:
        patch = item.get("patch")
        place = patch.keys[path].place if patch else item.place
        help = "write it like event.data.object.currency"
        if head not in _NOT_BODY and path and all([head, *rest]):
            right = f"event.{path}"
            help = Advice(f"write {right}", right)
        known.findings.add("T502", f"'{path}' is not a path to patch", place, help)


def _check_outcome(outcome: Node, known: Known) -> None:
    """An outcome is a word, an error's code, what a call holds, or a list of such calls."""
    value = outcome.value
    if isinstance(value, list) and value:
        for item in value:
            _check_call(item, known)
    elif _is_error(plain(outcome)) and (code := outcome.get("error")):
        _check_code(code, known)
    elif value not in WORDS:
        _check_call(outcome, known)


def _check_code(node: Node, known: Known) -> None:
    """A finding for a code that no rule can give."""
    codes = [code for code in CODES if code.startswith("E3")]
    if node.value not in codes:
        help = suggest(str(node.value).upper(), codes)
        message = f"'{node.value}' is not the code of an error in a rule"
        known.findings.add("T502", message, node.place, help)


def _check_call(node: Node, known: Known) -> None:
    value = node.value
    if isinstance(value, dict) and value and CALL_KEYS.issuperset(value):
        expected = _check_ending(node, known)
        if expected and isinstance(expected.value, list):
            message = "this is one call, so it has one outcome"
            known.findings.add("T502", message, expected.place, "write it without [ ]")
        elif expected:
            _check_outcome(expected, known)
        return
    message = "this is not an outcome"
    if isinstance(value, str) and (help := did_you_mean(value, WORDS, 0.7)):
        known.findings.add("T502", message, node.place, help)
        return
    choices = ", ".join(sorted(CALL_KEYS))
    help = f"write no_match, skipped, {{ error: E301 }}, a mapping of {choices}, or a list of such mappings"
    known.findings.add("T502", message, node.place, help)


def _check_ending(call: Node, known: Known) -> Node | None:
    """Findings about the ENDING_KEYS of one expected call, where it has any of them.

    Gives what is expected once it was looked up again, where that is said.
    """
    parts = {key: call.get(key) for key in ENDING_KEYS}
    given = {key: node for key, node in parts.items() if node}
    if not given:
        return None
    shape = SecondLookShape() if "again" in given else EndingShape()
    ending = check(shape, replace(call, value=given), known.findings)
    for reply in ending.items("replies"):
        try:
            body_of(reply)
        except ValueError as error:
            place = (reply.get("body") or reply).place
            known.findings.add("T502", f"no vendor can answer this: {error}", place)
    again = ending.get("again")
    return again.get("expect") if again else None


def _is_error(value: object) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"error"}
        and isinstance(value["error"], str)
    )
