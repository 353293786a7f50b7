"""What an error proposes to write is tried out before anybody sees it: a text that does not compile is not proposed."""

from collections.abc import Callable
from typing import TypeVar

from bridge.did_you_mean import MEANT
from bridge.mapping.values.value import ExpressionError
from bridge.model import Advice

_Made = TypeVar("_Made")


def proven(compiled: Callable[[str], _Made], source: str) -> _Made:
    """What a source compiles to. Raises ExpressionError E2xx, whose proposal survives being applied."""
    try:
        return compiled(source)
    except ExpressionError as error:
        error.within(source)
        if error.source == source and (help := _proposal(error)):
            error.help = help if _survives(compiled, error, help) else help.plain
        raise


def _proposal(error: ExpressionError) -> Advice | None:
    """The help of an error where it has a text to write."""
    if isinstance(error.help, Advice):
        return error.help
    named = MEANT.fullmatch(error.help)
    if not named:
        return None
    there = error.source[error.start : error.end]
    sign = there[:1] if there[:1] in ("'", '"') else ""
    return Advice(
        error.help, f"{sign}{named[1]}{sign}", plain=f"the nearest is '{named[1]}'"
    )


def _survives(
    compiled: Callable[[str], object], error: ExpressionError, help: Advice
) -> bool:
    """Whether each text mends the source; another mistake, apart from where it is put in, may be left there."""
    start, end = help.span or (error.start, error.end)
    for text in help.instead:
        try:
            compiled(f"{error.source[:start]}{text}{error.source[end:]}")
        except ExpressionError as left:
            if left.start < 0 or left.start <= start + len(text) and start <= left.end:
                return False
    return True
