"""Reads `retries` of a rule: how often and how long it is tried. Computes no wait: bridge.retry does."""

from bridge.mapping.findings import Findings
from bridge.mapping.form.keys_measured import seconds
from bridge.model import Advice, Retries
from bridge.retry import MAX_AGE, MAX_DELAY
from bridge.strict.yaml import Node


def read_retries(node: Node | None, findings: Findings) -> Retries:
    """The retries of a rule; what contradicts itself is a finding. The node's shape was checked."""
    attempts, ambiguous = _get(node, "max_attempts"), _get(node, "on_ambiguous")
    found = Retries(
        max_attempts=int(str(attempts.value)) if attempts else None,
        max_age=_duration(node, "max_age"),
        initial=_duration(node, "initial"),
        max_delay=_duration(node, "max_delay"),
        max_retry_after=_duration(node, "max_retry_after"),
        on_ambiguous=str(ambiguous.value) if ambiguous else "retry",
    )
    _check_waits(node, found, findings)
    _check_age(node, found, findings)
    return found


def _check_waits(node: Node | None, found: Retries, findings: Findings) -> None:
    """A finding where the first wait is longer than any may be."""
    initial, longest = _get(node, "initial"), _get(node, "max_delay")
    if initial and (found.initial or 0) > (found.max_delay or MAX_DELAY):
        most = str(longest.value) if longest else "1d"
        message = (
            f"'retries.initial' is longer than the longest wait, max_delay: {most}"
        )
        said = f"write initial: {most} or less, or a longer max_delay"
        help = Advice(said, most)
        findings.add("M102", message, initial.place, help)


def _check_age(node: Node | None, found: Retries, findings: Findings) -> None:
    """A finding where an answer may ask for a wait that outlives the delivery."""
    asked, oldest = _get(node, "max_retry_after"), _get(node, "max_age")
    if asked and (found.max_retry_after or 0) > (found.max_age or MAX_AGE):
        most = str(oldest.value) if oldest else "4d"
        message = f"'retries.max_retry_after' is longer than max_age: {most}"
        said = f"write max_retry_after: {most} or less, or a longer max_age"
        help = Advice(said, most)
        findings.add("M102", message, asked.place, help)


def _get(node: Node | None, key: str) -> Node | None:
    return node.get(key) if node else None


def _duration(node: Node | None, key: str) -> int | None:
    found = _get(node, key)
    return seconds(found.value) if found else None
