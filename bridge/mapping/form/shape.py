"""A mapping's known keys (Shape), and `check`: what is wrong with a file becomes findings, what is good is given back.

So one bad key does not hide what else there is to say about a file. Knows YAML nodes; knows nothing of rules.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from marshmallow import Schema

from bridge.did_you_mean import question
from bridge.kinds import NULL, Kind, Problem, keys_of
from bridge.mapping.findings import Findings, suggest
from bridge.mapping.findings.fixes import written_for
from bridge.mapping.findings.places import key_place
from bridge.model import Advice, Fix
from bridge.strict.yaml import Node, plain


class Shape(Schema):
    """A mapping of known keys: an unknown one is a problem of its own, with the nearest known key."""

    free_prefix: str | None = None  # keys that start so are nobody's business

    @cached_property
    def keys(self) -> Mapping[str, Kind]:
        """The keys as they are written in the file."""
        return dict(keys_of(self))

    def validate(self, data: Any, **_: Any) -> dict[str, Any]:
        """What is wrong with a mapping, by key: a Problem, or for what a key holds, again by key.

        The keys are asked one by one: marshmallow's loading, of which nothing else was wanted, took a sixth of the
        time that reading a folder takes.
        """
        wrong: dict[str, Any] = {
            name: Problem("required", Advice(key.metadata["title"], key.only))
            for name, key in self.keys.items()
            if key.required and name not in data
        }
        free = self.free_prefix
        for name, item in data.items():
            if key := self.keys.get(name):
                if problem := key.problem_of(item):
                    wrong[name] = problem
            elif not (free and name.startswith(free)):
                wrong[name] = self._unknown(name, data)
        return wrong

    def _unknown(self, name: str, given: Mapping[str, object]) -> Problem:
        """The nearest of the keys that are not there yet, for none may stand there twice."""
        word = name.lower()
        free = {it: key for it, key in self.keys.items() if it not in given}
        meant = (it for it, key in free.items() if word in key.metadata["meant"])
        near = next(meant, "")
        help = question(near) or suggest(name, free)
        if not help.startswith("did"):
            help = suggest("", self.keys)
        return Problem(f"unknown key '{name}'", help, code="M101")


def check(shape: Shape, node: Node, findings: Findings) -> Node:
    """The node without the keys that are wrong; each of those is a finding now."""
    if not isinstance(node.value, dict):
        findings.add("M102", "the file must contain a mapping", node.place)
        return replace(node, value={})
    return _report(node, shape.validate(plain(node)), "", findings)


def _report(
    node: Node, errors: Mapping[Any, Any], path: str, findings: Findings
) -> Node:
    bad: set[Any] = set()
    good: dict[Any, Node] = {}
    for key, error in errors.items():
        child = _child(node, key)
        name = f"{path}.{key}" if path else str(key)
        if isinstance(error, Mapping) and child is not None:
            # An entry of a list is named by its place alone: 'retries.max_age', not 'rules.3.retries.max_age'.
            good[key] = _report(
                child, error, "" if isinstance(key, int) else name, findings
            )
            continue
        bad.add(key)
        _finding(node, key, error, name, findings)
    return _replaced(node, bad, good)


def _finding(node: Node, key: Any, message: str, name: str, findings: Findings) -> None:
    child = _child(node, key)
    place = child.place if child else node.place
    if message == "required" and isinstance(message, Problem):
        _missing(node, key, name, message, findings)
    elif message == NULL:
        help = "write a value, or drop the key"
        findings.add("M102", f"'{name}' has no value", key_place(node, key), help)
    elif isinstance(message, Problem) and message.code == "M101":
        findings.add("M101", message, key_place(node, key), message.help)
    else:
        help = getattr(message, "help", "")
        fixes = written_for(node, child, help) if child else ()
        findings.add("M102", f"'{name}' {message}", place, str(help), fixes)


def _missing(
    node: Node, key: Any, name: str, message: Problem, findings: Findings
) -> None:
    """A key that has to be there; with its value, where it has but one."""
    [only] = getattr(message.help, "instead", ("",))
    help = f"write {key}: {only or '…'} ({message.help})"
    fixes: tuple[Fix, ...] = ()
    if only and not getattr(node.written, "flow_style", True):
        place = replace(node.place, length=0)
        text = f"{key}: {only}\n{' ' * (place.column - 1)}"
        fixes = (Fix(place=place, text=text),)
    findings.add("M103", f"missing key '{name}'", node.place, help, fixes)


def _child(node: Node, key: Any) -> Node | None:
    if isinstance(node.value, list):
        item: Node = node.value[key]
        return item
    return node.get(key)


def _replaced(node: Node, bad: set[Any], good: Mapping[Any, Node]) -> Node:
    if isinstance(node.value, list):
        items = enumerate(node.value)
        kept = [good.get(at, item) for at, item in items if at not in bad]
        return replace(node, value=kept)
    pairs = node.value.items() if isinstance(node.value, dict) else ()
    return replace(
        node, value={key: good.get(key, item) for key, item in pairs if key not in bad}
    )
