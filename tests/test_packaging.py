"""What is installed is the whole of what is written."""

import subprocess
import sys
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

from setuptools import find_packages

ROOT = Path(__file__).parents[1]
PAYLOADS = ROOT / "tests" / "payloads"
_COMPILED = ignore_patterns("__pycache__")
DATA = {"yaml", "mako"}  # what setup.cfg names as package data


def test_every_module_is_in_a_package():
    """A folder without __init__.py would be missing from the installed bridge: migrations were, once."""
    packages = {
        name.replace(".", "/")
        for name in find_packages(ROOT, include=["bridge", "bridge.*"])
    }
    folders = {
        path.parent.relative_to(ROOT).as_posix()
        for path in (ROOT / "bridge").rglob("*.py")
    }
    assert folders - packages == set()


def test_every_other_file_is_package_data():
    """Files that are no modules are installed only if setup.cfg names their kind."""
    others = [
        path
        for path in (ROOT / "bridge").rglob("*.*")
        if path.suffix not in (".py", ".pyc")
    ]
    assert {path.suffix.removeprefix(".") for path in others if path.is_file()} <= DATA


def test_recordings_are_installed_and_what_they_read_as_is_not(tmp_path):
    """`bridge init` takes its samples from the tests' own recordings: one home, and files in what is built."""
    for name in ("bridge", "tests/payloads"):
        copytree(ROOT / name, tmp_path / name, symlinks=True, ignore=_COMPILED)
    for name in ("setup.cfg", "README.md", "LICENSE"):
        copy(ROOT / name, tmp_path)
    made = subprocess.run(
        [sys.executable, "-c", "import setuptools; setuptools.setup()", "build"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    built = tmp_path / "build" / "lib" / "bridge" / "providers"
    written = {path.relative_to(PAYLOADS) for path in PAYLOADS.rglob("*.http")}
    installed = {path.relative_to(built / "samples") for path in built.rglob("*.http")}
    assert installed == written and not (built / "samples").is_symlink()
    assert [*built.rglob("expected.yaml")] == [] and [*built.rglob("stripe.yaml")]
