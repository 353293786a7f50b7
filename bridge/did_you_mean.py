"""`did you mean 'x'?`: of the names that are known, the one most like a name that is not. Imports nothing of ours."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str], alike: float = 0.6) -> str:
    """The known name most like the word, "" when none is as much `alike` (0 to 1)."""
    return next(iter(get_close_matches(word, known, n=1, cutoff=alike)), "")


def did_you_mean(word: str, known: Iterable[str], alike: float = 0.6) -> str:
    """The question for the nearest name, "" when none is as much `alike`."""
    near = nearest(word, known, alike)
    return f"did you mean '{near}'?" if near else ""
