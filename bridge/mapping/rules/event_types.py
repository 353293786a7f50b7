"""Which event types a rule is about, as one regular expression. Types come from senders: matching takes linear time."""

import re
from collections.abc import Iterable


def type_pattern(events: Iterable[str]) -> re.Pattern[str]:
    """Event types, in which * stands for anything, as one expression."""
    return re.compile("|".join(map(_pattern, events)), re.DOTALL)


def _pattern(kind: str) -> str:
    """What follows a * is looked for where it comes first and never again, so time grows with the length alone."""
    first, *rest = map(re.escape, kind.split("*"))
    if not rest:
        return first
    *inner, last = rest
    return first + "".join(f"(?>.*?{part})" for part in inner) + f".*{last}"
