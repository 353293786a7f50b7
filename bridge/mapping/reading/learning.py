"""Secrets that a sender tells in its check of the URL: `secret: { learnt: NAME }`. They are written nowhere."""

import re
from collections.abc import Sequence

from bridge.mapping.reading.known import Known
from bridge.model import SecretRef
from bridge.providers import Provider
from bridge.strict.yaml import Node

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


def learnt(node: Node) -> SecretRef | None:
    """The reference that a node is, where it is one of this kind."""
    pairs = node.value if isinstance(node.value, dict) else {}
    name = pairs["learnt"].value if [*pairs] == ["learnt"] else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return None
    return SecretRef(kind="learnt", name=name)


def check_learnt(
    provider: Provider,
    groups: Sequence[Sequence[SecretRef]],
    verify: Node | None,
    known: Known,
) -> None:
    """Finds a secret that nobody would ever tell, and one beside others: which of them signs would change."""
    every = [reference for group in groups for reference in group]
    if verify is None or not any(one.kind == "learnt" for one in every):
        return
    secret = verify.get("secret") or verify
    if len(every) > 1:
        message = "a secret that is learnt is the only one of its source"
        known.findings.add("M102", message, secret.place, "take the others out")
    elif not any(one.learn for one in provider.handshake):
        message = "no check of the URL tells this secret"
        help = "add learn: header.NAME to the source's handshake"
        known.findings.add("M102", message, secret.place, help)
