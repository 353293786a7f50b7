"""`did you mean 'x'?`: of the names that are known, the one most like a name that is not. Imports nothing of ours."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

MEANT = re.compile(r"did you mean '([^']+)'\?")  # the question, and the name in it


def did_you_mean(word: str, known: Iterable[str], alike: float = 0.6) -> str:
    """The question for the nearest name, "" when none is as much `alike` (0 to 1)."""
    return question(nearest(word, known, alike))


def question(name: str) -> str:
    """The question for a name, "" for none."""
    return f"did you mean '{name}'?" if name else ""


def nearest(word: str, known: Iterable[str], alike: float = 0.6) -> str:
    """The known name most like the word, "" when none is as much `alike`."""
    return next(iter(get_close_matches(word, known, n=1, cutoff=alike)), "")
