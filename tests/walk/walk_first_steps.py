"""README and docs/installing.md in a fresh Debian, from the first command to a rule of one's own under test."""

import re

from printed import ROOT, printed

README = (ROOT / "README.md").read_text("utf-8")


def test_from_clone_to_a_rule_of_ones_own(walked):
    """Ten minutes, with Python and make alone; event 17 is not there yet, so nobody can ask why about it."""
    [packages] = re.findall(r"`(apt install [^`]+)`", README)
    lines = [line for line in printed("README.md") if " why " not in line]
    cloned = ["git clone --quiet /srv/bridge.git bridge", "cd bridge"]
    done = walked([f"sudo {packages}", *cloned, *lines], minutes=10)
    tested = [one for one in done if one.line.startswith("bridge test")]
    assert tested and all("passed" in one.said for one in tested)


def test_a_program_of_ones_own(walked):
    """Each way of docs/installing.md that has no clone afterwards gives a bridge that works in an empty folder."""
    page = (ROOT / "docs" / "installing.md").read_text("utf-8")
    ways = dict(re.findall(r"^\| (pipx|uv|pip), ?[^|]*\| `([^`]+)` \|$", page, re.M))
    ways |= dict(re.findall(r"^\| (pipx|uv) \| `([^`]+)` \|$", page, re.M))
    assert sorted(ways) == ["pip", "pipx", "uv"]
    empty = ["mkdir -p ~/empty", "cd ~/empty"]
    walked(
        [
            "cd ~/bridge",
            "python3 -m venv ~/own",
            f"~/own/bin/{ways['pip']}",
            *empty,
            "~/own/bin/bridge demo --once",
            "sudo apt install pipx",
            "cd ~/bridge",
            ways["pipx"],
            *empty,
            "~/.local/bin/bridge demo --once",
            "pipx uninstall bridge",
            "pipx install uv",
            "cd ~/bridge",
            f"~/.local/bin/{ways['uv']}",
            *empty,
            "~/.local/bin/bridge demo --once",
        ]
    )
