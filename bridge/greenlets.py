"""Whether this process runs on gevent, and what takes long beside its loop. Imports nothing of it before that.

Commands and tests do without gevent: there all of this is a plain call.
"""

import sys
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

# Bytes. What is done with fewer holds the loop for 20 ms at most, and mostly for less than a thread costs.
LARGE = 32 * 1024
# Threads that compute at a time. They take turns with the loop: it waits 5 ms for each of them.
_HANDS = 2
_IDLE = 60.0  # seconds after which a thread that has nothing to do ends

T = TypeVar("T")


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


def off_the_loop(work: Callable[[], T]) -> T:
    """What `work` gives or raises; in a native thread where gevent serves sockets, else here.

    For work that waits, as for a disk or the store.
    """
    return _in_thread(lambda hub: hub.threadpool, work)


def computed(size: int, work: Callable[[], T]) -> T:
    """The same for work that computes with so many bytes: few bytes are worth no thread.

    It has threads of its own, few, so that it never makes the loop or what waits for a disk wait for long.
    """
    return work() if size < LARGE else beside(work)


def beside(work: Callable[[], T]) -> T:
    """The same for work that computes for long, whatever its bytes."""
    return _in_thread(_hands, work)


def _in_thread(pool: Callable[[Any], Any], work: Callable[[], T]) -> T:
    if not patched("time"):
        return work()
    from gevent._hub_local import get_hub_if_exists

    hub = get_hub_if_exists()
    if hub is None:  # this is such a thread already
        return work()
    try:
        value, error = pool(hub).apply(_outcome, (work,))
    except RuntimeError:  # the machine has no thread left
        return work()
    if error is not None:
        raise error
    result: T = value
    return result


def _outcome(work: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    """Gevent would print what a thread raises, although it is expected here."""
    try:
        return work(), None
    except BaseException as error:
        return None, error


@cache
def _hands(hub: Any) -> Any:
    from gevent.threadpool import ThreadPool

    return ThreadPool(_HANDS, hub=hub, idle_task_timeout=_IDLE)
