"""Rules: those in force with what they said lately, one rule, the files with their findings, and earlier rulesets."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from bridge.admin.scopes import needs
from bridge.console.frame import twin
from bridge.console.pages import Place
from bridge.console.session import parts
from bridge.services import rule_files, rule_rows, rule_views, ruleset_versions
from bridge.services.rule_views import UnknownRule
from bridge.services.ruleset_versions import UnknownRuleset

blueprint = Blueprint("rules", __name__)
PLACE = Place(label="Rules", path="rules", icon="rules", group="steer", order=10)


@blueprint.get("/rules")
@needs("read")
def listed() -> str:
    """All rules in force."""
    return render_template(
        "rules.html", found=_listed(), active=parts().rules.active, rows=rule_rows
    )


@blueprint.get("/rules.json")
@needs("read")
def listed_json() -> Response:
    """The same as JSON."""
    found = _listed()
    rows = [rule_rows.rule(one) for one in found.rules]
    return twin({"data": rows, "note": found.note})


@blueprint.get("/rules/rule/<name>")
@needs("read")
def rule(name: str) -> str:
    """One rule."""
    found = _detail(name)
    return render_template("rule.html", found=found, rule=found.view)


@blueprint.get("/rules/rule/<name>.json")
@needs("read")
def rule_json(name: str) -> Response:
    """The same as JSON."""
    return twin(rule_rows.detail(_detail(name)))


@blueprint.get("/rules/files")
@needs("read")
def files() -> str:
    """The files of the rules in force; of a folder with errors, its files with those."""
    return render_template("rule_files.html", found=_files(), file=None)


@blueprint.get("/rules/files/<path:name>")
@needs("read")
def file(name: str) -> str:
    """One file, with a finding under each line that has one."""
    found = _files()
    if name not in found.texts:
        abort(404)
    return render_template("rule_files.html", found=found, file=name)


@blueprint.get("/rules/versions")
@needs("read")
def versions() -> str:
    """The rulesets that were active."""
    found = ruleset_versions.versions(parts().database)
    return render_template("rule_versions.html", versions=found)


@blueprint.get("/rules/versions.json")
@needs("read")
def versions_json() -> Response:
    """The same as JSON."""
    found = ruleset_versions.versions(parts().database)
    return twin({"data": [rule_rows.version(one) for one in found]})


@blueprint.get("/rules/versions/<hash>")
@needs("read")
def version(hash: str) -> str:
    """What differs between a ruleset and another one, by default the active one."""
    return render_template("rule_diff.html", **_compared(hash))


@blueprint.get("/rules/versions/<hash>.json")
@needs("read")
def version_json(hash: str) -> Response:
    """The same as JSON."""
    return twin(rule_rows.diff(_compared(hash)["found"]))


def _compared(hash: str) -> dict[str, Any]:
    database = parts().database
    try:
        found = ruleset_versions.diff(database, hash, request.args.get("to", ""))
    except UnknownRuleset:
        abort(404)
    known = ruleset_versions.versions(database)
    return {"found": found, "versions": known}


def _listed() -> rule_views.RuleList:
    kept = parts()
    now = datetime.now(UTC)
    return rule_views.listed(kept.database, kept.rules.current(), now=now)


def _detail(name: str) -> rule_views.RuleDetail:
    kept = parts()
    now = datetime.now(UTC)
    try:
        return rule_views.detail(kept.database, kept.rules.current(), name, now=now)
    except UnknownRule:
        abort(404)


def _files() -> rule_files.Files:
    kept = parts()
    return rule_files.files(kept.rules.active, kept.settings.mappings)
