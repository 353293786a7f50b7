"""A bridge of the test, as its processes are moved in other tests."""

from fleet import (  # noqa: F401
    _nursery,
    _on_postgresql,
    _on_sqlite,
    _sandbox,
)
