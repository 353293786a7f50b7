"""`bridge check`: reports for other programs, --strict, and --watch."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest


@pytest.fixture
def secrets(monkeypatch):
    """What the mapping file refers to."""
    monkeypatch.setenv("SHOP_SECRET", "s")
    monkeypatch.setenv("SHOP_KEY", "k")


def test_sarif_is_one_document(terminal, house, rewrite):
    """Stdout can be uploaded as it is, with findings and without."""
    rewrite("event.ticket | uuid", "event.ticket | uiud")
    result = terminal("check", "--format", "sarif")
    assert (result.exit_code, result.stderr) == (1, "")
    [run] = json.loads(result.stdout)["runs"]
    [found] = run["results"]
    location = found["locations"][0]["physicalLocation"]
    assert found["ruleId"] == "E202"
    assert location["artifactLocation"]["uri"] == "mappings/shop.yaml"
    assert location["region"] == {"startLine": 11, "startColumn": 37, "endColumn": 41}


def test_sarif_without_findings_is_a_run_without_results(terminal, house, secrets):
    """Code scanning closes what is no longer found, so the empty run must be written."""
    result = terminal("check", "--format", "sarif")
    assert json.loads(result.stdout)["runs"][0]["results"] == []
    assert result.exit_code == 0


def test_github_writes_one_annotation_a_finding(terminal, house, rewrite):
    """Errors and warnings, each on its line of the pull request."""
    rewrite("event.ticket | uuid", "event.ticket | uiud")
    result = terminal("check", "--format", "github")
    assert result.stdout.startswith("::error file=mappings/shop.yaml,line=11,col=37,")
    assert result.stdout.count("\n") == 1


def test_strict_holds_the_rules_against_the_payloads(terminal, house, rewrite, secrets):
    """A path that no recording has is a warning there, and not without --strict; warnings fail nothing."""
    rewrite("event.amount > 0", "event.amont > 0")
    assert "no findings" in terminal("check").stdout
    result = terminal("check", "--strict", "--format", "concise")
    assert result.exit_code == 0
    assert result.stdout == (
        "mappings/shop.yaml:6:17: warning[W607] no recorded payload has event.amont\n"
    )


def test_strict_notes_recordings_that_no_rule_takes(terminal, house, rewrite, secrets):
    """On stderr, since it may be meant; machines are not told."""
    rewrite("events: [paid]", "events: [refunded]")
    result = terminal("check", "--strict")
    assert "note: no rule handles these recorded events of shop: paid" in result.stderr
    result = terminal("check", "--strict", "--format", "json")
    assert result.stderr == ""
    assert json.loads(result.stdout)["code"] == "W608"


def test_watch_cannot_activate(terminal, house):
    """What is half edited is not put in force."""
    result = terminal("check", "--watch", "--activate")
    assert result.exit_code == 2
    assert "--watch cannot be combined with --activate" in result.stderr


@contextmanager
def watching(house, *program):
    """`bridge check --watch` as a process, and the file of what it says."""
    output = house / "output"
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, *program, "check", "--watch", "--format", "concise"],
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "SHOP_SECRET": "s", "SHOP_KEY": "k"},
            # A shell starts what it puts into the background with SIGINT ignored, and that is inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        yield process, output
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_watch_checks_after_each_change_until_it_is_interrupted(house):
    """The first result at once, another after the file is saved, and Ctrl-C is no failure."""
    with watching(house, "-m", "bridge") as (process, output):
        _wait_for("watching mappings", output, process)
        assert "no findings" in output.read_text()
        path = house / "mappings" / "shop.yaml"
        path.write_text(path.read_text().replace("| uuid", "| uiud"))
        _wait_for("error[E202]", output, process)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


SAVED_MEANWHILE = """
import sys
from pathlib import Path
from bridge import cli, mapping

load, file = mapping.load, Path("mappings/shop.yaml")

def load_and_save(folder):
    loaded = load(folder)
    text = file.read_text()
    if "| uuid" in text:
        file.write_text(text.replace("| uuid", "| uiud"))
    return loaded

mapping.load = load_and_save
cli.main()
"""


@pytest.mark.slow
def test_watch_sees_what_is_saved_during_the_first_look(house):
    """A save between the reading of a file and the first result is checked like any other."""
    with watching(house, "-c", SAVED_MEANWHILE) as (process, output):
        _wait_for("error[E202]", output, process)
        assert "no findings" in output.read_text()


def _wait_for(text, output, process):
    end = time.monotonic() + 60
    while text not in output.read_text():
        assert process.poll() is None and time.monotonic() < end, output.read_text()
        time.sleep(0.05)
