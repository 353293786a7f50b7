"""Reads `fetch` of a source: a rule without a name, whose target is an operation that changes nothing."""

from dataclasses import replace

from bridge import vendors
from bridge.mapping.form.keys_measured import seconds
from bridge.mapping.reading.known import Known
from bridge.mapping.reading.rules import Reader
from bridge.mapping.reading.sources import source_name
from bridge.mapping.rules.ruleset import Constant, Fetch, Rule
from bridge.strict.yaml import Node


def declare_fetch(file: Node, known: Known) -> None:
    """Adds the `fetch` of the source that a file declares, once all connections are known."""
    node = file.get("source")
    fetch = node.get("fetch") if node else None
    name = source_name(node)
    if node is None or fetch is None or name is None:
        return
    reader = _Reader(fetch, known)
    rule = reader.rule("", name, node.keys["fetch"].place)
    # Of two sources of one name the first counts, and the second is a finding already.
    source = known.sources.get(name)
    if rule is None or source is None or source.place.file != node.place.file:
        return
    _refuse_changes(rule, known)
    rule = replace(rule, lane_key=reader.template("key"))
    cache = seconds(reader.text("cache")) if reader.text("cache") else 0
    known.sources[name] = replace(source, fetch=Fetch(rule=rule, cache=cache))


def _refuse_changes(rule: Rule, known: Known) -> None:
    """A look-up may be made any number of times, so it may not do anything."""
    method = rule.fields.get("method")
    if isinstance(method, Constant) and method.value in ("PUT", "PATCH", "DELETE"):
        message = f"a look-up only reads, but {method.value} changes something"
        known.findings.add("M102", message, method.node.place, "write method: GET")


class _Reader(Reader):
    """Reads a look-up: its target is an operation that changes nothing."""

    find = staticmethod(vendors.look_up)
