"""Test results as JUnit XML, which CI systems read. Writes the file and nothing else."""

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from bridge.cli.case_report import Ran, failed_lines
from bridge.cli.text import at

# Characters that XML 1.0 cannot carry even when escaped; line ends and tabs are fine.
_FORBIDDEN = re.compile(
    "[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)


def write(path: Path, ran: Sequence[Ran], folder: Path) -> None:
    """Writes the file, and makes its folders. Raises OSError."""
    counts = {
        "name": "bridge test",
        "tests": str(len(ran)),
        "failures": str(sum(not one.result.passed for one in ran)),
        "errors": "0",
        "skipped": "0",
        "time": _seconds(sum(one.seconds for one in ran)),
    }
    outer = {key: value for key, value in counts.items() if key != "skipped"}
    root = ElementTree.Element("testsuites", outer)
    suite = ElementTree.SubElement(root, "testsuite", counts)
    for one in ran:
        _case(suite, one, folder)
    ElementTree.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _case(suite: ElementTree.Element, ran: Ran, folder: Path) -> None:
    case = ran.result.case
    about = {
        "classname": case.place.file,
        "name": case.name,
        "file": at(folder, case.place.file),
        "line": str(case.place.line),
        "time": _seconds(ran.seconds),
    }
    safe = {name: _safe(value) for name, value in about.items()}
    element = ElementTree.SubElement(suite, "testcase", safe)
    if not ran.result.passed:
        first = ran.result.failures[0].diagnostic
        short = {"message": _safe(first.message), "type": first.code}
        failure = ElementTree.SubElement(element, "failure", short)
        failure.text = _safe("\n".join(failed_lines(ran.result, folder)))


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _safe(text: str) -> str:
    """The text, with an escape for each character that XML cannot carry."""
    return _FORBIDDEN.sub(lambda found: ascii(found[0])[1:-1], text)
