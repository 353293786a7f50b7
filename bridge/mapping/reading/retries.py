"""Reads `retries` of a rule: how often and how long it is tried. Computes no wait: bridge.retry does."""

from collections.abc import Mapping

from bridge.mapping.findings import Findings
from bridge.mapping.form.keys_measured import seconds
from bridge.model import Advice, Retries
from bridge.retry import MAX_AGE, MAX_DELAY
from bridge.strict.yaml import Node

# A wait with its bound: the key, the seconds where it is not written, these as one writes them, and as it is called.
_BOUNDS = (
    ("initial", "max_delay", MAX_DELAY, "1d", "the longest wait, max_delay"),
    ("max_retry_after", "max_age", MAX_AGE, "4d", "max_age"),
)


def read_retries(rule: Node, findings: Findings) -> Retries:
    """The retries of a rule; what contradicts itself is a finding. The rule's shape was checked."""
    retries = rule.pairs("retries")
    attempts, ambiguous = retries.get("max_attempts"), retries.get("on_ambiguous")
    _check(retries, findings)
    return Retries(
        max_attempts=int(str(attempts.value)) if attempts else None,
        max_age=_duration(retries, "max_age"),
        initial=_duration(retries, "initial"),
        max_delay=_duration(retries, "max_delay"),
        max_retry_after=_duration(retries, "max_retry_after"),
        on_ambiguous=str(ambiguous.value) if ambiguous else "retry",
    )


def _check(retries: Mapping[str, Node], findings: Findings) -> None:
    """A finding where the first wait, or one that an answer asks for, is longer than any may be."""
    for name, bound, default, written, called in _BOUNDS:
        wait, longest = retries.get(name), retries.get(bound)
        if wait and seconds(wait.value) > (_duration(retries, bound) or default):
            most = str(longest.value) if longest else written
            message = f"'retries.{name}' is longer than {called}: {most}"
            help = Advice(f"write {name}: {most} or less, or a longer {bound}", most)
            findings.add("M102", message, wait.place, help)


def _duration(retries: Mapping[str, Node], key: str) -> int | None:
    found = retries.get(key)
    return seconds(found.value) if found else None
