"""What is installed is the whole of what is written."""

from pathlib import Path

from setuptools import find_packages

ROOT = Path(__file__).parents[1]
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
