"""Rules, rulesets and their differences as plain values, the same for every face."""

from typing import Any

from bridge.model import Said
from bridge.services.rule_views import RuleDetail, RuleView
from bridge.services.ruleset_versions import Diff, Version


def rule(one: RuleView) -> dict[str, Any]:
    """One rule of a list."""
    return {
        "id": one.id,
        "description": one.description,
        "place": one.place,
        "source": one.source,
        "events": list(one.events),
        "target": one.target,
        "connection": one.connection,
        "mode": one.mode,
        "tests": one.tests,
        "hits": one.said[Said.MATCHED],
        "errors": one.said[Said.ERROR],
        "skipped": one.said[Said.SKIPPED],
        "no_match": one.said[Said.NO_MATCH],
        "last_hit": one.last_hit,
    }


def detail(one: RuleDetail) -> dict[str, Any]:
    """One rule with its text; its tests by name."""
    cases = [{"name": name, "place": place} for name, place in one.tests]
    more = {"cases": cases, "text": one.text, "first_line": one.first_line}
    return {**rule(one.view), **more}


def version(one: Version) -> dict[str, Any]:
    """One ruleset."""
    return {
        "hash": one.hash,
        "active": one.active,
        "activated_at": one.activated_at,
        "until": one.until,
        "events": one.events,
        "first_event": one.first_event,
        "last_event": one.last_event,
    }


def diff(one: Diff) -> dict[str, Any]:
    """Two rulesets, and each file that differs."""
    files = [
        {"file": file.file, "kind": file.kind, "lines": list(file.lines)}
        for file in one.files
    ]
    return {"before": one.before, "after": one.after, "files": files}
