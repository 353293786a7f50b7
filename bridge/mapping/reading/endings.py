"""Reads how a test ends one expected call: `replies`, `final` and `again`. Plays nothing."""

from dataclasses import replace

from bridge.mapping.form.schema import EndingShape, SecondLookShape
from bridge.mapping.form.shape import check
from bridge.mapping.reading.known import Known
from bridge.strict import json
from bridge.strict.yaml import Node, plain

ENDING_KEYS = frozenset({"replies", "final", "again"})


def check_ending(call: Node, known: Known) -> Node | None:
    """Findings about the ENDING_KEYS of one expected call, where it has any of them.

    Gives what is expected once it was looked up again, where that is said.
    """
    parts = {key: call.get(key) for key in ENDING_KEYS}
    given = {key: node for key, node in parts.items() if node}
    if not given:
        return None
    shape = SecondLookShape() if "again" in given else EndingShape()
    ending = check(shape, replace(call, value=given), known.findings)
    for reply in replies_of(ending):
        try:
            body_of(reply)
        except ValueError as error:
            place = (reply.get("body") or reply).place
            known.findings.add("T502", f"no vendor can answer this: {error}", place)
    again = ending.get("again")
    return again.get("expect") if again else None


def body_of(reply: Node) -> bytes:
    """The body as it would arrive. Raises ValueError for a number that JSON cannot carry."""
    body = reply.get("body")
    if body is None:
        return b""
    return (
        body.value.encode() if isinstance(body.value, str) else json.dumps(plain(body))
    )


def replies_of(call: Node) -> list[Node]:
    """How an expected call is answered, in order."""
    node = call.get("replies")
    return node.value if node and isinstance(node.value, list) else []
