"""Which of the texts that may mend a YAML file does: each is tried out. Reads text only.

Where several would do, nobody knows which one was meant, and none is proposed.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

import yaml

from bridge.strict.yaml_errors import Put
from bridge.strict.yaml_tree import Loader

Reads: TypeAlias = Callable[[str, int], bool]


def mending(
    puts: Iterable[Put], error: Exception, lines: list[str], reads: Reads
) -> Put | None:
    """The one text after which a file is YAML, or after which more of it is than before `error`.

    `reads` says whether nothing is wrong with a line (from 1) of a text that is YAML.
    """
    whole, further = [], []
    for put in puts:
        text = _with(put, lines)
        left = _problem(text)
        if left is None and reads(text, put.line + 1):
            whole.append(put)
        elif left and _further(left, error, put):
            further.append(put)
    best = whole or further
    return best[0] if len(best) == 1 else None


def _with(put: Put, lines: list[str]) -> str:
    line = lines[put.line]
    written = f"{line[: put.start]}{put.text}{line[put.end :]}"
    return "\n".join([*lines[: put.line], written, *lines[put.line + 1 :], ""])


def _problem(text: str) -> Exception | None:
    try:
        yaml.compose(text, Loader=Loader)
    except (yaml.YAMLError, RecursionError) as error:
        return error
    return None


def _further(left: Exception, error: Exception, put: Put) -> bool:
    """Whether another mistake stands below the one that was mended."""
    was, now = (getattr(it, "problem_mark", None) for it in (error, left))
    return bool(was and now and now.line > max(was.line, put.line))
