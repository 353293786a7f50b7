"""README.md is true: its mapping file builds and passes its tests, and its links lead somewhere."""

import re
from pathlib import Path

import pytest

from bridge import mapping, providers, vendors

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)")


@pytest.fixture(params=BLOCKS)
def folder(request, tmp_path):
    """A yaml block as the only mapping file, beside the recordings of the repository."""
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "readme.yaml").write_text(request.param, "utf-8")
    return tmp_path / "mappings"


def test_mapping_file_has_no_findings(folder):
    """What a reader copies is without errors and warnings."""
    assert mapping.load(folder, {}).findings == ()


def test_mapping_file_passes_its_own_tests(folder):
    """It has tests, and they pass."""
    results = mapping.run_cases(mapping.load(folder, {}).usable(), folder)
    assert results and all(result.passed for result in results), results


def test_there_is_a_mapping_file():
    """The first page shows the thing itself."""
    assert BLOCKS


@pytest.mark.parametrize(
    "page",
    [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))],
    ids=lambda page: page.name,
)
def test_links_lead_somewhere(page):
    """A link into the repository names a file or folder that is there."""
    targets = [
        link for link in LINK.findall(page.read_text("utf-8")) if ":" not in link
    ]
    assert [link for link in targets if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name
)
def test_every_page_can_be_found(page):
    """A page that the README does not link to is read by nobody."""
    assert f"](docs/{page.name})" in README


def test_every_provider_and_vendor_is_named():
    """The README names each sender and ticket system that there is."""
    spoken = README.partition("## What it speaks")[2].partition("\n## ")[0]
    spoken = "".join(spoken.lower().split())
    names = {name.partition(".")[0] for name in (*providers.names(), *vendors.names())}
    assert [name for name in sorted(names) if name not in spoken] == []
