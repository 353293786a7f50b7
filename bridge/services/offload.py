"""Slow reads beside the event loop: while the store is counted, sockets are served."""

from collections.abc import Callable
from typing import TypeVar

from bridge.greenlets import patched

T = TypeVar("T")


def off_the_loop(work: Callable[[], T]) -> T:
    """What `work` gives or raises; in a native thread where gevent serves sockets, else here."""
    if not patched("time"):
        return work()
    import gevent

    found: T = gevent.get_hub().threadpool.apply(work)
    return found
