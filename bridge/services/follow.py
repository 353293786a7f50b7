"""Follows the mapping folder, or the pinned ruleset, while a process serves. Polls, which works on every kind of mount.

Under gevent, reading and checking run in a native thread, so that a large folder blocks nobody.
"""

import time
from collections.abc import Callable
from typing import Any

from bridge import log
from bridge.errors import ConfigurationError, StoreUnavailable
from bridge.greenlets import patched
from bridge.services.rulesets import Rules

# Seconds between looks: with the quiet time, a change is active within two seconds.
INTERVAL = 0.5

_log = log.get("rules")


def follow(rules: Rules) -> None:
    """Starts following in a greenlet; without gevent, as in a command, it does nothing."""
    if not patched("time"):
        return
    import gevent

    gevent.spawn(_run, rules)


def _run(rules: Rules) -> None:
    import gevent

    pool = gevent.get_hub().threadpool
    offload: Callable[[Callable[[], Any]], Any] = pool.apply
    told = ""
    while True:
        gevent.sleep(INTERVAL)
        told = look(rules, offload, told)


def look(
    rules: Rules, offload: Callable[[Callable[[], Any]], Any], told: str = ""
) -> str:
    """One look. Returns why it failed, or ""; an error that was already `told` is not logged again."""
    try:
        rules.look(time.monotonic(), offload)
    except (ConfigurationError, StoreUnavailable) as error:
        if str(error) != told:
            _log.error("rules not followed", error=str(error))
        return str(error)
    if told:
        _log.info("rules are followed again")
    return ""
