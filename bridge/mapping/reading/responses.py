"""Reads `responses` of a rule: what a vendor's answers mean, and where one may say `do: look_up_again`."""

from collections.abc import Iterator

from bridge.conclude import LOOK_UP_AGAIN
from bridge.mapping.findings import suggest
from bridge.mapping.findings.places import place_in
from bridge.mapping.reading.formulas import Writer, check_header
from bridge.mapping.reading.known import Known
from bridge.mapping.rules.ruleset import FETCHED, Formula, Rule
from bridge.mapping.values.kinds import NUMBERS
from bridge.model import Response
from bridge.strict.yaml import Node

_PARTS = ("status", "headers", "body")  # of `response`
_KINDS = ((("response", "status"), NUMBERS),)


def read_responses(rule: Node, known: Known) -> tuple[Response, ...]:
    """The `responses` of a rule; what is wrong with them is a finding. The rule's shape was checked."""
    write = Writer(known=known, names=("response",), kinds=_KINDS)
    return tuple(
        response for item in rule.items("responses") for response in _read(item, write)
    )


def check_second_looks(node: Node, rule: Rule, known: Known) -> None:
    """Findings for `do: look_up_again` where nothing is looked up, or where the call would be the same again."""
    for item in node.items("responses"):
        do = item.get("do")
        if do is None or do.value != LOOK_UP_AGAIN:
            continue
        if rule.source not in known.fetching:
            message = f"source '{rule.source}' has no fetch, so nothing can be looked up again"
        elif not _uses_answer(rule):
            message = "the rule uses nothing of the look-up, so the same call would be made again"
        else:
            continue
        known.findings.add("M102", message, do.place, "write do: retry")


def _read(item: Node, write: Writer) -> Iterator[Response]:
    """The response, or none after a finding."""
    when, do, note = item.get("when"), item.get("do"), item.get("note")
    formula = write.condition("when", when)
    if formula is None or do is None:
        return
    _check_answer(formula, write.known)
    yield Response(
        when=formula.expression.source,
        do=str(do.value),
        note=str(note.value) if note else "",
    )


def _check_answer(formula: Formula, known: Known) -> None:
    """Findings for what no answer has: it is judged long after its event, without the ruleset's tables."""
    if formula.expression.tables:
        message = "a response sees only the answer, so it has no tables"
        help = "compare with a list: in [400, 404]"
        known.findings.add("M113", message, formula.node.place, help)
    for _, part, *rest in (path for path in formula.expression.paths if path[1:]):
        if part not in _PARTS:
            message = f"'response' has no '{part}'"
            _add(part, message, suggest(part, _PARTS), formula.node, known)
        elif part == "headers":
            check_header(rest, formula.node, known)


def _add(name: str, message: str, help: str, node: Node, known: Known) -> None:
    """A finding about a name in an expression."""
    start = str(node.value).find(name)
    place = place_in(node, start, start + len(name))
    known.findings.add("M113", message, place, help)


def _uses_answer(rule: Rule) -> bool:
    paths = (path for one in rule.formulas() for path in one.expression.paths)
    return any(path[0] in FETCHED for path in paths)
