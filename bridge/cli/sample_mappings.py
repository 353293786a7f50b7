"""Copies the sample mapping files into a temporary folder, so that the demo runs without a clone of the repository."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bridge import providers

FOLDER = Path(__file__).parents[1] / "sample_mappings"


@contextmanager
def laid_out() -> Iterator[Path]:
    """A temporary folder with the samples; beside it is a link to the recorded payloads that they name."""
    with TemporaryDirectory(prefix="bridge-samples-") as scratch:
        folder = Path(scratch) / "mappings"
        shutil.copytree(FOLDER, folder)
        (Path(scratch) / "tests").mkdir()
        (Path(scratch) / "tests" / "payloads").symlink_to(providers.SAMPLES)
        yield folder
