"""`make release`: one version in one place, its own section of the changelog, and no release that has none."""

import re
from importlib import util
from pathlib import Path

import pytest

import bridge

ROOT = Path(__file__).parents[1]
_spec = util.spec_from_file_location("release_build", ROOT / "release" / "build.py")
build = util.module_from_spec(_spec)
_spec.loader.exec_module(build)

CHANGELOG = """# Changelog

## 1.2.0 (2027-02-01)

- New.

## 1.1.9

- Old.

## 1.1.8 (unreleased)

"""


def test_the_version_is_in_one_place():
    """bridge/__init__.py has it; the package and the release take it from there, and no other file repeats it."""
    assert build.version() == bridge.__version__
    assert "version = attr: bridge.__version__" in (ROOT / "setup.cfg").read_text()
    pinned = re.compile(rf"\b{re.escape(bridge.__version__)}\b")
    for path in [ROOT / "Makefile", ROOT / "pyproject.toml", ROOT / "Dockerfile"]:
        assert not pinned.search(path.read_text("utf-8")), path.name


def test_a_section_is_that_of_the_version():
    """From its heading to the next one."""
    assert build.changes(CHANGELOG, "1.2.0") == "## 1.2.0 (2027-02-01)\n\n- New.\n"
    assert build.changes(CHANGELOG, "1.1.9") == "## 1.1.9\n\n- Old.\n"


@pytest.mark.parametrize("wanted", ["1.2", "1.1", "2.0.0", "1.1.8"])
def test_a_version_without_changes_is_not_released(wanted):
    """A version that is the beginning of another, that is not there, or that says nothing."""
    with pytest.raises(build.NotReleasable, match="write a section"):
        build.changes(CHANGELOG, wanted)


def test_this_version_has_a_section():
    """What is developed here has one already."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert build.changes(text, bridge.__version__).count("\n- ") > 10


def test_what_fails_is_told_with_its_last_lines():
    """A step that fails ends the release, and its own words say why."""
    with pytest.raises(build.NotReleasable, match="the reason"):
        build.run("sh", "-c", "echo the reason; exit 3")


def test_the_image_of_the_manifests_is_this_version():
    """ops/kubernetes names the image by the version that it was written for."""
    text = (ROOT / "ops/kubernetes/bridge.yaml").read_text("utf-8")
    assert set(re.findall(r"/bridge:(\S+)", text)) == {bridge.__version__}
