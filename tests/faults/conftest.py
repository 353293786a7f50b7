"""The fixtures of tests that break the bridge on purpose."""

from fleet import (  # noqa: F401
    _nursery,
    _on_postgresql,
    _on_sqlite,
    _running,
    _sandbox,
)
