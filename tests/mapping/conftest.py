"""What tests of mapping files share."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A mappings folder beside the recordings that the example names."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "tests/payloads/stripe", folder / "tests/payloads/stripe")
    (folder / "mappings").mkdir()
    return folder / "mappings"
