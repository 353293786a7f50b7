"""The fixtures of tests that break the bridge on purpose, and the way to what benchmarks measure with."""

import sys

from fleet import (  # noqa: F401
    _nursery,
    _on_postgresql,
    _on_sqlite,
    _running,
    _sandbox,
)
from running import ROOT

sys.path.append(str(ROOT / "benchmarks"))
