"""Findings for other programs: SARIF 2.1.0 for code scanning, workflow commands for GitHub's pull requests.

Makes values and text; prints and sends nothing. What a person reads in a terminal is made in diagnostics.py.
"""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from bridge import __version__
from bridge.mapping.findings.codes import CODES
from bridge.mapping.findings.diagnostics import shown
from bridge.model import Diagnostic, Fix, Place

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(findings: Sequence[Diagnostic], root: str = "") -> dict[str, object]:
    """One SARIF log with one run. Columns count characters, as `columnKind` says; `root` is put before each file."""
    codes = sorted({found.code for found in findings})
    driver = {
        "name": "bridge",
        "semanticVersion": __version__,
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(found, codes.index(found.code), root) for found in findings
        ],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def github(found: Diagnostic, root: str = "") -> str:
    """One workflow command, which makes an annotation on the line of a pull request."""
    keys: dict[str, object] = {}
    if found.place:
        keys["file"] = _path(found.place, root)
        keys["line"] = found.place.line
        keys["col"] = found.place.column
        keys["endColumn"] = found.place.column + found.place.length - 1
    keys["title"] = found.code
    said = ",".join(f"{key}={_property(str(value))}" for key, value in keys.items())
    return f"::{found.severity} {said}::{_data(_text(found))}"


def _rule(code: str) -> dict[str, object]:
    """What the catalogue says about a code, as `bridge explain` does."""
    entry = CODES[code]
    wrong, right = entry.wrong, entry.right
    level = Diagnostic(code=code, message="").severity
    return {
        "id": code,
        "shortDescription": {"text": entry.title},
        "fullDescription": {"text": entry.cause},
        "help": {
            "text": f"{entry.cause}\n\nwrong:\n{wrong}\n\nright:\n{right}",
            "markdown": f"{entry.cause}\n\nwrong:\n\n{_fenced(wrong)}\n\nright:\n\n{_fenced(right)}",
        },
        "defaultConfiguration": {"level": level},
    }


def _result(found: Diagnostic, rule: int, root: str) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": found.severity,
        "message": {"text": _text(found)},
    }
    if found.place:
        result["locations"] = [{"physicalLocation": _location(found.place, root)}]
    if found.fixes:
        result["fixes"] = [_fix(fix, root) for fix in found.fixes]
    return result


def _location(place: Place, root: str) -> dict[str, object]:
    return {"artifactLocation": _artifact(place, root), "region": _region(place)}


def _fix(fix: Fix, root: str) -> dict[str, object]:
    """One way to mend it; several are a choice."""
    replacement = {
        "deletedRegion": _region(fix.place),
        "insertedContent": {"text": fix.text},
    }
    change = {
        "artifactLocation": _artifact(fix.place, root),
        "replacements": [replacement],
    }
    return {"artifactChanges": [change]}


def _artifact(place: Place, root: str) -> dict[str, str]:
    return {"uri": _uri(_path(place, root))}


def _region(place: Place) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endColumn": place.column + place.length,
    }


def _uri(path: str) -> str:
    """A relative path as a relative reference, an absolute one as a file URI."""
    return f"file://{quote(path)}" if path.startswith("/") else quote(path)


def _path(place: Place, root: str) -> str:
    return (Path(root) / place.file).as_posix()


def _text(found: Diagnostic) -> str:
    return f"{found.message}\n{found.help}" if found.help else found.message


def _fenced(example: str) -> str:
    return f"```yaml\n{example}\n```"


def _data(text: str) -> str:
    written = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return shown(written)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
