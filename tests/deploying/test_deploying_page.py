"""docs/deploying.md: what it installs is shipped, what is shipped is on the page, and its commands exist."""

import re
import shlex

import pytest
from printed import ROOT, printed

from bridge.cli import cli

PAGE = (ROOT / "docs" / "deploying.md").read_text("utf-8")
LINES = printed("docs/deploying.md")
FILES = [path for path in sorted((ROOT / "ops").rglob("*")) if path.is_file()]


@pytest.mark.parametrize("line", LINES)
def test_what_a_line_installs_is_there(line):
    """A file of the clone that a command names exists, and the shell can read the line."""
    for word in shlex.split(line):
        if word.startswith(("ops/", "constraints")):
            assert (ROOT / word).is_file(), word


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_shipped_file_is_on_the_page(path):
    """One that no page tells of is used by nobody; a folder's files may be told of by one of them."""
    name = path.relative_to(ROOT).as_posix()
    page = PAGE + (ROOT / "compose.yaml").read_text("utf-8")
    assert name in page, name


def test_commands_of_the_installed_program_exist():
    """/opt/bridge/bin/bridge has them."""
    for line in LINES:
        for name in re.findall(r"/bin/bridge (\w+)", line):
            assert cli.get_command(None, name)


def test_paths_are_those_of_the_units():
    """What the page puts somewhere is what a unit or a site looks for."""
    units = "".join(path.read_text("utf-8") for path in FILES)
    for target in re.findall(r"(/etc/bridge/[\w.-]+\.env)", PAGE):
        known = target.replace("-a.", "-%i.").replace("-b.", "-%i.")
        assert known in units, target
    assert "/opt/bridge/bin/bridge" in units and "/var/lib/bridge" in units
