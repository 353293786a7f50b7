"""Findings for other programs: SARIF as its schema wants it, and GitHub's commands escaped."""

import json
from dataclasses import replace

import pytest

from bridge.mapping import CODES
from bridge.mapping.findings.diagnostics import to_dict
from bridge.mapping.findings.reports import github, sarif
from bridge.model import Diagnostic, Fix, Place

PLACE = Place(file="shop.yaml", line=19, column=37, length=11)
UNKNOWN = Diagnostic(
    code="E202",
    message="unknown helper 'from_mintor'",
    place=PLACE,
    help="did you mean 'from_minor'?",
)


def test_sarif_has_the_region_and_the_rule_of_each_result():
    """Tool, rules with their help, and results that point at both, by index and by name."""
    warning = Diagnostic(code="W601", message="no test", place=PLACE)
    log = sarif([warning, UNKNOWN, UNKNOWN], "mappings")
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert (log["version"], run["columnKind"]) == ("2.1.0", "unicodeCodePoints")
    assert log["$schema"].endswith("sarif-2.1.0.json")
    assert [rule["id"] for rule in rules] == ["E202", "W601"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    result = run["results"][1]
    assert result["level"] == "error"
    assert result["message"]["text"].splitlines() == [UNKNOWN.message, UNKNOWN.help]
    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {"uri": "mappings/shop.yaml"}
    assert location["region"] == {"startLine": 19, "startColumn": 37, "endColumn": 48}
    assert json.loads(json.dumps(log)) == log


def test_fixes_are_choices_with_their_place():
    """A program can put each of them in by itself: as a replacement of SARIF, and with our own JSON."""
    fixes = (Fix(place=PLACE, text="from_minor"), Fix(place=PLACE, text="x"))
    found = replace(UNKNOWN, fixes=fixes)
    [result] = sarif([found], "mappings")["runs"][0]["results"]
    assert len(result["fixes"]) == 2
    [change] = result["fixes"][0]["artifactChanges"]
    assert change["artifactLocation"] == {"uri": "mappings/shop.yaml"}
    [replacement] = change["replacements"]
    region = {"startLine": 19, "startColumn": 37, "endColumn": 48}
    assert replacement["deletedRegion"] == region
    assert replacement["insertedContent"] == {"text": "from_minor"}
    given = {"line": 19, "column": 37, "length": 11, "text": "from_minor"}
    assert to_dict(found)["fixes"][0] == given
    assert "fixes" not in sarif([UNKNOWN])["runs"][0]["results"][0]
    assert to_dict(UNKNOWN)["fixes"] == []


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_described_as_a_rule(code):
    """Code scanning shows what `bridge explain` prints."""
    log = sarif([Diagnostic(code=code, message="m")])
    [rule] = log["runs"][0]["tool"]["driver"]["rules"]
    assert rule["shortDescription"]["text"] == CODES[code].title
    assert CODES[code].wrong in rule["help"]["text"]
    assert CODES[code].right in rule["help"]["markdown"]
    level = "warning" if code.startswith("W") else "error"
    assert rule["defaultConfiguration"] == {"level": level}


@pytest.mark.parametrize(
    ("root", "uri"),
    [
        ("", "shop.yaml"),
        ("my maps", "my%20maps/shop.yaml"),
        ("/srv/maps", "file:///srv/maps/shop.yaml"),
        ("./maps/", "maps/shop.yaml"),
    ],
)
def test_a_file_is_a_uri(root, uri):
    """Relative to where it is run, percent-encoded; absolute where the folder was named so."""
    [result] = sarif([UNKNOWN], root)["runs"][0]["results"]
    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == uri


def test_a_finding_without_a_place_has_no_location():
    """SARIF has results without one; an empty location would point at nothing."""
    [result] = sarif([Diagnostic(code="W604", message="m")])["runs"][0]["results"]
    assert "locations" not in result


def test_a_github_command_names_file_line_and_columns():
    """The form that makes an annotation in a pull request; the end column is the last one under the caret."""
    assert github(UNKNOWN, "mappings") == (
        "::error file=mappings/shop.yaml,line=19,col=37,endColumn=47,title=E202"
        "::unknown helper 'from_mintor'%0Adid you mean 'from_minor'?"
    )


def test_nothing_ends_a_github_command_early():
    """Percent signs, line ends, and in properties colons and commas, are escaped."""
    place = Place(file="a,b:c%.yaml", line=1, column=1)
    said = github(Diagnostic(code="W601", message="50%\r\n::error::x", place=place))
    assert said == (
        "::warning file=a%2Cb%3Ac%25.yaml,line=1,col=1,endColumn=1,title=W601"
        "::50%25%0D%0A::error::x"
    )
    assert github(Diagnostic(code="W604", message="m")) == "::warning title=W604::m"
