"""The mapping files that come with Bridge, for a demo where there is no clone: laid out as in one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bridge import providers

FOLDER = Path(__file__).parents[1] / "sample_mappings"


@contextmanager
def laid_out() -> Iterator[Path]:
    """A folder of the samples, from which they find the recorded payloads under ../tests; gone afterwards."""
    with TemporaryDirectory(prefix="bridge-samples-") as scratch:
        folder = Path(scratch) / "mappings"
        shutil.copytree(FOLDER, folder)
        (Path(scratch) / "tests").mkdir()
        (Path(scratch) / "tests" / "payloads").symlink_to(providers.SAMPLES)
        yield folder
