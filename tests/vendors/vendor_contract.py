"""The contract of every vendor, over recorded transcripts: fields → call, and reply → outcome.

A transcript is transcripts/<operation>/<case>.yaml with `fields`, `options`, the exact `call`, the `reply` and the
expected `outcome`. test_vendors_contract.py runs all of them; the document about adding a vendor runs its own.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.model import Call, Outcome, Reply, Verdict
from bridge.strict.yaml import compose, plain
from bridge.vendors import (
    Operation,
    check_fields,
    check_names,
    field_names,
    look_ups,
    operations,
)

TRANSCRIPTS = Path(__file__).parent / "transcripts"
NEEDED = {Verdict.DELIVERED, Verdict.FAILED, Verdict.RETRY, Verdict.PARK}


@dataclass(frozen=True)
class Transcript:
    path: Path
    content: dict[str, Any]

    @property
    def operation(self) -> str:
        return self.path.parent.name

    def __str__(self) -> str:
        return f"{self.operation}/{self.path.stem}"


def transcripts(folder: Path = TRANSCRIPTS) -> list[Transcript]:
    """All transcripts of a folder, sorted; one that is not readable YAML is an error."""
    return [_read(path) for path in sorted(folder.rglob("*.yaml"))]


def missing_verdicts(found: list[Transcript]) -> set[Verdict]:
    """Which of the verdicts that every operation must show are in none of its transcripts."""
    return NEEDED - {Verdict(item.content["outcome"]["verdict"]) for item in found}


def contracted() -> dict[str, Operation]:
    """What keeps the contract, by name: operations and look-ups."""
    return {op.name: op for op in (*operations(), *look_ups())}


def check(transcript: Transcript) -> None:
    """Fields pass every check, build gives the exact call, judge gives the exact outcome."""
    op = contracted()[transcript.operation]
    fields = transcript.content["fields"]
    assert check_names(op, tuple(field_names(fields))) == {}
    assert check_fields(op, fields) == {}
    call = op.build(fields, transcript.content.get("options", {}))
    assert _call(call) == transcript.content["call"]
    outcome = op.judge(call, _reply(transcript.content["reply"]))
    assert _outcome(outcome) == transcript.content["outcome"]
    _check_reason(outcome.reason, fields)


def _read(path: Path) -> Transcript:
    node, findings = compose(path.read_text("utf-8"), str(path))
    assert not findings, findings
    content = plain(node)
    assert isinstance(content, dict)
    return Transcript(path, content)


def _call(call: Call) -> dict[str, Any]:
    shown: dict[str, Any] = {"method": call.method, "path": call.path}
    if call.query:
        shown["query"] = [list(pair) for pair in call.query]
    if call.headers:
        shown["headers"] = dict(call.headers)
    if call.body is not None:
        shown["body"] = call.body.decode("utf-8")
    return shown


def _reply(content: dict[str, Any]) -> Reply:
    return Reply(
        status=content["status"],
        headers=content.get("headers", {}),
        body=content.get("body", "").encode("utf-8"),
        elapsed=0.1,
        truncated=content.get("truncated", False),
    )


def _outcome(outcome: Outcome) -> dict[str, Any]:
    shown: dict[str, Any] = {"verdict": outcome.verdict.value, "code": outcome.code}
    if outcome.limit is not None:
        shown["limit"] = outcome.limit
    if outcome.call is not None:
        shown["call_body"] = (outcome.call.body or b"").decode("utf-8")
    return shown


def _check_reason(reason: str, fields: dict[str, Any]) -> None:
    assert reason and "\n" not in reason and not reason.endswith(".")
    for value in fields.values():
        assert not (isinstance(value, str) and len(value) > 6 and value in reason)
