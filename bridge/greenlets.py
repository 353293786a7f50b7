"""Whether this process runs on gevent. Imports nothing of it before that: commands and tests do without."""

import sys
from collections.abc import Callable


def patched(module: str) -> bool:
    """Whether gevent took the place of this module of the standard library."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched(module))


def later(seconds: float, call: Callable[[], None]) -> None:
    """Calls in so many seconds, in a greenlet of its own; at once where there is no gevent."""
    if not patched("socket"):
        call()
        return
    import gevent

    gevent.spawn_later(seconds, call)
