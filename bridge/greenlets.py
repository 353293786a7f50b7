"""Whether this process runs on gevent. Imports nothing of it: commands and tests do without."""

import sys


def patched(module: str) -> bool:
    """Whether gevent took the place of this module of the standard library."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched(module))
